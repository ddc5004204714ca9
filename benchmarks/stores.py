"""Measure batches in a store: `python benchmarks/stores.py --imfilter PATH [--quick]`.

200 small JPEGs are read from an S3 server (moto, on this machine) and written back, each answer 50 ms late: with one in
flight, with eight, and with eight in each of two processes, compared with the same files on the disk. Seconds are wall
time, which includes waiting, the least of alternating runs.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import batch
import common

PHOTOS, LATENCY = 200, 0.05
batch.SIZE = 320, 240
SERVE = """
import sys
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
server.start()
print(server.get_host_and_port()[1], flush=True)
sys.stdin.read()
"""


@contextmanager
def server() -> Iterator[int]:
    """Run an S3 server in a process of its own, and yield its port."""
    words = [sys.executable, "-W", "ignore", "-c", SERVE]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdin is not None and process.stdout is not None
        yield int(process.stdout.readline())
        process.stdin.close()


def late(port: int) -> int:
    """Relay connections to a *port*, each answer `LATENCY` seconds late; return the relay's port."""

    async def passed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, there = await asyncio.open_connection("127.0.0.1", port)
        answered = True

        async def ask() -> None:
            nonlocal answered
            while data := await reader.read(1 << 16):
                answered = False
                there.write(data)
                await there.drain()
            there.close()

        async def answer() -> None:
            nonlocal answered
            while data := await back.read(1 << 16):
                if not answered:
                    answered = True
                    await asyncio.sleep(LATENCY)
                writer.write(data)
                await writer.drain()
            writer.close()

        await asyncio.gather(ask(), answer(), return_exceptions=True)

    loop, ready, found = asyncio.new_event_loop(), threading.Event(), []

    async def listen() -> None:
        listening = await asyncio.start_server(passed, "127.0.0.1", 0)
        found.append(listening.sockets[0].getsockname()[1])
        ready.set()

    def work() -> None:
        loop.run_until_complete(listen())
        loop.run_forever()

    threading.Thread(target=work, daemon=True).start()
    ready.wait()
    return found[0]


def measure(arguments: argparse.Namespace) -> str:
    """Return the table."""
    with tempfile.TemporaryDirectory() as name, server() as port:
        import boto3  # creates the bucket

        keys = {"aws_access_key_id": "name", "aws_secret_access_key": "none", "region_name": "us-east-1"}
        client = boto3.client("s3", endpoint_url=f"http://127.0.0.1:{port}", **keys)
        client.create_bucket(Bucket="photos")
        photos = Path(name) / "in"
        batch.photographs(photos, PHOTOS)
        for path in photos.iterdir():
            client.put_object(Bucket="photos", Key=f"in/{path.name}", Body=path.read_bytes())
        environment = {
            **os.environ,
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{late(port)}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": "name",
            "AWS_SECRET_ACCESS_KEY": "none",
            "AWS_REGION": "us-east-1",
        }
        call = [arguments.imfilter, "blur", "--sigma", "2", "-q"]
        stored = [*call, "s3://photos/in/", "-o", "s3://photos/out/"]
        works = {
            "files, `-j 1`": [*call, str(photos), "-o", f"{name}/out/", "-j", "1"],
            "files, `-j 2`": [*call, str(photos), "-o", f"{name}/out/", "-j", "2"],
            "a store, `-j 1 --in-flight 1`": [*stored, "-j", "1", "--in-flight", "1"],
            "a store, `-j 1`": [*stored, "-j", "1"],
            "a store, `-j 2`": [*stored, "-j", "2"],
            "a store, nothing to do, `--update`": [*stored, "-j", "1", "--update"],
        }
        found = {work: [] for work in works}
        for _ in range(arguments.runs[1]):
            for work, command in works.items():
                began = time.perf_counter()
                subprocess.run(command, env=environment, check=True)
                found[work].append(time.perf_counter() - began)
    return common.table(["work", "seconds"], [[work, f"{min(times):.1f}"] for work, times in found.items()])


if __name__ == "__main__":
    arguments = common.asked(__doc__)
    said = f"{common.machine()}; {common.versions('numpy', 'pillow', 'obstore', 'moto')}; {PHOTOS} JPEGs of 320×240, "
    said += f"blur by sigma 2, {LATENCY * 1000:.0f} ms for each answer; {common.least_of(arguments.runs[1])}."
    common.write("stores", f"{said}\n\n{measure(arguments)}")
