"""The server and its disk are gone: what was acknowledged comes back from the backup, and a card is redeemed."""

from pathlib import Path

import asyncpg

from tests.faults.backup import Backup
from tests.faults.caller import calling
from tests.faults.house import House, sound
from tests.faults.shop import CAREFUL, shop, trading


async def test_after_the_loss_of_the_disk_the_books_hold_and_a_card_is_redeemed(tmp_path: Path) -> None:
    async with shop(tmp_path, CAREFUL) as at, Backup(at.postgres) as backup:
        await backup.follow()
        await backup.take()
        reward = (await at.order()).json()["rewards"][0]
        code = await at.caller.reveal(reward["id"])
        async with trading(at):
            await at.acknowledged(200)
            await at.postgres.kill()
            await at.postgres.erase()
        await backup.stop()
        kept = dict(at.caller.kept)

        async with backup.restored() as postgres, House(postgres.url, tmp_path, keys=at.house.keys) as house:
            assert await at.lost(postgres.url) == []
            owner = await asyncpg.connect(postgres.url)
            await sound(owner)
            await house.start("serve")
            async with calling(house, at.api_key) as caller:
                spend = {"code": code, "amount": {"amount": 3_00, "currency": "EUR"}}
                spent = await caller.post("/v1/gift-cards/redeem", spend, "after-the-loss")
                assert spent.json()["balance"] == {"amount": 2_00, "currency": "EUR"}, spent.text
                caller.kept = kept
                await caller.ask_all_again()
            await sound(owner)
            await owner.close()

        # The control: were nothing lost without the log, the log would not have been what brought it back.
        async with backup.restored(with_log=False) as postgres:
            assert await at.lost(postgres.url)
