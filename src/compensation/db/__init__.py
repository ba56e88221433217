"""Everything that knows PostgreSQL: the pool, the one doorway for writes, the outbox, migrations, the audit."""
