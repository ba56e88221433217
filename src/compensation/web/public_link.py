"""A public policy page as a link: its address in every language, and a piece of HTML for a shop's own pages."""

import msgspec
from markupsafe import Markup

from compensation.catalog.public import address
from compensation.core.settings import Settings
from compensation.core.text import LANGUAGES, direction, plain
from compensation.delivery.words import Words
from compensation.engine.policy_document import PolicyDocument
from compensation.web.console.labels import Labels
from compensation.web.public_words import facts

_SNIPPET = Markup('<p lang="{tongue}" dir="{way}"><a href="{url}">{title}</a>. {facts}</p>')


class PublicLinks(msgspec.Struct, frozen=True):
    """Each by language: ``en``, ``ar``, ``bg``. ``snippets`` are plain HTML without script, style or frame."""

    policy: str
    urls: dict[str, str]
    snippets: dict[str, str]


def public_links(words: Words, settings: Settings, route: str, document: PolicyDocument) -> PublicLinks:
    """The links of one version. Its figures stand beside them, so a link names the version that they are of."""
    name = f"{document.code}/{document.version}"
    page = f"{settings.base_url.rstrip('/')}{address(route, name)}"
    urls = {tongue: f"{page}?lang={tongue}" for tongue in LANGUAGES}
    snippets = {tongue: _snippet(Labels(words.in_(tongue), {}), document, url) for tongue, url in urls.items()}
    return PublicLinks(name, urls, snippets)


def _snippet(labels: Labels, document: PolicyDocument, url: str) -> str:
    tongue = labels.say.locale
    told = " ".join(plain(fact) for fact in facts(labels, document))
    title = plain(labels.say("How we put things right"))
    return str(_SNIPPET.format(tongue=tongue, way=direction(tongue), url=url, title=title, facts=told))
