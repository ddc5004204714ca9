"""A real server of S3, in a process of its own, and a proxy before it that does what networks do.

The program runs in processes of its own too: the library of stores hangs in copies of a process that has used it.
"""

from __future__ import annotations

import http.client
import http.server
import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest

SERVER = "a server of S3, and the extra stores"
SERVE = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""
Fault = Callable[[str, str, int], "str | float | None"]
"""Returns what happens to a request of a method, for a path, the number of which is told; None is nothing."""


@pytest.fixture(scope="session")
def endpoint(needs) -> Iterator[str]:
    """The address of a server of S3."""
    needs(SERVER)
    words = [sys.executable, "-W", "ignore", "-c", SERVE]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as server:
        assert server.stdin is not None and server.stdout is not None
        yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        server.stdin.close()
        server.wait()


class Bucket:
    """A bucket of a test, seen by another library than the program's."""

    def __init__(self, client: Any, name: str) -> None:
        self.client, self.name, self.url = client, name, f"s3://{name}"

    def put(self, key: str, data: bytes) -> None:
        self.client.put_object(Bucket=self.name, Key=key, Body=data)

    def get(self, key: str) -> bytes:
        return self.client.get_object(Bucket=self.name, Key=key)["Body"].read()

    def metadata(self, key: str) -> dict[str, str]:
        return self.client.head_object(Bucket=self.name, Key=key)["Metadata"]

    def delete(self, key: str) -> None:
        self.client.delete_object(Bucket=self.name, Key=key)

    def written(self) -> dict[str, tuple[str, Any]]:
        """Return the tag and the time of each object by its key."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name)
        return {one["Key"]: (one["ETag"], one["LastModified"]) for page in pages for one in page.get("Contents", ())}

    def uploads(self) -> int:
        """Return how many puts in parts were begun, and neither ended nor aborted."""
        return len(self.client.list_multipart_uploads(Bucket=self.name).get("Uploads", ()))


@pytest.fixture
def bucket(endpoint) -> Bucket:
    """A new bucket."""
    import boto3

    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="name",
        aws_secret_access_key="SECRET",
    )
    name = f"b-{uuid.uuid4().hex[:12]}"
    client.create_bucket(Bucket=name)
    return Bucket(client, name)


@pytest.fixture
def environment_of_store(endpoint) -> dict[str, str]:
    """The variables by which the program finds the server."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    return own | {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ALLOW_HTTP": "true",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "name",
        "AWS_SECRET_ACCESS_KEY": "SECRET",
    }


SMALL = """
import sys
from imfilter.cli.images import object_bytes, reader
from imfilter.cli.main import console
reader.STREAMED_BYTES = object_bytes.LARGE = 0
object_bytes.BLOCK = 1 << 12
sys.exit(console())
"""
"""The program, for which all objects and pictures are large."""


@pytest.fixture
def process(environment_of_store):
    """``process(command)`` returns a function that runs it in a process of its own: ``imfilter("blur", …)``."""

    def process(command):
        def imfilter(*words, through: Proxy | None = None, env: dict[str, str] | None = None):
            variables = environment_of_store | ({"AWS_ENDPOINT_URL": through.url} if through is not None else {})
            said = [*command, *map(str, words)]
            return subprocess.run(said, env=variables | (env or {}), capture_output=True, text=True, check=False)

        return imfilter

    return process


@pytest.fixture
def imfilter(process, command):
    """Run the program."""
    return process(command)


@pytest.fixture
def by_parts(process):
    """Run the program by whose measure each object is large."""
    return process([sys.executable, "-c", SMALL])


class Proxy:
    """Passes requests on to a server, or does what its *fault* says.

    A number of seconds delays the request; "503" and other numbers are answered; "cut" breaks off while the request is
    sent, "lost" when it was done and before that is said, "half" in the middle of the answer.
    """

    def __init__(self, server: str) -> None:
        self.fault: Fault = lambda method, path, number: None
        self.requests: list[tuple[str, str]] = []
        self._open = 0
        proxy, lock = self, threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_any(self) -> None:
                with lock:
                    proxy.requests.append((self.command, self.path))
                    number = len(proxy.requests)
                fault = proxy.fault(self.command, self.path, number)
                length = int(self.headers.get("Content-Length") or 0)
                if fault == "cut":
                    self.rfile.read(length // 2)
                    self.close_connection = True
                    return
                body = self.rfile.read(length)
                if len(body) < length:  # its sender was killed
                    self.close_connection = True
                    return
                if isinstance(fault, float):
                    time.sleep(fault)
                elif fault is not None and fault.isdigit():
                    self.send_response(int(fault))
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                connection = http.client.HTTPConnection(server.partition("//")[2])
                connection.request(self.command, self.path, body, dict(self.headers))
                answer = connection.getresponse()
                data = answer.read()
                connection.close()
                if fault == "lost":
                    self.close_connection = True
                    return
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                        self.send_header(name, value)
                size = answer.getheader("Content-Length") if self.command == "HEAD" else len(data)
                self.send_header("Content-Length", str(size or 0))
                self.end_headers()
                self.wfile.write(data[: len(data) // 2] if fault == "half" else data)
                self.close_connection = self.close_connection or fault == "half"

            do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = handle_any

            def log_message(self, *words: object) -> None:
                pass

        class Server(http.server.ThreadingHTTPServer):
            def process_request(self, *request: Any) -> None:
                with lock:
                    proxy._open += 1
                super().process_request(*request)

            def process_request_thread(self, *request: Any) -> None:
                super().process_request_thread(*request)
                with lock:
                    proxy._open -= 1

            def handle_error(self, *request: object) -> None:
                pass  # whoever asked was killed

        self.server = Server(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def settle(self) -> None:
        """Wait until all has arrived that is on its way from a process that was killed."""
        last = http.client.HTTPConnection(*self.server.server_address[:2])
        last.request("HEAD", "/")
        last.getresponse()  # so those that came before are open by now
        last.close()
        while self._open:
            time.sleep(0.001)


@pytest.fixture
def proxy(endpoint) -> Iterator[Proxy]:
    """A proxy before the server."""
    proxy = Proxy(endpoint)
    yield proxy
    proxy.server.shutdown()
    proxy.server.server_close()
