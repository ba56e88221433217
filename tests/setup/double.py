"""Stands in for ``python -m compensation`` where a test is about starting and stopping, not about what is started.

``DOUBLE_FAILS=migrate`` makes that command fail; ``DOUBLE_IGNORES=work`` makes that one deaf to SIGTERM.
"""

import http.server
import os
import signal
import sys


class _Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()


def _play(command: str) -> None:
    if os.environ.get("DOUBLE_FAILS") == command:
        sys.exit(f"{command} cannot do that")
    if os.environ.get("DOUBLE_IGNORES") == command:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    match command:
        case "migrate":
            assert os.environ["DATABASE_URL"].startswith("postgresql://")
            assert os.environ["REDIS_URL"].startswith("redis://")
        case "seed-demo":
            print("test API key: key-of-the-double")
        case "serve":
            http.server.HTTPServer(("127.0.0.1", int(os.environ["COMPENSATION_PORT"])), _Health).serve_forever()
        case "work" | "simulate-payments":
            signal.pause()


_play(sys.argv[1])
