"""How the simulated supplier behaves for a card: the last two digits of its face value, in minor units, say so.

10.03 EUR is ordered and no answer comes; 10.00 EUR, like every value that ends in none of these, is there at once.
"""

from enum import IntEnum


class Habit(IntEnum):
    """ "First" is the first time that a reference is ordered."""

    prompt = 0
    """There at once, for what was quoted."""
    busy = 1
    """The first time there are too many requests (429), and nothing was done."""
    lost_before = 2
    """The first time no answer ever comes, and nothing was done."""
    lost_after = 3
    """The first time no answer ever comes, but the card was ordered."""
    error = 4
    """The first time a server error (500), and nothing was done."""
    malformed = 5
    """The first time the answer is cut in two, but the card was ordered."""
    out_of_stock = 6
    """There is none, as the quote says."""
    sold_out = 7
    """The quote says that there is one; the order is refused, for the last was sold meanwhile."""
    dearer = 8
    """The quote asks more than is stated in the catalogue."""
    dearer_later = 9
    """The quote is as stated; the order is refused, for it costs more now."""
    overcharged = 10
    """The quote is as stated; the card is given, and more is asked for it than was agreed."""
    cheaper = 11
    """It costs less than was stated."""
    later = 12
    """Accepted; the code is there a little later."""
    later_refused = 13
    """Accepted, and refused a little later."""
    never = 14
    """Accepted, and nothing more is ever heard."""
    same_code = 15
    """The code is the one that was given for the first card of this kind: two cards with one code."""
    other_card = 16
    """What is given is a card of another value."""
    slow = 17
    """Answers late."""


def habit_of(amount: int) -> Habit:
    last = amount % 100
    return Habit(last) if last in set(Habit) else Habit.prompt


LOST = (Habit.lost_before, Habit.lost_after)
UNWELL = (Habit.busy, Habit.error, Habit.malformed, *LOST)
"""Those who fail the first time only."""
