"""As much of S3 as keeping files asks for, on this machine: put, get, delete, list; every request must be signed."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape


class Bucket(BaseHTTPRequestHandler):
    files: ClassVar[dict[str, bytes]] = {}
    signed: ClassVar[list[bool]] = []
    protocol_version = "HTTP/1.1"

    def log_message(self, *said: object) -> None:
        """Say nothing."""

    def do_PUT(self) -> None:
        self.files[self._name()] = self.rfile.read(int(self.headers["content-length"]))
        self._answer(200, b"", etag='"1"')

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        if "list-type" in query:
            self._answer(200, self._listing(query.get("prefix", [""])[0]))
        elif self._name() in self.files:
            self._answer(200, self.files[self._name()], etag='"1"')
        else:
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>")

    def do_POST(self) -> None:
        """Many are removed by one request; one that is not there is removed too."""
        asked = self.rfile.read(int(self.headers["content-length"])).decode()
        names = re.findall("<Key>(.*?)</Key>", asked)
        for name in names:
            self.files.pop(name, None)
        done = "".join(f"<Deleted><Key>{name}</Key></Deleted>" for name in names)
        self._answer(200, f"<DeleteResult>{done}</DeleteResult>".encode())

    def _name(self) -> str:
        return unquote(urlsplit(self.path).path).removeprefix("/shop/")

    def _listing(self, prefix: str) -> bytes:
        at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        found = "".join(
            f"<Contents><Key>{escape(name)}</Key><LastModified>{at}</LastModified><Size>{len(self.files[name])}</Size>"
            "<ETag>1</ETag></Contents>"
            for name in sorted(self.files)
            if name.startswith(prefix)
        )
        return f"<ListBucketResult><IsTruncated>false</IsTruncated>{found}</ListBucketResult>".encode()

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.signed.append("AWS4-HMAC-SHA256" in self.headers.get("authorization", ""))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("last-modified", "Sun, 22 Nov 2026 10:00:00 GMT")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def s3() -> Iterator[tuple[str, type[Bucket]]]:
    """The address of an empty bucket ``shop``, and what it saw."""

    class Own(Bucket):
        files: ClassVar[dict[str, bytes]] = {}
        signed: ClassVar[list[bool]] = []

    server = ThreadingHTTPServer(("127.0.0.1", 0), Own)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", Own
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
