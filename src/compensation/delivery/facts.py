"""What a letter is made of, read from the tables: who it is for, what happened, what was chosen and issued."""

from collections.abc import Sequence
from datetime import datetime

import msgspec

from compensation.cases.case import CaseFile, case_file, events
from compensation.cases.dispute.dispute import Spoken, disputes, spoken
from compensation.cases.said import said
from compensation.catalog.public import public_path
from compensation.core.errors import NotFound
from compensation.core.states import RewardState
from compensation.core.vault import Unreadable
from compensation.customers.customer import key_of, known_customer
from compensation.db.pool import Tx
from compensation.delivery import sql
from compensation.delivery.given import Given
from compensation.delivery.occasion import Edited, Occasion, cited
from compensation.engine.plan import Offer, Part, RemedyLine
from compensation.engine.terms import Kind, Terms, kind_of
from compensation.issuance.order import ORDERED
from compensation.issuance.read import order, rewards_of_case, standing
from compensation.issuance.reward import Order, Reward
from compensation.merchants.merchant import brand, program


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """``email`` is where a letter goes; empty when the customer's record has no address."""

    occasion: Occasion
    email: str
    case: CaseFile | None = None
    order: Order | None = None
    given: tuple[Given, ...] = ()
    disputed: Spoken | None = None
    """The dispute that a letter answers."""


async def case_facts(tx: Tx, case_id: str, at: datetime, locale: str | None = None) -> Facts:
    """Raises NotFound ``unknown_case``; Unreadable when the customer was erased, for nobody can be written to then."""
    case = await case_file(tx, case_id)
    heard = (await said(tx, [case_id])).get(case_id)
    if heard is None:
        raise Unreadable(case_id)
    face = await brand(tx, (await program(tx, case.program_id)).brand_id)
    ordered = heard.report.order
    occasion = Occasion(
        brand=face,
        locale=locale or case.locale,
        on=at.date(),
        reported_on=case.created_at.date(),
        reason_code=case.reason_code,
        order_number=ordered.number if ordered else None,
        item=ordered.item if ordered else None,
        case_number=f"C-{case.number}",
        name=heard.person.name,
        salutation=heard.person.salutation,
        renewed=await tx.value(sql.RENEWED, case_id),
        dues=case.assessment.dues,
        citations=cited(case.assessment.obligations),
        edited=await _own_words(tx, case),
        terms=await public_path(tx, case.assessment.policy, at.date()),
    )
    chosen = next((offer for offer in case.offers if offer.key == case.chosen), None)
    issued = standing(await rewards_of_case(tx, case_id)) if chosen else []
    given = _given_of_offer(occasion, chosen, issued) if chosen else ()
    return Facts(occasion=occasion, email=heard.person.email, case=case, given=given)


async def dispute_facts(tx: Tx, case_id: str, at: datetime) -> Facts:
    """The facts of a case with the answer that was given last. Raises as above."""
    facts = await case_facts(tx, case_id, at)
    told = spoken(await disputes(tx, case_id), await events(tx, case_id))
    return msgspec.structs.replace(facts, disputed=next(one for one in reversed(told) if one.dispute.outcome))


async def _own_words(tx: Tx, case: CaseFile) -> Edited:
    """What an agent wrote for the letters of this case, the latest; the shipped words where nobody did."""
    row = await tx.row(sql.WORDS, case.id)
    if row is None:
        return Edited(locale=case.locale)
    key = await key_of(tx, case.customer_id)
    return msgspec.json.decode(key.open(row["id"], row["words"]), type=Edited)


async def order_facts(tx: Tx, order_id: str, at: datetime, locale: str | None = None) -> Facts:
    """The facts of an order: of its case, or of what a merchant system ordered for a customer. Raises as above."""
    placed = await order(tx, order_id)
    if placed is None:
        raise NotFound("unknown_order", "There is no such order.")
    placed = msgspec.structs.replace(placed, rewards=standing(placed.rewards))
    if placed.case_id is not None:
        return msgspec.structs.replace(await case_facts(tx, placed.case_id, at, locale), order=placed)
    under = await program(tx, placed.program_id)
    face = await brand(tx, under.brand_id)
    customer = await known_customer(tx, placed.customer_id) if placed.customer_id else None
    person = customer.person if customer else None
    occasion = Occasion(
        brand=face,
        locale=locale or (customer.locale if customer else "en"),
        on=at.date(),
        order_number=placed.reference,
        name=person.name if person else "",
        salutation=person.salutation if person else "",
        terms=await public_path(tx, under.policy, at.date()),
    )
    given = tuple(_given(occasion, _line(reward), reward) for reward in placed.rewards)
    return Facts(occasion=occasion, email=person.email if person else "", order=placed, given=given)


def _given_of_offer(occasion: Occasion, chosen: Offer, issued: Sequence[Reward]) -> tuple[Given, ...]:
    """The lines of the chosen offer, words included, each with the reward it became. Rewards stand in line order."""
    rewards = iter(issued)
    return tuple(
        _given(occasion, line, None if kind_of(line.terms) is Kind.words else next(rewards, None))
        for line in chosen.lines
    )


def _given(occasion: Occasion, line: RemedyLine, reward: Reward | None) -> Given:
    if reward is not None and reward.replaces is not None and line.amount is not None and reward.balance is not None:
        # What was spent before the code was replaced is not given again.
        line = msgspec.structs.replace(line, amount=reward.value, bonus=None)
    return Given(
        line=line,
        settles=occasion.settles(line.settles),
        due_on=reward.due_at.date() if reward and reward.due_at else None,
        expires_on=reward.expires_at.date() if reward and reward.expires_at else None,
        done=reward is not None and reward.state is RewardState.redeemed,
        cancelled=reward is not None and reward.state in (RewardState.voided, RewardState.refused),
    )


def _line(reward: Reward) -> RemedyLine:
    """A reward that no case chose, as the line it was ordered as."""
    terms: Terms = msgspec.convert(reward.terms, Terms)
    counted = reward.kind == Kind.points
    return RemedyLine(
        remedy=reward.remedy,
        part=Part(reward.part),
        terms=terms,
        reason=ORDERED,
        amount=reward.budget if counted else reward.principal,
        bonus=None if counted or not reward.bonus.amount else reward.bonus,
    )
