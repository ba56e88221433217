"""A policy is a document: what is wrong in it is refused with the line and the reason, and what is right decides."""

import datetime

import pytest

from compensation.core.errors import Invalid
from compensation.core.money import Money
from compensation.engine.plan import History, Limits
from compensation.engine.policy import Policy, load_policy
from compensation.engine.receipt import Books
from compensation.engine.revision import changes
from tests.engine.bench import Bench, report
from tests.engine.conftest import CATALOG, TODAY

SHIPPED = (CATALOG / "policies/default.toml").read_text()


def load(books: Books, text: str) -> Policy:
    return load_policy(text, "mine.toml", books.taxonomy, books.shelf)


def with_policy(books: Books, text: str, today: datetime.date = TODAY) -> Bench:
    return Bench(Books(taxonomy=books.taxonomy, law=books.law, shelf=books.shelf, policy=load(books, text)), today)


def changed(old: str, new: str) -> str:
    assert old in SHIPPED
    return SHIPPED.replace(old, new, 1)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("version = 2", "version = 0", ">= 1"),
        ("version = 2", "version = ", "Invalid value"),
        ("offers_at_most = 6", "offers_at_most = 6\ncolour = 'red'", "unknown field `colour`"),
        ("[house]", "[hause]", "unknown field `hause`"),
        (
            'harms = ["material.defective_product"]',
            'harms = ["material.bad_weather"]',
            "no harm 'material.bad_weather'",
        ),
        (
            "{ low = 5, medium = 5, high = 8, critical = 10 }",
            "{ low = 5, medium = 4, high = 8, critical = 10 }",
            "fall",
        ),
        ("percent_of_order = { low = 5, medium = 5, high = 8, critical = 10 }", "", "either percent_of_order or flat"),
        ("bonus = { percent = 10 }", "bonus = { percent = 101 }", "between 0 and 100"),
        ("bonus = { percent = 10 }", "bonus = { fixed = { EUR = -1 } }", "may not be negative"),
        ("bonus = { percent = 10 }", "bonus = { fixed = { EUR = 0.001 } }", "has 2 decimals"),
        ("bonus = { percent = 10 }", "bonus = { fixed = { EURO = 1 } }", "not an ISO 4217 code"),
        ('remedy = "free_gift"', 'remedy = "free_ride"', "no remedy 'free_ride'"),
        (
            'shape = { kind = "task", due_in_days = 5 }',
            'shape = { kind = "points", valid_months = 5 }',
            "issued as task",
        ),
        ('shape = { kind = "task", due_in_days = 5 }', 'shape = { kind = "prayer" }', "Invalid value 'prayer'"),
        ('offers = ["repair", "replacement", "exchange"]', 'offers = ["miracle"]', "no offer 'miracle'"),
        ('in_kind = "repair_product"', 'in_kind = "apology"', "no [[in_kind]] here"),
        ('money = "loyalty_points"', 'money = "free_gift"', "cannot take the place of money"),
        ('goodwill = ["tiered_perk"]', 'goodwill = ["prepaid_card"]', "no [[form]] here"),
        ("fallback = true", "", "must be the fallback"),
        ('cel = "costs * 2 > order_amount"', 'cel = "costs * 2 >"', "cannot be read"),
        ('cel = "costs * 2 > order_amount"', 'cel = "costs * 2"', "must answer yes or no"),
        ('cel = "costs * 2 > order_amount"', 'cel = "costs > 1.5"', "may not use fractions"),
        ('cel = "costs * 2 > order_amount"', 'cel = "cost > 1"', "names cost, which is no fact"),
        ('cel = "costs * 2 > order_amount"', "cel = \"costs > 'a'\"", "does not fit the facts"),
        ('cel = "costs * 2 > order_amount"', 'cel = "harms.all(h, h == country)"', "no fact"),
        ('cel = "costs * 2 > order_amount"', "cel = \"country.matches('.*')\"", "may call only"),
        ('cel = "costs * 2 > order_amount"', f'cel = "{"(" * 9}true{")" * 9}"', "nested 8 deep"),
        ('cel = "costs * 2 > order_amount"', f'cel = "{"true && " * 40}true"', "300 characters"),
        ('cel = "costs * 2 > order_amount"', 'cel = "severity > 1"', "names severity, which is no fact"),
        ('facts = ["repairable"], not_facts', 'facts = ["mended"], not_facts', "'mended' is not a fact"),
    ],
)
def test_what_is_wrong_is_refused_with_its_line_and_reason(books: Books, old: str, new: str, reason: str) -> None:
    text = changed(old, new)
    with pytest.raises(Invalid) as refused:
        load(books, text)
    assert refused.value.code == "bad_document"
    assert reason in refused.value.extra["reason"]
    assert refused.value.extra["document"] == "mine.toml"
    if new:
        expected = text[: text.index(new)].count("\n") + 1 + new.count("\n")
        # A field inside an inline table has the line of the table; a flaw of an entry has the line of its head.
        assert expected - 2 <= refused.value.extra["line"] <= expected


def test_the_line_is_the_very_line_where_the_field_has_one(books: Books) -> None:
    text = changed('cel = "costs * 2 > order_amount"', 'cel = "costs *"')
    with pytest.raises(Invalid) as refused:
        load(books, text)
    assert text.splitlines()[refused.value.extra["line"] - 1].startswith("when = { harms")


def test_a_policy_that_is_written_otherwise_and_means_the_same_has_the_same_hash(books: Books) -> None:
    assert load(books, "# a remark\n" + SHIPPED).hash == load(books, SHIPPED).hash
    assert load(books, changed("percent = 10 }", "percent = 11 }")).hash != load(books, SHIPPED).hash


def test_a_predicate_decides(bench: Bench) -> None:
    heavy = report("financial.additional_costs medium", paid=10_000, costs=[("repair", 5_001)])
    light = report("financial.additional_costs medium", paid=10_000, costs=[("repair", 5_000)])
    assert bench.decide(heavy).goodwill == Money(800, "EUR")
    assert bench.decide(light).goodwill == Money(500, "EUR")
    tried = {one.rule: one for one in bench.decide(light).tried}
    assert (tried["heavy_costs"].failed, tried["heavy_costs"].saw) == (
        "cel",
        {"costs": 5_000, "order_amount": 10_000},
    )


def test_a_predicate_that_cannot_be_computed_does_not_hold_and_says_why(books: Books) -> None:
    text = changed('cel = "costs * 2 > order_amount"', 'cel = "order_amount / costs < 2"')
    decision = with_policy(books, text).decide(report("financial.additional_costs medium"))
    assert decision.goodwill == Money(500, "EUR")
    [tried] = [one for one in decision.tried if one.rule == "heavy_costs"]
    assert "division by zero" in tried.saw["error"]


def test_a_rule_is_added_without_code(books: Books) -> None:
    text = changed(
        "# ---------------------------------------------------------------- the forms a sum may take",
        """
[[goodwill]]
code = "platinum_in_egypt"
when = { families = ["emotional"], countries = ["EG"], tiers = ["platinum"], order_at_least = { EGP = 500 } }
flat = { EGP = [50, 100, 150, 200] }
""",
    )
    told = report("emotional.loss_of_trust medium", country="EG", currency="EGP", paid=90_000, customer_tier="platinum")
    assert with_policy(books, text).decide(told).goodwill == Money(10_000, "EGP")
    abroad = report(
        "emotional.loss_of_trust medium", country="JO", currency="EGP", paid=90_000, customer_tier="platinum"
    )
    assert with_policy(books, text).decide(abroad).goodwill == Money(7_200, "EGP")
    poor = report("emotional.loss_of_trust medium", country="EG", currency="EGP", paid=40_000, customer_tier="platinum")
    assert with_policy(books, text).decide(poor).goodwill == Money(3_200, "EGP")


def test_a_bonus_may_be_fixed_and_limited(books: Books) -> None:
    text = changed("bonus = { percent = 10 }", "bonus = { percent = 7.5, fixed = { EUR = 1 }, at_most = { EUR = 5 } }")
    bench = with_policy(books, text)
    bonuses = []
    for paid in (2_000, 10_000):
        credit = bench.decide(report("material.defective_product low", paid=paid, facts={"wants": "refund"})).offer(
            "credit"
        )
        assert credit is not None
        bonuses.append(credit.lines[0].bonus)
    assert bonuses == [Money(250, "EUR"), Money(500, "EUR")]


def test_a_method_that_is_switched_off_is_gone_but_what_is_owed_stays(books: Books) -> None:
    text = changed(
        "processing_days = 7", 'processing_days = 7\nmethods_off = ["store_credit_bonus", "refund_original", "apology"]'
    )
    decision = with_policy(books, text).decide(
        report("material.defective_product high", facts={"wants": "refund", "replaceable": False})
    )
    given = {line.remedy for offer in decision.offers for line in offer.lines}
    assert "store_credit_bonus" not in given
    assert {"refund_original", "apology"} <= given
    assert ("credit", "refused.not_on_shelf") in {(one.key, one.reason.code) for one in decision.refused}


def test_what_a_merchant_does_not_have_is_not_offered(books: Books) -> None:
    shelf = books.shelf.without_also(frozenset({"digital_gift_card"}))
    bench = Bench(Books(taxonomy=books.taxonomy, law=books.law, shelf=shelf, policy=books.policy), TODAY)
    decision = bench.decide(report("emotional.loss_of_trust high"))
    assert "gift_card" not in {offer.key for offer in decision.offers}


def test_every_limit_leaves_its_line_in_the_explanation(bench: Bench) -> None:
    told = report("emotional.loss_of_trust critical", paid=100_000)
    limits = Limits(goodwill_max=Money(6_000, "EUR"), budget_left=Money(4_000, "EUR"))
    decision = bench.decide(told, limits, History(goodwill=Money(13_000, "EUR")))
    assert [(line.reason.code, line.amount) for line in decision.trace if line.step in ("limits", "budget")] == [
        ("limit.case", Money(7_500, "EUR")),
        ("limit.customer", Money(7_000, "EUR")),
        ("limit.authority", Money(6_000, "EUR")),
        ("limit.budget", Money(4_000, "EUR")),
    ]
    assert decision.goodwill == Money(4_000, "EUR")


def test_sums_owed_wait_for_no_budget(bench: Bench) -> None:
    told = report("material.defective_product critical", facts={"wants": "refund"})
    decision = bench.decide(told, Limits(budget_left=Money(0, "EUR")))
    assert decision.owed == Money(10_000, "EUR")
    assert [offer.key for offer in decision.offers] == ["refund"]
    assert {one.reason.code for one in decision.refused} == {"refused.budget"}


def test_a_promise_is_kept_without_a_budget_and_only_its_bonus_waits(bench: Bench) -> None:
    told = report("emotional.loss_of_trust high", facts={"promised_credit": {"amount": 5_000, "currency": "EUR"}})
    credit = bench.decide(told, Limits(budget_left=Money(100, "EUR"))).offers[0].lines[0]
    assert (credit.remedy, credit.amount, credit.bonus) == (
        "store_credit_bonus",
        Money(5_000, "EUR"),
        Money(100, "EUR"),
    )


def test_another_apology_is_worth_less_than_none(bench: Bench) -> None:
    told = report("material.delivery_delay low", facts={"keeps_goods": True})
    first, again = bench.decide(told).offers[0], bench.decide(told, history=History(apologies=2)).offers[0]
    assert "priority_service" not in {line.remedy for line in first.lines}
    assert {"priority_service", "goodwill_follow_up"} <= {line.remedy for line in again.lines}
    [apology] = [line for line in again.lines if line.remedy == "apology"]
    assert apology.terms.earlier == 2  # type: ignore[union-attr]  # an apology's terms are words


def test_many_cases_call_for_a_look_and_never_for_a_refusal(bench: Bench) -> None:
    told = report("material.delivery_delay high", facts={"keeps_goods": True})
    calm, busy = bench.decide(told), bench.decide(told, history=History(cases=4))
    assert (calm.review, [reason.code for reason in busy.review]) == ((), ["review.cases"])
    assert [offer.value for offer in busy.offers] == [offer.value for offer in calm.offers]


@pytest.mark.parametrize(
    ("ordered_days_ago", "season", "looks"), [(365, False, False), (366, False, True), (380, True, False)]
)
def test_a_late_request_is_looked_at_and_the_season_gives_more_time(
    bench: Bench, ordered_days_ago: int, season: bool, looks: bool
) -> None:
    on = datetime.date(2026, 12, 1) if season else datetime.date(2026, 8, 1)
    bought = on - datetime.timedelta(days=ordered_days_ago)
    told = report("material.defective_product high", order={"ordered_on": bought})
    decision = Bench(bench.books, on).decide(told)
    assert [reason.code for reason in decision.review] == (["review.outside_window"] if looks else [])
    assert decision.offers


def test_a_season_may_run_over_new_year(books: Books) -> None:
    house = books.policy.document.house
    days = [datetime.date(2026, month, day) for month, day in ((11, 14), (11, 15), (12, 31), (1, 6), (1, 7))]
    told = [report("material.defective_product high", order={"ordered_on": day}) for day in days]
    assert [house.window_days(one) for one in told] == [365, 410, 410, 410, 365]


def test_a_policy_applies_within_its_time_and_scope(books: Books) -> None:
    text = changed("[house]", '[scope]\ncountries = ["BG"]\ntiers = ["gold"]\n\n[house]')
    document = load(books, text).document
    told = report("material.defective_product high", country="BG", customer_tier="gold")
    assert document.applies(told, TODAY)
    assert not document.applies(told, datetime.date(2025, 12, 31))
    assert not document.applies(report("material.defective_product high", country="BG"), TODAY)
    draft = load(books, text.replace('status = "published"', 'status = "draft"')).document
    assert not draft.applies(told, TODAY)


def test_a_membership_takes_more_than_a_small_annoyance(bench: Bench) -> None:
    offered = [
        "perks" in {offer.key for offer in bench.decide(report(f"emotional.frustration_resentment {how}")).offers}
        for how in ("low", "medium")
    ]
    assert offered == [False, True]


def test_the_first_rule_for_a_gesture_speaks(bench: Bench) -> None:
    told = report("emotional.loss_of_trust high", customer_tier="gold")
    lasts = []
    for history in (History(), History(apologies=1)):
        [line] = [
            line for line in bench.decide(told, history=history).offers[0].lines if line.remedy == "priority_service"
        ]
        lasts.append(line.terms.lasts_days)  # type: ignore[union-attr]  # a service is a task
    assert lasts == [90, 180]


def test_a_deed_says_what_it_is_worth(bench: Bench) -> None:
    told = report("material.defective_product high", facts={"repairable": True})
    worth = {offer.key: offer.in_kind for offer in bench.decide(told).offers}
    assert (worth["repair"], worth["refund"]) == (Money(10_000, "EUR"), None)


def test_a_surprise_is_drawn_from_the_case_and_always_the_same_way(bench: Bench) -> None:
    told = report(
        "material.delivery_delay high", country="US", currency="USD", facts={"not_shipped": True, "wants": "refund"}
    )

    def surprised(seed: str) -> bool:
        return any(line.remedy == "surprise_gift" for line in bench.decide(told, seed=seed).offers[0].lines)

    drawn = [surprised(f"case_{number}") for number in range(300)]
    assert drawn == [surprised(f"case_{number}") for number in range(300)]
    assert 70 <= sum(drawn) <= 130


def test_what_the_customer_asks_for_comes_forward_where_it_is_lawful(bench: Bench) -> None:
    free = report("material.defective_product high", facts={"repairable": True, "wants": "replacement"})
    assert bench.decide(free).offers[0].key == "replacement"
    bound = report("material.defective_product high", country="DE", facts={"repairable": True, "wants": "refund"})
    assert bench.decide(bound).offers[0].key == "repair"


def test_value_in_place_of_money_is_valid_as_long_as_the_law_asks(bench: Bench) -> None:
    told = report("material.defective_product high", country="US", currency="USD", facts={"wants": "refund"})
    decision = bench.decide(told)
    credit = decision.offer("credit")
    assert credit is not None
    assert [line.terms.valid_months for line in credit.lines[:2]] == [60, 36]  # type: ignore[union-attr]  # credit
    assert "US-GIFT-5Y" in {line.rule for line in decision.trace}


def test_two_versions_differ_rule_by_rule_whatever_their_place(books: Books) -> None:
    text = changed("version = 2", "version = 3").replace("bonus = { percent = 10 }", "bonus = { percent = 12 }", 1)
    head, *offers = text.split("[[offer]]\n")
    moved = "[[offer]]\n".join([head, offers[1], offers[0], *offers[2:]])
    old, new = load(books, SHIPPED).document, load(books, moved).document
    told = {change.path: (change.was, change.now) for change in changes(old, new)}
    assert told["version"] == (2, 3)
    assert told["form.store_credit_bonus.bonus.percent"] == ("10", "12")
    assert told["offer.order[0]"] == ("repair", "replacement")
    assert set(told) == {"version", "form.store_credit_bonus.bonus.percent", "offer.order[0]", "offer.order[1]"}
    assert changes(old, old) == ()


def test_a_rule_that_is_gone_is_one_change(books: Books) -> None:
    rule = SHIPPED[SHIPPED.index('[[goodwill]]\ncode = "very_late"') :].split("\n\n")[0]
    [gone] = changes(load(books, SHIPPED).document, load(books, SHIPPED.replace(rule, "")).document)
    assert (gone.path, gone.now) == ("goodwill.very_late", None)
