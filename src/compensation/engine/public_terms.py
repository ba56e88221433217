"""What a policy tells everybody beforehand, on its public page: returns, warranty, disputes, and what we cannot do."""

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from compensation.engine.harm import Wording
from compensation.engine.report import Code, Label

Payer = Literal["merchant", "customer"]


class NotReturned(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Goods that are not taken back once they were sold: whole categories, or items by their SKU, with the reason.

    They are still put right: no offer that needs them back is made, and what is owed stays owed.
    """

    categories: tuple[Code, ...] = ()
    skus: tuple[Label, ...] = ()
    because: Wording

    def __post_init__(self) -> None:
        if not self.categories and not self.skus:
            raise ValueError("Name the categories or the skus that are not taken back.")

    def names(self, category: str | None, sku: str | None) -> bool:
        return category in self.categories or sku in self.skus


class Returns(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How goods come back. ``condition`` says in which state they are taken back."""

    shipping: Payer = "merchant"
    condition: Wording | UnsetType = UNSET
    not_returned: tuple[NotReturned, ...] = ()


class PublicTerms(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A policy that has these has a public page; the rest of the page is told from the rules themselves.

    ``sums`` prints how much goodwill each harm earns; without it the page says what counts, and each decision how much.
    """

    returns: Returns | UnsetType = UNSET
    warranty_months: Annotated[int, Meta(ge=1, le=240)] | UnsetType = UNSET
    sums: bool = False
    disputes: Wording | UnsetType = UNSET
    limits: Wording | UnsetType = UNSET
    """What we cannot do, and which mistakes happen. A page without it promises more than anybody can keep."""
