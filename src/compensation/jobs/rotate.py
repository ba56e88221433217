"""Rotating the root key: what is sealed and hashed under an older one goes under the present one."""

import asyncio

import msgspec

from compensation.core.settings import Settings
from compensation.core.vault import Vault
from compensation.customers.reseal import reseal_customers
from compensation.db.answers import Who
from compensation.db.outbox import merchants
from compensation.db.pool import open_pool
from compensation.db.reseal import Act, Reseal, Resealed
from compensation.db.unit import Doorway
from compensation.delivery.links import Needed, needed_by_links
from compensation.issuance.reseal import reseal_codes
from compensation.merchants.reseal import reseal_agents
from compensation.notices.reseal import reseal_secrets

ACTS: dict[str, Act] = {
    "codes": reseal_codes,
    "customers": reseal_customers,
    "agents": reseal_agents,
    "webhook endpoints": reseal_secrets,
}
ROUNDS = 20
"""How often we come back for rows that were in use. A row cannot be in use that long; a fault of ours could."""
_PAUSE = 0.2


class Rotated(msgspec.Struct, frozen=True):
    """How many rows of each sort went under the present key, and how many could not."""

    done: dict[str, int]
    left: dict[str, int]


async def rotate(door: Doorway, merchant_id: str) -> Rotated:
    """Put all of one merchant's under the vault's present key. May be stopped and begun again at any moment."""
    done, left = dict.fromkeys(ACTS, 0), dict.fromkeys(ACTS, 0)
    for name, act in ACTS.items():
        for attempt in range(ROUNDS):
            if attempt:
                await asyncio.sleep(_PAUSE)
            moved, left[name] = await _round(door, merchant_id, act)
            done[name] += moved
            if not left[name]:
                break
    return Rotated(done, left)


async def _round(door: Doorway, merchant_id: str, act: Act) -> tuple[int, int]:
    who, after, done, left = Who(merchant_id, "system:rotate"), "", 0, 0
    while True:
        page = (await door.write(act, who, Reseal(after))).read(Resealed)
        done, left = done + page.done, left + page.left
        if not page.id:
            return done, left
        after = page.id


def main(settings: Settings) -> int:
    """The command: what went under the present key, and what the older ones are still needed for."""

    async def run() -> int:
        pool = await open_pool(settings, size=2)
        door = Doorway(pool, Vault.parse(settings.keys))
        try:
            remaining = 0
            for merchant_id in await merchants(door):
                told = await rotate(door, merchant_id)
                remaining += sum(told.left.values())
                async with door.read(merchant_id) as tx:
                    needed = await needed_by_links(tx, door.clock())
                print("\n".join(_said(merchant_id, door.vault.current, told, needed)))
            return 1 if remaining else 0
        finally:
            await pool.close()

    return asyncio.run(run())


def _said(merchant_id: str, current: int, told: Rotated, needed: list[Needed]) -> list[str]:
    done = ", ".join(f"{count} {name}" for name, count in told.done.items())
    lines = [f"{merchant_id}: under key {current} now: {done}"]
    lines += [f"  {count} {name} are in use; run it again" for name, count in told.left.items() if count]
    lines += [
        f"  key {one.version} is needed for {one.links} links, the last until {one.until:%Y-%m-%d}"
        for one in needed
        if one.version != current
    ]
    return lines
