"""Read an https address, whole or in parts: over https at every step, only from public machines, and in limited time.

The name is resolved here and the connection made to that very address, so that neither a redirect nor a name that
resolves differently a moment later reaches a private network. Certificates are checked as Python does by default.
"""

from __future__ import annotations

import http.client
import ipaddress
import random
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar
from urllib.parse import urljoin, urlsplit

from . import names
from .failures import NoPartsError, StoreError, answered

CONNECT, SILENT = 10.0, 60.0
"""Seconds within which a connection must open, and deliver a byte."""
REDIRECTS = 5
RETRIES, FIRST = 5, 0.2
"""The number of retries, and the seconds before the first, which double each time."""
AGAIN = frozenset({408, 429, 500, 502, 503, 504})
MOVED = frozenset({301, 302, 303, 307, 308})
PIECE = 1 << 20
MOST_OF_UNKNOWN = 1 << 28
"""Most bytes read from an answer that does not state its length."""

RANGED = frozenset({http.client.OK, http.client.PARTIAL_CONTENT, http.client.REQUESTED_RANGE_NOT_SATISFIABLE})
"""How a server may answer a request for a part; by the first and the last it sends none."""

T = TypeVar("T")


class _Passing(StoreError):
    """A failure that may not happen again."""


def get(name: str, check: Callable[[bytes, int, bool], None]) -> bytes:
    """Return the contents of an address; raises StoreError, and what *check* raises (see `objects.Check`)."""
    return _taken(name, {}, partial(_body, check=check))


def head(name: str) -> tuple[int, str]:
    """Return the size and the validator of an address; raises StoreError, NoPartsError if it is only sent whole."""
    return _taken(name, {"Range": "bytes=0-0"}, _size_and_validator)


def get_part(name: str, start: int, stop: int, validator: str) -> bytes:
    """Return some bytes of the version that has this *validator*; raises StoreError."""
    headers = {"Range": f"bytes={start}-{stop - 1}", "If-Range": validator}
    return _taken(name, headers, partial(_part, start=start, stop=stop))


def _taken(name: str, headers: Mapping[str, str], take: Callable[[http.client.HTTPResponse], T]) -> T:
    """Return what *take* makes of the answer to a request; raises StoreError."""
    for tried in range(1, RETRIES + 2):
        try:
            return _once(names.with_query(name), headers, take)
        except _Passing as failure:
            if tried > RETRIES:
                raise StoreError(f"{failure}, {tried} times", failure.status) from None
            time.sleep(FIRST * 2 ** (tried - 1) * random.uniform(0.5, 1))
    raise AssertionError


def _once(address: str, headers: Mapping[str, str], take: Callable[[http.client.HTTPResponse], T]) -> T:
    expected = RANGED if "Range" in headers else {http.client.OK}
    headers = {"User-Agent": "imfilter", "Accept-Encoding": "identity", **headers}
    for _ in range(REDIRECTS + 1):
        connection = _Connection(address)
        try:
            connection.request("GET", connection.path, headers=headers)
            answer = connection.getresponse()
            if answer.status in MOVED and (location := answer.getheader("Location")):
                address = urljoin(address, location)
                continue
            if answer.status in AGAIN:
                raise _Passing(str(answered(answer.status)), answer.status)
            if answer.status not in expected:
                raise answered(answer.status)
            return take(answer)
        except ssl.SSLCertVerificationError:
            raise StoreError("its certificate is not valid") from None
        except StoreError:
            raise
        except TimeoutError:
            raise _Passing("it did not answer in time") from None
        except (OSError, http.client.HTTPException):
            raise _Passing("the connection broke off") from None
        finally:
            connection.close()
    raise StoreError(f"redirects more than {REDIRECTS} times")


def _body(answer: http.client.HTTPResponse, check: Callable[[bytes, int, bool], None]) -> bytes:
    whole = bytearray(answer.read(PIECE))
    size = answer.length + len(whole) if answer.length is not None else None
    in_parts = size is not None and answer.getheader("Accept-Ranges") == "bytes" and bool(_validator(answer))
    check(bytes(whole), len(whole) if size is None else size, in_parts)
    while piece := answer.read(PIECE):
        whole += piece
        if size is None and len(whole) > MOST_OF_UNKNOWN:
            raise StoreError(f"exceeds {MOST_OF_UNKNOWN >> 20} MiB and does not state its size; download it first")
    if size is not None and len(whole) != size:
        raise _Passing("the connection broke off")
    return bytes(whole)


def _size_and_validator(answer: http.client.HTTPResponse) -> tuple[int, str]:
    size, validator = (answer.getheader("Content-Range") or "").removeprefix("bytes 0-0/"), _validator(answer)
    if answer.status != http.client.PARTIAL_CONTENT or not (size.isascii() and size.isdecimal() and validator):
        raise NoPartsError("the server does not send parts of it; download it first")
    return int(size), validator


def _part(answer: http.client.HTTPResponse, start: int, stop: int) -> bytes:
    if answer.status != http.client.PARTIAL_CONTENT:
        raise StoreError("another version is there", http.client.PRECONDITION_FAILED)
    if not (answer.getheader("Content-Range") or "").startswith(f"bytes {start}-{stop - 1}/"):
        raise NoPartsError("the server sends other bytes of it than it is asked for; download it first")
    part = answer.read(stop - start)
    if len(part) != stop - start:
        raise _Passing("the connection broke off")
    return part


def _validator(answer: http.client.HTTPResponse) -> str:
    """Return what tells one version from others; "" if nothing does so for certain (RFC 9110, 13.1.5)."""
    tag = answer.getheader("ETag") or ""
    return tag if tag.startswith('"') else answer.getheader("Last-Modified") or ""


class _Connection(http.client.HTTPSConnection):
    """A connection to the machine to which a name resolves now."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        try:
            port = parts.port or http.client.HTTPS_PORT
        except ValueError:
            raise StoreError("its port is invalid") from None
        if parts.scheme != "https":
            raise StoreError("redirects to an address that is not https")
        if not parts.hostname or parts.username is not None:
            raise StoreError("must name a host, and no user")
        super().__init__(parts.hostname, port, timeout=CONNECT, context=ssl.create_default_context())
        self.path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if not self.path.isascii() or " " in self.path:
            from urllib.parse import quote

            self.path = quote(self.path, safe="/?&=%:@!$'()*+,;~-._[]")

    def connect(self) -> None:
        """Connect to an address that is allowed."""
        self.sock = self._context.wrap_socket(  # type: ignore[attr-defined]
            _socket(self.host, self.port), server_hostname=self.host
        )
        self.sock.settimeout(SILENT)


def _socket(host: str, port: int) -> socket.socket:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror:
        raise _Passing("its host is unknown") from None
    allowed = [where for *_, where in found if names.private_allowed() or _is_public(str(where[0]))]
    if not allowed:
        raise StoreError("leads to a private address; --allow-private allows those")
    for number, where in enumerate(allowed, 1):
        try:
            return socket.create_connection((str(where[0]), port), CONNECT)
        except OSError:
            if number == len(allowed):
                raise
    raise AssertionError


def _is_public(address: str) -> bool:
    """Whether an address is public, that is reachable from everywhere.

    >>> [_is_public(one) for one in ("93.184.216.34", "10.0.0.1", "169.254.169.254", "::1", "::ffff:7f00:1")]
    [True, False, False, False, False]
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    inner = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None) or found
    return inner.is_global and not inner.is_multicast
