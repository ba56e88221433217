"""Named points at which a process can be told to die, so that tests can prove what survives.

``COMPENSATION_CRASH=unit.before_commit`` kills this process (SIGKILL, no clean-up) the first time it passes there;
``unit.before_commit:3`` the third time. Unset, as always outside the fault tests, a point costs one comparison.
"""

import itertools
import os
import signal

_NAME, _, _COUNT = os.environ.get("COMPENSATION_CRASH", "").partition(":")
_passes = itertools.count(1)
POINTS: frozenset[str] = frozenset(
    {
        "unit.before_act",
        "unit.before_commit",
        "unit.after_commit",
        "outbox.after_claim",
        "outbox.before_done",
        "refund.before_call",
        "refund.after_call",
        "product.before_call",
        "product.after_call",
        "deliver.before_send",
        "deliver.after_send",
        "import.before_chunk",
        "import.after_chunk",
    }
)


def crashpoint(name: str) -> None:
    """Die here if this is the point the environment names. ``name`` must be one of POINTS."""
    if name == _NAME and next(_passes) == int(_COUNT or 1):
        os.kill(os.getpid(), signal.SIGKILL)
