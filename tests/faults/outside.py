"""The world outside, which goes on when the product dies: a payment processor, a supplier and a mail server."""

import mailbox
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from email.message import Message
from pathlib import Path

from compensation.partners.mailbox import FOLDER, Mailbox
from compensation.partners.payment_simulator.book import Book, Refund
from compensation.partners.payment_simulator.server import FILE, PaymentSimulator
from compensation.partners.stripe_refunds import MARK
from compensation.partners.supplier_simulator.book import Book as SupplierBook
from compensation.partners.supplier_simulator.book import Order
from compensation.partners.supplier_simulator.server import FILE as SUPPLIER_FILE
from compensation.partners.supplier_simulator.server import SupplierSimulator


class Outside:
    """What the world has seen of us."""

    def __init__(self, payments: PaymentSimulator, supplier: SupplierSimulator, mail: Mailbox, folder: Path) -> None:
        self.payments_url = payments.url
        self.supplier_url = supplier.url
        self.smtp_url = mail.url
        self._folder = folder

    def refunds(self) -> list[Refund]:
        """Everything the processor gave back, the newest first."""
        with closing(Book(self._folder / FILE)) as book:
            return book.refunds(None)

    def forget_keys(self) -> None:
        """As a processor may after a day: from now on only our reference on the refund itself says that it was made."""
        with closing(Book(self._folder / FILE)) as book:
            book.forget_keys()

    def references(self) -> Counter[str]:
        """How many refunds bear each reference of ours."""
        return Counter(refund.metadata[MARK] for refund in self.refunds())

    def sold(self) -> list[Order]:
        """Every card that the supplier sold, the oldest first."""
        with closing(SupplierBook(self._folder / SUPPLIER_FILE)) as book:
            return book.orders()

    def letters(self) -> Iterator[Message]:
        """Every message that reached the mail server, repeats included."""
        yield from mailbox.Maildir(self._folder / FOLDER, create=False)

    def message_ids(self) -> Counter[str]:
        return Counter(str(letter["Message-ID"]) for letter in self.letters())


@asynccontextmanager
async def outside(folder: Path) -> AsyncIterator[Outside]:
    """The servers, in this process, so that they outlive every process of the product."""
    async with (
        PaymentSimulator(folder / FILE) as payments,
        SupplierSimulator(folder / SUPPLIER_FILE) as supplier,
        Mailbox(folder / FOLDER) as mail,
    ):
        yield Outside(payments, supplier, mail, folder)
