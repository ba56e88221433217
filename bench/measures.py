"""What is measured, against which floor, and what is wanted of it."""

import statistics
from collections.abc import Callable, Sequence

import msgspec

from bench import floors
from bench.asks import Cards, issued, issuing, redeeming, reporting
from bench.client import Ask, Load, load
from bench.floors import Floor
from bench.house import House
from bench.processor import own, spent

CLIENTS = 32


class Measure(msgspec.Struct, frozen=True):
    """A load over HTTP and what is wanted of it: a multiple of a floor, or answers a second; milliseconds for p99."""

    name: str
    ask: Ask
    clients: int = CLIENTS
    floor: Floor | None = None
    least: float | None = None
    """The least multiple of the floor."""
    rate: float | None = None
    """The least answers a second."""
    p99: float | None = None


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the tables. Times in milliseconds; processor time in microseconds for each answer."""

    name: str
    rate: float
    p50: float
    p99: float
    web_us: float
    postgres_us: float
    client_us: float
    floor: str = ""
    floor_rate: float = 0.0
    ratio: float = 0.0
    """Median over the rounds of the rate divided by the floor's rate of the same round."""
    least: float | None = None
    least_rate: float | None = None
    wanted: str = ""
    met: bool | None = None


class Fact(msgspec.Struct, frozen=True):
    """A figure that stands by itself."""

    name: str
    figure: float
    unit: str
    wanted: str = ""
    met: bool | None = None


class Round(msgspec.Struct, frozen=True):
    load: Load
    floor_rate: float
    web_us: float
    postgres_us: float
    client_us: float


class Wrong(Exception):
    """An answer that should not be: a bench of refusals measures nothing."""


async def measures(house: House, cards: int) -> list[Measure]:
    """Everything that is asked over HTTP. Puts ``cards`` cards into circulation first."""
    many = await issued(house, cards)
    one = Cards(many.codes[:1])
    programs = house.programs[:-1]
    return [
        Measure("issue, all on one budget", issuing(house, programs[:1]), floor=floors.HOT, least=3.0, p99=25.0),
        Measure("issue, many programs", issuing(house, programs[1:]), floor=floors.COLD, least=0.6),
        Measure("issue, a lone client", issuing(house, programs[:1]), clients=1, floor=floors.LONE, least=1 / 1.5),
        Measure("redeem, random cards", redeeming(house, many), floor=floors.COLD, least=0.6),
        Measure("redeem, all on one card", redeeming(house, one), floor=floors.HOT, least=2.0),
        Measure("report a case: assess, decide, sign, write", reporting(house), rate=1000.0),
    ]


async def interleaved(
    house: House, wanted: Sequence[Measure], rounds: int, seconds: float, say: Callable[[str], None]
) -> list[Result]:
    """Every measure beside its floor, round by round, so that a busy moment strikes both."""
    kept: dict[str, list[Round]] = {measure.name: [] for measure in wanted}
    for number in range(rounds):
        for measure in wanted:
            floor = await floors.measure(house, measure.floor, seconds) if measure.floor else 0.0
            done = await once(house, measure, seconds, floor)
            kept[measure.name].append(done)
            say(f"round {number + 1}: {measure.name}: {done.load.rate:,.0f}/s; floor {floor:,.0f}/s")
    return [result(measure, kept[measure.name]) for measure in wanted]


async def once(house: House, measure: Measure, seconds: float, floor: float) -> Round:
    """Load the house for so long, and see what it cost. Raises Wrong for any answer that was not to come."""
    before = (spent(house.web), spent(house.postgres.pid), own())
    done = await load(house.port, measure.ask, measure.clients, seconds)
    after = (spent(house.web), spent(house.postgres.pid), own())
    if set(done.statuses) - {201}:
        raise Wrong(f"{measure.name}: statuses {done.statuses}, and only 201 was to come")
    # The warm-up is not among the answers that are counted, but its processor time is: scale by the whole.
    answers = max(len(done.times), 1) * seconds / done.seconds
    web, postgres, client = ((b - a) / answers * 1e6 for a, b in zip(before, after, strict=True))
    return Round(done, floor, web, postgres, client)


def result(measure: Measure, rounds: list[Round]) -> Result:
    """The medians of the rounds, beside what is wanted."""
    rate = statistics.median(each.load.rate for each in rounds)
    p99 = statistics.median(each.load.quantile(0.99) for each in rounds) * 1000
    floor = statistics.median(each.floor_rate for each in rounds)
    ratio = statistics.median(each.load.rate / each.floor_rate for each in rounds) if measure.floor else 0.0
    wanted, met = [], []
    if measure.least is not None:
        wanted.append(f"≥ {measure.least:.2g} × floor")
        met.append(ratio >= measure.least)
    if measure.rate is not None:
        wanted.append(f"≥ {measure.rate:,.0f}/s")
        met.append(rate >= measure.rate)
    if measure.p99 is not None:
        wanted.append(f"p99 ≤ {measure.p99:.0f} ms")
        met.append(p99 <= measure.p99)
    return Result(
        name=measure.name,
        rate=rate,
        p50=statistics.median(each.load.quantile(0.5) for each in rounds) * 1000,
        p99=p99,
        web_us=statistics.median(each.web_us for each in rounds),
        postgres_us=statistics.median(each.postgres_us for each in rounds),
        client_us=statistics.median(each.client_us for each in rounds),
        floor=measure.floor.name if measure.floor else "",
        floor_rate=floor,
        ratio=ratio,
        least=measure.least,
        least_rate=measure.rate,
        wanted=", ".join(wanted),
        met=all(met) if met else None,
    )
