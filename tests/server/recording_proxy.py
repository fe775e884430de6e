"""A proxy before a server that writes down what is asked, and can cut connections. The server is started with
`--base-url` of the proxy, so that uploads and downloads come through it as well.
"""

from __future__ import annotations

import http.client
import json
import re
import socket
import threading
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from real_server import Server


@dataclass
class Recorded:
    method: str
    path: str
    headers: dict[str, str]  # names in lower case
    body: bytes

    @property
    def operation(self) -> str:
        """The name of the GraphQL operation; "" when it is none."""
        if self.path != "/graphql":
            return ""
        found = re.search(r"(?:query|mutation)\s+(\w+)", json.loads(self.body)["query"])
        return found.group(1) if found else ""

    @property
    def variables(self) -> dict[str, Any]:
        given: dict[str, Any] = json.loads(self.body).get("variables") or {}
        return given


@dataclass
class RecordingProxy:
    """`with RecordingProxy() as proxy: proxy.start(server)`. `cut(request, done)` says after how many
    bytes of the body, in (True: of the request) or out, the connection is dropped; None: not at all.
    """

    target: str = ""
    requests: list[Recorded] = field(default_factory=list)
    cut: Callable[[str, str, bool, int], int | None] | None = None

    def __enter__(self) -> RecordingProxy:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def start(self, server: Server) -> None:
        """The server, whose URL is this proxy's from now on."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.target = f"http://127.0.0.1:{port}"
        server.start("--base-url", self.url, port=port)

    def operations(self) -> list[str]:
        return [r.operation for r in self.requests if r.operation]

    def named(self, operation: str) -> list[dict[str, Any]]:
        """The variables of every request of an operation."""
        return [r.variables for r in self.requests if r.operation == operation]

    def puts(self) -> list[Recorded]:
        return [r for r in self.requests if r.method == "PUT"]

    def gets(self) -> list[Recorded]:
        return [r for r in self.requests if r.method == "GET"]

    def clear(self) -> None:
        self.requests.clear()


_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "content-length"}


def _handler(proxy: RecordingProxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args: Any) -> None:
            pass

        def _body(self) -> bytes:
            if (self.headers.get("Transfer-Encoding") or "").lower() != "chunked":
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)

        def _pass_on(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            upto = proxy.cut(self.command, self.path, True, length) if proxy.cut else None
            if upto is not None:
                self.rfile.read(min(upto, length))
                self._drop()
                return
            body = self._body()
            headers = {k.lower(): v for k, v in self.headers.items()}
            proxy.requests.append(Recorded(self.command, self.path, headers, body))
            address = urllib.parse.urlsplit(proxy.target)
            connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
            try:
                kept = {k: v for k, v in headers.items() if k not in _HOP}
                connection.request(self.command, self.path, body, kept)
                response = connection.getresponse()
                answer = response.read()
            except OSError:
                self._drop()
                return
            finally:
                connection.close()
            upto = proxy.cut(self.command, self.path, False, len(answer)) if proxy.cut else None
            self.send_response(response.status)
            for name, value in response.getheaders():
                if name.lower() not in _HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer if upto is None else answer[:upto])
            if upto is not None:
                self._drop()

        def _drop(self) -> None:
            self.close_connection = True
            self.wfile.flush()
            self.connection.close()

    for method in ("GET", "PUT", "POST", "DELETE", "HEAD"):
        setattr(Handler, f"do_{method}", Handler._pass_on)
    return Handler
