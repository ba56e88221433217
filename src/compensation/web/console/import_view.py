"""What the pages of a file of orders show: its state by name, its flaws with their cure, and who had to do with it."""

from collections.abc import Mapping

import msgspec

from compensation.core.states import ImportState
from compensation.delivery.letter import Badge
from compensation.delivery.words import word
from compensation.imports.batch import Import
from compensation.imports.line import Flaw

STATES: dict[str, Badge] = {
    ImportState.refused: Badge("bad", word("Has wrong cells")),
    ImportState.checked: Badge("warn", word("Waits for approval")),
    ImportState.approved: Badge("moving", word("Approved")),
    ImportState.issuing: Badge("moving", word("Issuing")),
    ImportState.issued: Badge("good", word("Issued")),
    ImportState.cancelled: Badge("", word("Called off")),
}
KINDS: dict[str, str] = {
    "gift_card": word("Gift cards"),
    "store_credit": word("Store credit"),
    "points": word("Points"),
}
REFUSED: dict[str, str] = {
    "none": word("Choose a file first"),
    "file_too_large": word("A file may have 32 MB. Cut it into several and upload each"),
    "wrong_encoding": word("The file is not UTF-8. Save it as “CSV UTF-8” and upload it again"),
    "unreadable_file": word("Line {line} cannot be read. Close every quote and bracket, and upload it again"),
    "empty_file": word("The file has no lines to issue. Add a line for each reward"),
    "too_many_lines": word("A file has at most 100,000 lines. Put the rest into another"),
    "no_columns": word("The first line must name the columns: key, kind, amount and currency"),
    "unknown_column": word("There is no column {column}, or it stands twice. Remove it"),
    "missing_column": word("Add a column {column} to the first line"),
    "otherwise": word("The file could not be taken. Try again in a minute"),
}  # fmt: skip
"""Why a file was not taken in, by the code of the refusal."""


NOT_DONE: dict[str, str] = {
    "wrong_state": word("Somebody else decided on this file meanwhile. See where it stands now."),
    "other_lines": word("The file is not the one you looked at. Look at it again."),
    "budget_exhausted": word("The budget does not cover the whole file. Have somebody add to it."),
    "self_approval": word("This is above your own authority, and you uploaded it. Somebody else approves it."),
    "own_line": word("One of its lines is for yourself. Somebody else approves it."),
    "not_an_approver": word("This is above your authority. A lead, finance or an administrator approves it."),
    "beyond_authority": word("This is above your own authority. Ask somebody who may grant more."),
    "may_not_see_links": word("Your role may not see links. Download the result without them."),
    "not_issued_yet": word("There is no result yet. Look again once the file is issued."),
    "otherwise": word("This was not done, and nothing was changed. Read the page as it is now."),
}  # fmt: skip
"""Why something was not done with a file, by the code of the refusal."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A file as one agent sees it; marked texts are for ``|marked``."""

    found: Import
    badge: tuple[str, str]
    flaws: list[tuple[Flaw, str]]
    counted: str
    """How many cells are wrong, or how many lines will be issued."""
    programs: Mapping[str, str]
    kinds: Mapping[str, str]
    maker: str
    checker: str
    uploaded: str
    approved: str
    worth: str
    """Of all lines: a sum, or one for each currency."""
    barred: str | None
    """Why the agent may not approve it, in his language."""
    refused: str | None
    """Why what he just asked for was not done."""
    links: bool

    @property
    def moving(self) -> bool:
        return self.found.state in (ImportState.approved, ImportState.issuing)

    @property
    def can_cancel(self) -> bool:
        return self.found.state in (ImportState.checked, ImportState.approved)

    @property
    def percent(self) -> int:
        return 100 * self.found.issued // max(self.found.lines, 1)

    @property
    def covered(self) -> bool:
        return all(need.needed.amount <= need.left.amount for need in self.found.needs)
