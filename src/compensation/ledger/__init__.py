"""Value and its movements: accounts, postings, transfers. Nothing here knows why value moves."""

from compensation.ledger.account import Lot, account
from compensation.ledger.post import Posting, Transfer, balances, lock, post

__all__ = ["Lot", "Posting", "Transfer", "account", "balances", "lock", "post"]
