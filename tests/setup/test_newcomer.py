"""The first five minutes of a newcomer: the real product starts, answers, balances, and goes."""

import json
import re
import shlex
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

from compensation.merchants.demo import STAFF
from compensation.up.place import Place
from tests.setup.terminal import PRODUCT, started


def pasted(command: str) -> dict[str, Any]:
    """What the printed curl is answered, sent without curl, which not every machine has."""
    _, _, url, *words = shlex.split(command.replace("\\\n", " "))
    options = [(words[place], words[place + 1]) for place in range(0, len(words), 2)]
    headers = dict(header.split(": ", 1) for option, header in options if option == "-H")
    (body,) = (data.encode() for option, data in options if option == "-d")
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=10) as answer:
        answered: dict[str, Any] = json.load(answer)
        return answered


def test_a_newcomer_has_it_running_logs_in_and_finds_the_books_in_order(place: Path) -> None:
    with started(place, program=PRODUCT) as session:
        said = session.until_ready()
        assert len(re.findall(r"console login \(\w+\): \S+@\S+ / \S+", said)) == len(STAFF)
        assert re.search(r"test API key: sk_test_\w+", said)
        running = Place(place).running()
        assert running is not None
        with urllib.request.urlopen(f"{running.base_url}/ready", timeout=5) as answer:
            assert answer.status == 200
        command = said.partition("a first request")[2].partition(":\n")[2].partition("Ctrl-C")[0]
        assert pasted(command)["offers"]
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
