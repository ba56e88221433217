"""Laws of taking a file in: all of it is good and waits, or every wrong cell is named and nothing is kept."""

import itertools
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compensation.core.errors import Invalid
from compensation.core.money import Money
from compensation.core.states import ImportState
from compensation.imports.line import COLUMNS, FLAWS, Line, Record, check
from tests.conftest import make_merchant
from tests.imports.conftest import Office, add_customer, cards, sheet
from tests.shop import make_program

GOOD = {"key": "a", "kind": "gift_card", "amount": "25.00", "currency": "EUR"}
POINTS = {"key": "a", "kind": "points", "amount": "5", "currency": "EUR", "points": "500"}
WRONG: list[tuple[dict[str, str], str, str]] = [
    (GOOD | {"key": ""}, "key", "missing"),
    (GOOD | {"key": "x" * 201}, "key", "too_long"),
    (GOOD | {"key": "a\x00b"}, "key", "forbidden_character"),
    (GOOD | {"key": "a\u202eb"}, "key", "forbidden_character"),
    (GOOD | {"kind": "cash"}, "kind", "unknown_kind"),
    (GOOD | {"kind": ""}, "kind", "missing"),
    (GOOD | {"currency": "EURO"}, "currency", "unknown_currency"),
    (GOOD | {"currency": "POINTS"}, "currency", "unknown_currency"),
    (GOOD | {"currency": "XAU"}, "currency", "unknown_currency"),
    (GOOD | {"amount": ""}, "amount", "missing"),
    (GOOD | {"amount": "0"}, "amount", "invalid_amount"),
    (GOOD | {"amount": "-5"}, "amount", "invalid_amount"),
    (GOOD | {"amount": "1e3"}, "amount", "invalid_amount"),
    (GOOD | {"amount": "NaN"}, "amount", "invalid_amount"),
    (GOOD | {"amount": "1_000"}, "amount", "invalid_amount"),
    (GOOD | {"amount": "٢٥"}, "amount", "invalid_amount"),
    (GOOD | {"amount": "25,00"}, "amount", "invalid_amount"),
    (GOOD | {"amount": "9" * 15}, "amount", "invalid_amount"),
    (GOOD | {"amount": "25.001"}, "amount", "too_many_decimals"),
    (GOOD | {"amount": "25.5", "currency": "JPY"}, "amount", "too_many_decimals"),
    (GOOD | {"bonus": "free"}, "bonus", "invalid_amount"),
    (GOOD | {"points": "5"}, "points", "points_not_allowed"),
    (GOOD | {"valid_months": "121"}, "valid_months", "invalid_months"),
    (GOOD | {"valid_months": "0"}, "valid_months", "invalid_months"),
    (GOOD | {"program": "prg_00000000000000000000000000"}, "program", "unknown_program"),
    (GOOD | {"customer": "C-1\nC-2"}, "customer", "forbidden_character"),
    (GOOD | {"reference": "\ufeffx"}, "reference", "forbidden_character"),
    (POINTS | {"points": "0.5"}, "points", "invalid_points"),
    (POINTS | {"points": ""}, "points", "points_needed"),
    (POINTS | {"bonus": "1"}, "bonus", "bonus_not_allowed"),
]


@pytest.mark.parametrize(("cells", "column", "code"), WRONG)
def test_each_way_of_being_wrong_is_named_with_its_column(cells: dict[str, str], column: str, code: str) -> None:
    found = check(Record(7, {name: cell for name, cell in cells.items() if cell}), frozenset())
    assert isinstance(found, list)
    assert [(flaw.line, flaw.column, flaw.code) for flaw in found] == [(7, column, code)]


def test_all_that_is_wrong_with_a_line_is_told_at_once() -> None:
    found = check(Record(2, {"kind": "gift", "amount": "x", "currency": "?"}), frozenset())
    assert isinstance(found, list)
    assert {flaw.column for flaw in found} == {"key", "kind", "amount", "currency"}
    assert {flaw.code for flaw in found} <= set(FLAWS)


@given(st.dictionaries(st.sampled_from(COLUMNS), st.text(min_size=1, max_size=30), min_size=1))
def test_a_line_is_good_or_its_flaws_name_its_own_columns(cells: dict[str, str]) -> None:
    found = check(Record(3, cells), frozenset({"prg_1"}))
    if isinstance(found, Line):
        assert found.amount > 0
    else:
        assert found
        assert all(flaw.line == 3 and flaw.column in COLUMNS and flaw.code in FLAWS for flaw in found)


EXAMPLES = itertools.count()
LINES = st.lists(st.tuples(st.integers(1, 10_000), st.integers(0, 50), st.sampled_from(["EUR", "JPY"])), min_size=1)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(lines=LINES, bad=st.sets(st.integers(0, 60)))
async def test_every_bad_line_is_named_and_the_totals_are_the_sum(
    office: Office, lines: list[tuple[int, int, str]], bad: set[int]
) -> None:
    example = next(EXAMPLES)
    rows = [
        {
            "key": f"{example}-{n}",
            "kind": "gift_card",
            "amount": amount if n not in bad else "?",
            "bonus": bonus or "",
            "currency": c,
        }
        for n, (amount, bonus, c) in enumerate(lines)
    ]
    found = await office.upload(sheet(rows, "key,kind,amount,bonus,currency"))
    wrong = {n for n in range(len(rows)) if n in bad}
    if wrong:
        assert found.state is ImportState.refused
        assert {flaw.line - 2 for flaw in await office.flaws(found)} == wrong
        assert await office.owner.fetchval("SELECT count(*) FROM import_lines WHERE import_id = $1", found.id) == 0
    else:
        assert (found.state, found.lines) == (ImportState.checked, len(rows))
        for currency, minor in (("EUR", 100), ("JPY", 1)):
            own = [(amount, bonus) for amount, bonus, c in lines if c == currency]
            total = next((one for one in found.totals if one.amount.currency == currency), None)
            assert (total is not None) == bool(own)
            if total is not None:
                assert total.lines == len(own)
                assert total.amount == Money(sum(amount for amount, _ in own) * minor, currency)
                assert total.bonus == Money(sum(bonus for _, bonus in own) * minor, currency)
    await office.sound()


async def test_a_key_is_taken_in_once_within_a_file_and_for_ever(office: Office) -> None:
    twice = await office.upload(sheet([*cards(3), *cards(1)]))
    assert [(flaw.line, flaw.code, flaw.given) for flaw in await office.flaws(twice)] == [(5, "duplicate_key", "k1")]
    first = await office.upload(sheet(cards(3)))
    assert first.state is ImportState.checked, "a file that was refused keeps no keys"
    again = await office.upload(sheet(cards(2, first=3)))
    assert [(flaw.line, flaw.code) for flaw in await office.flaws(again)] == [(2, "key_already_used")]


async def test_another_merchants_program_and_customer_are_as_good_as_none(office: Office) -> None:
    stranger = await make_merchant(office.owner)
    foreign = await make_program(office.owner, office.door, stranger, Money(1, "EUR"))
    theirs, ours = (
        await add_customer(office, stranger, reference="C-9"),
        await add_customer(office, office.who, reference="C-1"),
    )
    rows = [
        {**GOOD, "key": "1", "program": foreign, "customer": ""},
        {**GOOD, "key": "2", "customer": theirs},
        {**GOOD, "key": "3", "customer": "C-9"},
        {**GOOD, "key": "4", "customer": "C-1"},
        {**GOOD, "key": "5", "customer": ours, "program": office.program},
    ]
    columns = "key,kind,amount,currency,program,customer"
    refused = await office.upload(sheet(rows, columns))
    assert [(flaw.line, flaw.column, flaw.code) for flaw in await office.flaws(refused)] == [
        (2, "program", "unknown_program"), (3, "customer", "unknown_customer"), (4, "customer", "unknown_customer"),
    ]  # fmt: skip
    good = await office.upload(sheet(rows[3:], columns))
    found = await office.owner.fetch("SELECT customer_id, program_id FROM import_lines WHERE import_id = $1", good.id)
    assert {tuple(row) for row in found} == {(ours, office.program)}


async def test_the_preview_says_what_the_budget_has_left(office: Office) -> None:
    found = await office.upload(sheet(cards(2)))
    (need,) = found.needs
    assert (need.program_id, need.needed, need.left) == (
        office.program, Money(4_00, "EUR"), Money(1_000_000_00, "EUR"),
    )  # fmt: skip


HOSTILE: list[tuple[bytes, str]] = [
    (b"", "no_columns"),
    (b"\n\n\n", "no_columns"),
    (b"hello", "no_columns"),
    (b"key,kind,amount,currency\n", "empty_file"),
    (b"key,kind,amount,currency\n\n,,,\n", "empty_file"),
    (b"key,kind,amount\na,gift_card,1\n", "missing_column"),
    (b"key,kind,amount,currency,colour\na,gift_card,1,EUR,red\n", "unknown_column"),
    (b"key,key,kind,amount,currency\na,a,gift_card,1,EUR\n", "unknown_column"),
    ("key,kind,amount,currency\nключ,gift_card,1,EUR\n".encode("cp1251"), "wrong_encoding"),
    ("key,kind,amount,currency\na,gift_card,1,EUR\n".encode("utf-16"), "wrong_encoding"),
    (b'key,kind,amount,currency\n"a,gift_card,1,EUR\n', "unreadable_file"),
    (b'key,kind,amount,currency\n"a"b,gift_card,1,EUR\n', "unreadable_file"),
    (b"key,kind,amount,currency\n" + b"x" * 20_000 + b",gift_card,1,EUR\n", "unreadable_file"),
    (b'key,kind,amount,currency\n"' + b"x\n" * 100_000 + b'",gift_card,1,EUR\n', "unreadable_file"),
]


@pytest.mark.parametrize(("data", "code"), HOSTILE)
async def test_a_file_that_cannot_be_read_is_refused_whole_and_changes_nothing(
    office: Office, data: bytes, code: str
) -> None:
    with pytest.raises(Invalid) as refusal:
        await office.upload(data)
    assert refusal.value.code == code
    assert [await office.count(table) for table in ("imports", "import_lines", "import_flaws")] == [0, 0, 0]


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbfkey,kind,amount,currency\r\na,gift_card,2.50,EUR\r\n",
        b"key;kind;amount;currency\n a ; gift_card ;2.5; EUR \n",
        b'key\tkind\tamount\tcurrency\n"a"\t"gift_card"\t"2.50"\tEUR',
        b'Currency,AMOUNT,kind,key,reference\n\nEUR,2.50,gift_card,a,"line, one ""quoted"""\n\n',
        b"key,kind,amount,currency,,\na,gift_card,2.50,EUR,,,,\n",
    ],
)
async def test_what_spreadsheets_write_is_read(office: Office, data: bytes) -> None:
    found = await office.upload(data)
    assert found.state is ImportState.checked, await office.flaws(found)
    row = await office.owner.fetchrow("SELECT key, amount, currency FROM import_lines")
    assert tuple(row) == ("a", 250, "EUR")


ONE = {"key": "a", "kind": "gift_card", "amount": {"amount": 250, "currency": "EUR"}}
ODD_JSON: list[tuple[str, str]] = [
    ("", "empty_file"),
    ("[]", "empty_file"),
    ("[", "unreadable_file"),
    ("[{}", "unreadable_file"),
    ("[{},]", "unreadable_file"),
    ("[{}] x", "unreadable_file"),
    ("[{}{}]", "unreadable_file"),
    ("[1]", "unreadable_file"),
    ('{"key":NaN}', "unreadable_file"),
    ('{"key":1.5}', "unreadable_file"),
    ('{"key":"a","key":"b"}', "unreadable_file"),
    ('{"points":' + "9" * 40 + "}", "unreadable_file"),
    ('{"key":' + "[" * 5000 + "]" * 5000 + "}", "unreadable_file"),
    ('{"key":"' + "x" * 200_000 + '"}', "unreadable_file"),
    ("nonsense", "unreadable_file"),
]


@pytest.mark.parametrize(("text", "code"), ODD_JSON)
async def test_json_that_cannot_be_read_is_refused_whole(office: Office, text: str, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        await office.upload(text.encode(), "json")
    assert refusal.value.code == code


@pytest.mark.parametrize(
    "text",
    [json.dumps([ONE]), json.dumps(ONE), "\n" + json.dumps(ONE) + "\n\n", "\ufeff" + json.dumps([ONE], indent=3)],
)
async def test_json_comes_as_a_list_or_an_object_a_line(office: Office, text: str) -> None:
    found = await office.upload(text.encode(), "json")
    assert found.state is ImportState.checked, await office.flaws(found)
    assert found.totals[0].amount == Money(250, "EUR")


@pytest.mark.parametrize(
    ("wrong", "column", "code"),
    [
        ({"key": 5}, "key", "wrong_type"),
        ({"amount": 250}, "amount", "wrong_type"),
        ({"amount": {"amount": True, "currency": "EUR"}}, "amount", "wrong_type"),
        ({"amount": {"amount": 250, "currency": "EUR", "x": 1}}, "amount", "wrong_type"),
        ({"bonus": {"amount": 1, "currency": "USD"}}, "bonus", "wrong_type"),
        ({"amount": {"amount": -1, "currency": "EUR"}}, "amount", "invalid_amount"),
        ({"amount": {"amount": 1, "currency": "EURO"}}, "currency", "unknown_currency"),
        ({"valid_months": "6"}, "valid_months", "wrong_type"),
        ({"colour": "red"}, "colour", "unknown_field"),
    ],
)  # fmt: skip
async def test_a_wrong_object_is_named(office: Office, wrong: dict[str, Any], column: str, code: str) -> None:
    good = ONE | {"key": "b"}
    found = await office.upload(json.dumps([good, ONE | wrong]).encode(), "json")
    assert [(flaw.line, flaw.column, flaw.code) for flaw in await office.flaws(found)] == [(2, column, code)]


async def test_more_lines_than_a_file_may_have_are_refused(office: Office) -> None:
    data = b"key,kind,amount,currency\n" + b"a,gift_card,?,EUR\n" * 100_001
    with pytest.raises(Invalid) as refusal:
        await office.upload(data)
    assert refusal.value.code == "too_many_lines"
