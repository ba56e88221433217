"""What is due to be read anew: rules of law and policies whose day of review has passed. They bind as before."""

from collections.abc import Iterable
from datetime import date

from compensation.catalog.legal import overdue
from compensation.catalog.library import SHIPPED, library
from compensation.core.text import ltr
from compensation.engine.policy import Policy
from compensation.web.console.labels import Labels


def reviews(labels: Labels, own: Iterable[Policy], on: date) -> list[str]:
    """One sentence for the laws, one for each policy; marked texts. The policy that ships is asked beside one's own."""
    say = labels.say
    told = []
    late = overdue(library().law, on)
    if late:
        codes = say(", ").join(ltr(one.code) for one in late[:3])
        told.append(say("Rules of law past their day of review: {n}. The first are {codes}.", n=len(late), codes=codes))
    for policy in (*own, library().books(SHIPPED, on).policy):
        due = policy.document.review_by
        if due is not None and due < on:
            told.append(say("The policy {policy} was due on {date}.", policy=ltr(policy.name), date=due))
    return told
