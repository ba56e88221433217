"""The results as a person reads them: tables and a picture between the marks in docs/performance.md, JSON beside it."""

from pathlib import Path

import msgspec

from bench.measures import Fact, Result

FOLDER = Path(__file__).resolve().parents[1] / "docs"
_MARK = "<!-- {}: {} -->"
"""Around the tables of each run; what stands between is written anew."""


class Run(msgspec.Struct, frozen=True):
    """One run of the bench. ``machine`` says where, ``load`` how busy it was before we began."""

    at: str
    machine: str
    load: str
    results: list[Result]
    facts: list[Fact]


def write(run: Run, name: str) -> None:
    """``name`` is ``performance`` for the usual run, ``growth`` for the long one."""
    (FOLDER / f"{name}.json").write_text(msgspec.json.format(msgspec.json.encode(run)).decode() + "\n")
    if name == "performance":
        (FOLDER / "pictures" / "performance.svg").write_text(picture(run))
    page, begin, end = FOLDER / "performance.md", _MARK.format(name, "begin"), _MARK.format(name, "end")
    before, _, rest = page.read_text().partition(begin)
    _, _, after = rest.partition(end)
    page.write_text(f"{before}{begin}\n{tables(run)}{end}{after}")


def tables(run: Run) -> str:
    """Both tables, as Markdown. A run without floors has no columns for them."""
    beside = any(one.floor for one in run.results)
    head = ["over HTTP", "answers/s", "p50 ms", "p99 ms", "web µs", "PostgreSQL µs", "client µs"]
    if beside:
        head[4:4] = ["floor/s", "× floor", "wanted", "met"]
    lines = [f"Measured {run.at} on {run.machine}; load before the run: {run.load}.", "", _row(head)]
    lines.append("|---|--:|--:|--:|" + ("--:|--:|---|---|" if beside else "") + "--:|--:|--:|")
    for one in run.results:
        row = [one.name, f"{one.rate:,.0f}", f"{one.p50:.1f}", f"{one.p99:.1f}"]
        row += [f"{spent:,.0f}" for spent in (one.web_us, one.postgres_us, one.client_us)]
        if beside:
            floor = [f"{one.floor_rate:,.0f}", f"{one.ratio:.2f}"] if one.floor else ["", ""]
            row[4:4] = [*floor, one.wanted, _met(one.met)]
        lines.append(_row(row))
    lines += ["", "| alone | | wanted | met |", "|---|--:|---|---|"]
    lines += [_row([one.name, f"{_figure(one.figure)} {one.unit}", one.wanted, _met(one.met)]) for one in run.facts]
    return "\n".join(lines) + "\n"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def picture(run: Run) -> str:
    """Bars of what was reached in percent of what was wanted; the line is the target. Drawn by hand: no dependency."""
    bars = [(one.name, _share(one), one.met) for one in run.results]
    height = 34 * len(bars) + 60
    full = 300  # pixels of one hundred percent
    rows = []
    for place, (name, share, met) in enumerate(bars):
        y, width = 44 + 34 * place, min(share, 1.7) * full
        colour = "#1f7a4d" if met else "#b4541a"
        rows.append(
            f'<text x="300" y="{y + 15}" text-anchor="end">{name}</text>'
            f'<rect x="310" y="{y}" width="{width:.0f}" height="22" rx="3" fill="{colour}"/>'
            f'<text x="{310 + width + 6:.0f}" y="{y + 15}">{share:.0%}</text>'
        )
    line = 310 + full
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 {height}" role="img" '
        'aria-label="What was reached, in percent of the target" font-family="Noto Sans, sans-serif" font-size="13">'
        f'<rect width="900" height="{height}" fill="#ffffff"/><g fill="#1d1d1f">'
        f'<text x="{line}" y="26" text-anchor="middle">target</text>{"".join(rows)}</g>'
        f'<path d="M{line} 34V{height - 12}" stroke="#1d1d1f" stroke-dasharray="4 3"/></svg>\n'
    )


def _share(one: Result) -> float:
    return one.ratio / one.least if one.least else one.rate / one.least_rate if one.least_rate else 0.0


def _figure(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def _met(met: bool | None) -> str:
    return "" if met is None else "yes" if met else "**no**"
