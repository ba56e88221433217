"""Whose public page an address is: the merchant of a route, and the brand that a policy is read under."""

import msgspec

from compensation.db.pool import Tx
from compensation.db.unit import Doorway
from compensation.merchants import sql
from compensation.merchants.brand import Brand
from compensation.merchants.merchant import brand


class Face(msgspec.Struct, frozen=True):
    merchant_id: str
    brand: Brand


async def face_of(door: Doorway, route: str, policy: str) -> Face | None:
    """The merchant whose route begins his links, dressed in the brand of the program that names the policy.

    A policy that no program names, such as a variant, is read under the brand of the default program.
    """
    async with door.pool.acquire() as connection:
        row = await connection.fetchrow(sql.MERCHANT_BY_ROUTE, route.lower())
    if row is None:
        return None
    async with door.read(row["id"]) as tx:
        return await _dressed(tx, row["id"], policy)


async def _dressed(tx: Tx, merchant_id: str, policy: str) -> Face | None:
    brand_id = await tx.value(sql.BRAND_OF_POLICY, policy)
    return None if brand_id is None else Face(merchant_id, await brand(tx, brand_id))
