"""Private servers for development and tests: a PostgreSQL and a Valkey on 127.0.0.1 that live and die with us.

    async with Postgres(folder) as postgres, Valkey(other) as valkey:
        connect(postgres.url, valkey.url)

Both take a folder to keep their data in, or none for a temporary one. Nothing here is tied to an event loop: a server
started under one ``asyncio.run`` may be stopped or killed under another.
"""

from compensation.db.embedded.child import CannotStart, Child
from compensation.db.embedded.postgres import Postgres
from compensation.db.embedded.valkey import Valkey

__all__ = ["CannotStart", "Child", "Postgres", "Valkey"]
