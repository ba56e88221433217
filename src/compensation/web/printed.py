"""A card on paper as a download: whoever asks has it written down as a reveal first, and nothing of it is kept."""

import asyncio

from litestar import Response

from compensation.core.errors import NotFound, Refused
from compensation.db.answers import Who
from compensation.db.unit import Doorway
from compensation.delivery.coded import coded
from compensation.delivery.facts import order_facts
from compensation.delivery.letter import Card
from compensation.delivery.print import Paper, card_pdf, paper
from compensation.delivery.words import Words
from compensation.issuance.read import reward
from compensation.merchants.brand import Brand
from compensation.redemption.reveal import reveal

PDF = "application/pdf"
_TURNS = asyncio.Semaphore(1)
"""Typesetting takes a processor; pages that wait for it must not stand in the way of the others."""


async def print_card(door: Doorway, who: Who, reward_id: str, words: Words, locale: str | None) -> Response[bytes]:
    """In ``locale``, or the customer's language. Raises NotFound ``unknown_reward``, Refused ``not_printable``."""
    async with door.read(who.merchant_id) as tx:
        found = await reward(tx, reward_id)
        if found is None:
            raise NotFound("unknown_reward", "There is no such reward.")
        facts = await order_facts(tx, found.order_id, door.clock(), locale)
    say = words.in_(facts.occasion.locale)
    card = next((thing for one, thing in coded(say, facts) if one.id == reward_id), None)
    if not isinstance(card, Card) or card.elsewhere or not found.state.spendable:
        raise Refused("not_printable", "Only store credit or a gift card that can be spent is printed.")
    code = await reveal(door, who, reward_id)
    face = facts.occasion.brand
    return await printed(paper(say, face, card, found.balance or card.total, code.groups), face, say.locale)


async def printed(what: Paper, face: Brand, locale: str) -> Response[bytes]:
    """The page as a file to save. ``web.headers`` sees that nobody keeps it on its way."""
    async with _TURNS:
        made = await asyncio.to_thread(card_pdf, what, face, locale)
    headers = {"content-disposition": f'attachment; filename="card-{what.groups[-1]}.pdf"'}
    return Response(made, media_type=PDF, headers=headers)
