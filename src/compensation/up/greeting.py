"""What a person reads once everything runs: where to go, how to log in, what to send first."""

import re
from pathlib import Path

from compensation.core.settings import Settings

_FIRST_REQUEST = """\
curl -s {base}/v1/cases -H 'Authorization: Bearer {key}' -H 'Idempotency-Key: my-first-case' \\
  -H 'Content-Type: application/json' -d '{{"harms": [{{"type": "material.defective_product", "severity": "medium"}}],
  "reason_code": "defect", "country": "DE", "locale": "en", "words": "My new kettle stopped heating after two days.",
  "facts": {{"within_withdrawal_window": true}}, "customer": {{"reference": "C-1", "email": "layla@shop.example"}},
  "order": {{"number": "SN-48213", "item": "kettle", "amount": {{"amount": 10000, "currency": "EUR"}}}}}}'"""


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
        lines += ["", "  a first request, that reports a harm and is answered with offers:", ""]
        lines += [f"    {line}" for line in _FIRST_REQUEST.format(base=base, key=key[1]).splitlines()]
    return "\n".join([*lines, "", "Ctrl-C stops it."])
