"""A merchant's till and desk in one: every verb of stored value in one word, in euro cents."""

from collections.abc import Awaitable
from datetime import datetime, timedelta
from typing import Any

import pytest

from compensation.core.errors import Problem
from compensation.core.money import Money
from compensation.db.answers import Who
from compensation.db.unit import Doorway
from compensation.issuance.read import reward
from compensation.issuance.reward import Reward
from compensation.redemption.capture import Capture, capture
from compensation.redemption.clawback import Clawback, ClawbackReason, clawback
from compensation.redemption.correction import Correction
from compensation.redemption.expire import Expire, Expired, expire
from compensation.redemption.extend import Extend, extend
from compensation.redemption.give_back import GiveBack, give_back
from compensation.redemption.hold import Hold, PlaceHold, hold
from compensation.redemption.redeem import Redemption, Spend, redeem
from compensation.redemption.reissue import Reissue, reissue
from compensation.redemption.release import Ended, EndHolds, Release, end_holds, release
from compensation.redemption.reveal import reveal
from compensation.redemption.void import Void, void
from tests.shop import buy_card


def eur(amount: int) -> Money:
    return Money(amount, "EUR")


async def refused(act: Awaitable[Any]) -> Problem:
    with pytest.raises(Problem) as caught:
        await act
    return caught.value


class Till:
    """A merchant's till: every verb in one word, in euro cents."""

    def __init__(self, door: Doorway, who: Who) -> None:
        self.door, self.who = door, who

    async def card(self, amount: int, bonus: int = 0) -> tuple[str, str]:
        order, code = await buy_card(self.door, self.who, eur(amount), eur(bonus) if bonus else None)
        return order.rewards[0].id, code

    async def hold(self, code: str, amount: int, minutes: int = 15) -> Hold:
        what = PlaceHold(code=code, amount=eur(amount), minutes=minutes)
        return (await self.door.write(hold, self.who, what)).read(Hold)

    async def capture(self, held: Hold, amount: int | None = None) -> Hold:
        what = Capture(hold_id=held.id, amount=None if amount is None else eur(amount))
        return (await self.door.write(capture, self.who, what)).read(Hold)

    async def release(self, held: Hold) -> Hold:
        return (await self.door.write(release, self.who, Release(hold_id=held.id))).read(Hold)

    async def spend(self, code: str, amount: int) -> Redemption:
        what = Spend(code=code, amount=eur(amount))
        return (await self.door.write_together(redeem, self.who, what)).read(Redemption)

    async def give(self, redemption_id: str, amount: int) -> Redemption:
        what = GiveBack(redemption_id=redemption_id, amount=eur(amount))
        return (await self.door.write(give_back, self.who, what)).read(Redemption)

    async def void(self, reward_id: str) -> Correction:
        return (await self.door.write(void, self.who, Void(reward_id=reward_id, reason="error"))).read(Correction)

    async def reissue(self, reward_id: str) -> tuple[Correction, str]:
        """The record, and the new code."""
        what = Reissue(reward_id=reward_id, reason="lost")
        done = (await self.door.write(reissue, self.who, what)).read(Correction)
        assert done.to_reward_id is not None
        return done, (await reveal(self.door, self.who, done.to_reward_id)).code

    async def extend(self, reward_id: str, until: datetime) -> Correction:
        return (await self.door.write(extend, self.who, Extend(reward_id=reward_id, until=until))).read(Correction)

    async def claw_back(self, reward_id: str, amount: int, reason: ClawbackReason = "fraud") -> Correction:
        what = Clawback(reward_id=reward_id, amount=eur(amount), reason=reason)
        return (await self.door.write(clawback, self.who, what)).read(Correction)

    async def sweep(self) -> tuple[int, int]:
        """How many holds and how many cards came to their end."""
        ended = (await self.door.write(end_holds, self.who, EndHolds())).read(Ended)
        return ended.count, (await self.door.write(expire, self.who, Expire())).read(Expired).count

    async def see(self, reward_id: str) -> Reward:
        async with self.door.read(self.who.merchant_id) as tx:
            found = await reward(tx, reward_id)
        assert found is not None
        return found

    def wait(self, **time: float) -> None:
        self.stand(self.door.clock() + timedelta(**time))

    def stand(self, now: datetime) -> None:
        """The clock stands at this moment."""
        self.door.clock = lambda: now
