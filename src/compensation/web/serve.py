"""One web process: uvicorn on uvloop in front of the application, told to stop by a signal, finishing what it began."""

import asyncio
import logging
import signal
import socket

import uvicorn
from litestar import Litestar

from compensation.core.errors import Invalid
from compensation.core.lasting import lasting
from compensation.core.settings import Settings
from compensation.web.app import create_app

_DRAIN = 10
"""Seconds that requests under way are given when we are told to stop."""


def main(settings: Settings) -> int:
    """Serve until SIGTERM or SIGINT. Raises Invalid for settings that cannot work, OSError for a port in use."""
    logging.basicConfig(level=settings.log_level.upper(), format="%(levelname)s %(name)s: %(message)s")
    if not settings.keys:
        raise Invalid("invalid_keys", "Set COMPENSATION_KEYS: without a root key nothing can be sealed or opened.")
    with lasting():
        app = create_app(settings)
    return serve(settings, app)


def serve(settings: Settings, app: Litestar) -> int:
    """The same for an application that is made already; nothing of it has been opened yet."""
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        lifespan="on",
        log_config=None,
        # Addresses hold customers' tokens, so they are not written down.
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=_DRAIN,
        timeout_keep_alive=15,
        h11_max_incomplete_event_size=64 * 1024,
    )
    listening = _listen(settings.host, settings.port)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    server = uvicorn.Server(config)
    try:
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(server.serve(sockets=[listening]))
    except KeyboardInterrupt:
        # uvicorn has stopped in good order and raises the signal once more for whoever else listens.
        return 0
    finally:
        listening.close()
    return 0 if server.started else 1


def _listen(host: str, port: int) -> socket.socket:
    """Bound before anything is opened, so that a port in use is one sentence and costs nothing."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError:
        listening.close()
        raise
    return listening
