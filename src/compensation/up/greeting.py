"""What a person reads once everything runs: where to go, how to log in, what to send first."""

import re
from pathlib import Path

from compensation.core.settings import Settings


def greeting(settings: Settings, demo: str, logs: Path) -> str:
    """The text. ``demo`` is what ``seed-demo`` said, in lines like ``test API key: …``."""
    key = re.search(r"^test API key: (\S+)$", demo, re.MULTILINE)
    base = settings.base_url
    lines = [
        "compensation is running",
        "",
        f"  console   {base}/console",
        f"  API       {base}/docs",
        f"  mailbox   {base}/dev/mailbox",
        f"  logs      {logs}",
        "",
        *(f"  {line}" for line in demo.strip().splitlines()),
    ]
    if key:
        lines += ["", "  a first request:", f'    curl -H "Authorization: Bearer {key[1]}" {base}/v1/cases']
    return "\n".join([*lines, "", "Ctrl-C stops it."])
