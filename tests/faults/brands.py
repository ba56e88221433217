"""Cards of other brands, as merchants' systems order them all day of a supplier that fails now and then."""

from compensation.partners.supplier_simulator.habits import Habit
from tests.faults.trader import Trader, euro

HABITS = (
    *[Habit.prompt] * 5, Habit.busy, Habit.error, Habit.malformed, Habit.cheaper, Habit.later, Habit.out_of_stock
)  # fmt: skip
"""How the supplier behaves. Lost answers take the worker twelve seconds each; tests/partners tries those."""


async def give(trader: Trader, name: str) -> None:
    """Order one; whether it comes is between the worker and the supplier, and judged at the end."""
    worth = trader.chance.randrange(5, 100) * 100 + trader.chance.choice(HABITS)
    item = {"kind": "product_card", "product": "blue_kettle_cafe", "amount": euro(worth)}
    await trader.ask("/v1/orders", {"items": [item]}, f"{name}-brand", 201)
