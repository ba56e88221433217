"""Stands in for ``python -m compensation`` where a test is about starting and stopping, not about what is started.

``DOUBLE_FAILS=migrate`` makes that command fail; ``DOUBLE_IGNORES=SIGTERM`` makes ``serve`` deaf to it.
"""

import http.server
import os
import signal
import socket
import sys
from types import FrameType
from urllib.parse import urlsplit


class _Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()


def _last_look(number: int, frame: FrameType | None) -> None:
    """Say whether the database is there to finish one's work with."""
    address = urlsplit(os.environ["DATABASE_URL"])
    with socket.socket() as line:
        there = address.hostname == "127.0.0.1" and line.connect_ex(("127.0.0.1", address.port)) == 0
    print("the database is there" if there else "the database is gone", flush=True)
    sys.exit()


def _play(command: str) -> None:
    if os.environ.get("DOUBLE_FAILS") == command:
        sys.exit(f"{command} cannot do that")
    match command:
        case "migrate":
            assert os.environ["DATABASE_URL"].startswith("postgresql://")
            assert os.environ["REDIS_URL"].startswith("redis://")
        case "seed-demo":
            print("test API key: key-of-the-double")
        case "serve" if os.environ.get("DOUBLE_FAILS") == "work":
            signal.pause()  # so that a test need not hope that the other fails before this one answers
        case "serve":
            # Before it answers, so that whoever has been answered knows how it takes a signal.
            signal.signal(signal.SIGTERM, signal.SIG_IGN if os.environ.get("DOUBLE_IGNORES") else _last_look)
            http.server.HTTPServer(("127.0.0.1", int(os.environ["COMPENSATION_PORT"])), _Health).serve_forever()
        case "work" | "simulate-payments" | "simulate-supplier":
            signal.pause()


_play(sys.argv[1])
