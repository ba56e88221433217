"""A story's sketch: by it two tellings of one story are known for one, and no word of either can be read from it."""

import re
import unicodedata
from collections.abc import Iterable

from compensation.cases.risk import sql
from compensation.core.vault import Vault
from compensation.db.pool import Tx, columns

RUN = 4
"""Words in a run."""
RUNS_READ, RUNS_KEPT = 200, 24
_WORD = re.compile(r"[^\W_]+")
_FEWEST = 8
"""Words below which everybody tells the same story: "It came broken, please help"."""


async def narrate(tx: Tx, told: Iterable[tuple[str, str, str]]) -> None:
    """Keep the sketches of what was told: case, customer and his words. One statement, however many stories."""
    runs = [(case_id, customer_id, run) for case_id, customer_id, words in told for run in sketch(tx.vault, words)]
    if runs:
        await tx.run(sql.NARRATE, *columns(runs, 3))


def sketch(vault: Vault, words: str) -> list[int]:
    """The smallest of the keyed hashes of every run of four words; none for a story that is too short.

    They are a sample of the story that depends on nothing but it: of two stories, the share of hashes that both have
    is about the share of runs that both have.
    """
    bare = "".join(c for c in unicodedata.normalize("NFKD", words) if not unicodedata.combining(c)).casefold()
    told = _WORD.findall(bare)[: RUNS_READ + RUN - 1]
    if len(told) < _FEWEST:
        return []
    runs = {" ".join(told[place : place + RUN]) for place in range(len(told) - RUN + 1)}
    hashes = {int.from_bytes(vault.fingerprint("narrative", run)[:8], "big", signed=True) for run in runs}
    kept = sorted(hashes)[:RUNS_KEPT]
    return kept if len(kept) >= RUN else []
