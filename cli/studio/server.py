"""The server of the page: only for this machine, and only with the token."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from string import Template
from typing import Any, cast

from ..console import faults
from ..errors import FileError, UsageError
from .call import RequestError, place_of, steps_of
from .session import Answer, Session
from .turns import OvertakenError

ADDRESS = "127.0.0.1"
NAMES = (ADDRESS, "localhost")
"""The allowed host names: under another name, a foreign page could reach the server."""
TOKEN = "Imfilter-Token"
TOLD = "Imfilter-Told"
"""The header for the JSON that goes with a picture."""
MOST_BYTES = 1 << 16
"""The most bytes of a request."""
PATIENCE = 600.0
"""Seconds that the server waits after the last request of a page."""
LOOK = 0.5
"""Seconds between two looks at the clock."""
SCRIPTS = ("state", "asking", "picture", "steps", "controls", "begin")
"""The parts of the page's script."""
TIMEOUT = 120
"""Seconds that an idle connection is kept."""


class RefusedError(Exception):
    """A request that is refused, and why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Page:
    """The page in one file: the policy names its script and its style by their digests."""

    def __init__(self) -> None:
        folder = Path(__file__).parent / "page"
        template, style = ((folder / name).read_text("utf-8") for name in ("page.html", "page.css"))
        script = "\n".join(['"use strict";', *((folder / f"{name}.js").read_text("utf-8") for name in SCRIPTS)])
        self.content = Template(template).substitute(style=style, script=script).encode()
        self.policy = "; ".join(
            (
                "default-src 'none'",
                f"script-src {_source(script)}",
                f"style-src {_source(style)}",
                "img-src data:",
                "connect-src 'self'",
                "base-uri 'none'",
                "form-action 'none'",
                "frame-ancestors 'none'",
            )
        )


def _source(text: str) -> str:
    """Return the source expression of a text by its digest.

    >>> _source("")
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
    """
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


class IdleError(Exception):
    """No page has sent a request for a while."""


class Server(ThreadingHTTPServer):
    """Serves the page of a session."""

    daemon_threads = True

    def __init__(self, session: Session, port: int = 0, keep: bool = False) -> None:
        """Listen on a *port*, 0 for a free one; raises OSError. With *keep*, the server does not stop by itself."""
        super().__init__((ADDRESS, port), Handler)
        self.session, self.keep = session, keep
        self.page, self.token = Page(), secrets.token_urlsafe(24)
        self.heard = time.monotonic()

    @property
    def address(self) -> str:
        """The address for the browser."""
        return f"http://{ADDRESS}:{self.server_port}/?{self.token}"

    def service_actions(self) -> None:
        """Check the clock; raises IdleError."""
        if not self.keep and time.monotonic() - self.heard > PATIENCE:
            raise IdleError

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing if a page goes away."""

    def serve(self) -> None:
        """Serve until a signal comes, or no page has sent a request for a while."""
        try:
            self.serve_forever(LOOK)
        except IdleError:
            pass
        finally:
            self.server_close()


class Handler(BaseHTTPRequestHandler):
    """Answers the requests of a connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = TIMEOUT

    @property
    def _served(self) -> Server:
        return cast(Server, self.server)

    def do_GET(self) -> None:
        """Send the page."""
        self._answered(self._page)

    def do_POST(self) -> None:
        """Answer a request of the page."""
        self._answered(self._asked)

    def _answered(self, answer: Any) -> None:
        try:
            answer()
        except RefusedError as refusal:
            self.close_connection = True  # an unread body may follow
            self._send(refusal.status, "application/json", json.dumps({"message": str(refusal)}).encode())

    def _page(self) -> None:
        self._check_host()
        path, _, token = self.path.partition("?")
        if path != "/":
            raise RefusedError(404, "there is no such page")
        self._check_token(token)
        page = self._served.page
        self._send(200, "text/html; charset=utf-8", page.content, {"Content-Security-Policy": page.policy})

    def _asked(self) -> None:
        self._check_host()
        self._check_origin()
        self._check_token(self.headers.get(TOKEN, ""))
        if (answer := self._served.session.routes.get(self.path)) is None:
            raise RefusedError(404, "there is no such page")
        asked = self._body()
        try:
            self._send_answer(answer(asked))
        except RequestError as error:
            raise RefusedError(400, str(error)) from None
        except OvertakenError:
            self._send_json(200, {"message": "a newer request replaced this one", "overtaken": True})
        except (UsageError, FileError) as error:
            step, parameter = place_of(str(error), steps_of(asked.get("steps", [])))
            # Not an HTTP error, which the browser would log.
            self._send_json(200, {"message": str(error), "step": step, "parameter": parameter})
        except Exception as fault:  # a fault costs one answer, not the session
            self._send_json(500, {"message": faults.described(fault)})

    def _check_host(self) -> None:
        """Refuse a page that reached this machine under another name."""
        if self.headers.get("Host", "") not in self._hosts():
            raise RefusedError(421, "this host is not served")

    def _check_origin(self) -> None:
        origin = self.headers.get("Origin")
        if origin is not None and origin not in {f"http://{host}" for host in self._hosts()}:
            raise RefusedError(403, "the request comes from another page")

    def _hosts(self) -> set[str]:
        return {f"{name}:{self._served.server_port}" for name in NAMES}

    def _check_token(self, given: str) -> None:
        if not secrets.compare_digest(given.encode("utf-8", "replace"), self._served.token.encode()):
            raise RefusedError(403, "the token is missing or wrong; open the address that imfilter studio printed")
        self._served.heard = time.monotonic()

    def _body(self) -> dict[str, Any]:
        if self.headers.get_content_type() != "application/json":
            raise RefusedError(415, "a request must be JSON")
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()) or "Transfer-Encoding" in self.headers:
            raise RefusedError(411, "a request must state its length")
        if len(length) > 9 or int(length) > MOST_BYTES:
            raise RefusedError(413, f"a request has at most {MOST_BYTES} bytes")
        try:
            asked = json.loads(self.rfile.read(int(length)))
        except (ValueError, RecursionError):
            raise RefusedError(400, "a request must be JSON") from None
        if not isinstance(asked, dict):
            raise RefusedError(400, "a request must be an object")
        return asked

    def _send_answer(self, answer: Answer) -> None:
        if answer.picture:
            self._send(200, "image/png", answer.picture, {TOLD: json.dumps(answer.told)})
        else:
            self._send_json(200, answer.told)

    def _send_json(self, status: int, told: Any) -> None:
        self._send(status, "application/json", json.dumps(told).encode())

    def _send(self, status: int, kind: str, content: bytes, more: dict[str, str] | None = None) -> None:
        self.send_response(status)
        always = {
            "Content-Type": kind,
            "Content-Length": str(len(content)),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Resource-Policy": "same-origin",
        }
        for name, value in (always | (more or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def version_string(self) -> str:
        """Return the server's name."""
        return "imfilter"

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing: refusals go to the client."""
