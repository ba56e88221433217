"""The first five minutes of a newcomer: the real product starts, answers, balances, and goes."""

import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from compensation.up.place import Place
from tests.setup.terminal import PRODUCT, started

SOON = 5.0
"""Seconds from an installed clone to an address to open, as promised; with as much again where other tests run too."""


def test_a_newcomer_has_it_running_soon_logs_in_and_finds_the_books_in_order(place: Path) -> None:
    with started(place, program=PRODUCT) as session:
        began = time.monotonic()
        said = session.until_ready()
        assert time.monotonic() - began < 2 * SOON
        assert len(re.findall(r"console login \(\w+\): \S+@\S+ / \S+", said)) == 2
        assert re.search(r"test API key: sk_test_\w+", said)
        running = Place(place).running()
        assert running is not None
        with urllib.request.urlopen(f"{running.base_url}/ready", timeout=5) as answer:
            assert answer.status == 200
        audit = subprocess.run(
            [*PRODUCT, "audit"], env={"COMPENSATION_DATA": str(place)}, capture_output=True, check=False
        )
        assert audit.returncode == 0, audit.stderr
        session.process.send_signal(signal.SIGINT)
        status, _ = session.ends()
    assert status == 0
    with started(place, program=PRODUCT) as session:
        again = session.until_ready()
    assert re.findall(r"sk_test_\w+", again) == re.findall(r"sk_test_\w+", said), "the key of the first day still works"


def test_help_is_quick_and_names_every_command() -> None:
    shown = subprocess.run([*PRODUCT, "--help"], capture_output=True, text=True, check=True).stdout
    for command in ("audit", "demo", "migrate", "seed-demo", "serve", "up", "verify-receipt", "work"):
        assert re.search(rf"^  {command} ", shown, re.MULTILINE)
    loaded = "import sys, compensation.__main__; print({'litestar', 'asyncpg', 'arq', 'stripe'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)
    assert ran.stdout == "set()\n", "a command waits for libraries that it does not use"
