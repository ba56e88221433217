"""What PostgreSQL and its driver may answer, in our words. A driver error that is not here is a bug, and a 500."""

import asyncio

import asyncpg

from compensation.core.errors import Invalid, Problem, Refused, Unavailable

RETRY_AFTER = 2
"""Seconds after which a caller may try again when the database was away."""

RETRYABLE = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)

_AWAY = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    # What the driver says of a connection that breaks while it is being given back to the pool.
    asyncpg.InternalClientError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.LockNotAvailableError,
    asyncpg.IdleInTransactionSessionTimeoutError,
    asyncpg.InvalidAuthorizationSpecificationError,
    ConnectionError,
    TimeoutError,
    asyncio.TimeoutError,
    OSError,
)
_NOT_NOW = (asyncpg.LockNotAvailableError, asyncpg.InsufficientResourcesError)
_BAD_VALUE = (asyncpg.DataError, asyncpg.exceptions.CharacterNotInRepertoireError, asyncpg.UntranslatableCharacterError)


_EMPTY = ("no_overdraft", "source_was_opened")
"""What the table says when an account holds too little, or was never used at all."""


def away() -> Unavailable:
    return Unavailable(
        "unavailable",
        "The database cannot be reached now. Send the same request with the same Idempotency-Key again.",
        retry_after=RETRY_AFTER,
    )


def may_be_asked(error: BaseException) -> bool:
    """Whether the database, which could not do this, can still tell what it did before."""
    return isinstance(error, _NOT_NOW) or not isinstance(as_problem(error), Unavailable)


def as_problem(error: BaseException) -> Problem | None:
    """The problem a caller should see, or None when the error is a bug of ours."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, asyncpg.IntegrityConstraintViolationError) and error.constraint_name in _EMPTY:
        return Refused("insufficient_balance", "There is not enough value left for this.")
    if isinstance(error, asyncpg.CheckViolationError) and (error.constraint_name or "").endswith("_state_moves"):
        return Refused("wrong_state", f"This cannot be done now: {error}.")
    if isinstance(error, _BAD_VALUE) and not isinstance(error, asyncpg.InterfaceError):
        return Invalid("invalid_value", "A value cannot be stored: it holds a forbidden character or is out of range.")
    if isinstance(error, (*RETRYABLE, *_AWAY)):
        return away()
    return None
