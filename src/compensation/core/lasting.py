"""What a process makes once and keeps: nobody need look for garbage among it."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def lasting() -> Iterator[None]:
    """Whatever is made within is kept for the life of the process. The collector rests meanwhile, and passes over it
    ever after: modules, routes and rules are hundreds of thousands of objects, and each full search would visit all."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
