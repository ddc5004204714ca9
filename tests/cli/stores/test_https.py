"""Addresses of https are read, also in parts, over https alone, and not from a private network unless allowed."""

import datetime
import http.server
import ipaddress
import re
import ssl
import threading

import numpy as np
import pytest
from imfilter.cli.images.reader import Reader
from imfilter.cli.stores import names
from PIL import Image

from .test_stores import BLUR, picture, well

pytestmark = pytest.mark.needs("a server of S3, and the extra stores")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A file with a certificate for 127.0.0.1 and its key."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("certificate") / "both.pem"
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def site(certificate):
    """A server of https: ``site.answers[path]`` is a body, or a status and a place to go to.

    Its other attributes are the headers of each answer, and the parts that were asked for; without `ranges` it sends
    bodies whole, whatever is asked for.
    """

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            server.asked.append(self.path)
            body = server.answers.get(self.path.partition("?")[0], (404, None))
            if isinstance(body, tuple):
                self.send_response(body[0])
                if body[1] is not None:
                    self.send_header("Location", body[1])
                self.end_headers()
                return
            wanted = re.fullmatch(r"bytes=(\d+)-(\d+)", self.headers.get("Range", ""))
            if not server.ranges or self.headers.get("If-Range") not in (None, *server.headers.values()):
                wanted = None
            self.send_response(206 if wanted else 200)
            for header in server.headers.items():
                self.send_header(*header)
            if wanted:
                first, last = int(wanted[1]), min(int(wanted[2]), len(body) - 1)
                self.send_header("Content-Range", f"bytes {first}-{last}/{len(body)}")
                body = body[first : last + 1]
                server.parts.append((first, last))
            self.send_header("Content-Length", str(server.claimed or len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if server.cut and len(server.parts) % 4 == 3 else body)

        def log_message(self, *words):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.asked, server.answers, server.claimed = [], {}, 0
    server.headers, server.ranges, server.parts, server.cut = {}, True, [], False
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.url = f"https://127.0.0.1:{server.server_port}"
    server.env = {"SSL_CERT_FILE": str(certificate)}
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_signed_address_is_read_and_its_signature_told_to_nobody(imfilter, site, folder):
    site.answers = {"/a.png": picture(1), "/b.png": picture(2), "/old.png": (302, "/b.png")}
    (folder / "a.png").write_bytes(picture(1))
    (folder / "list").write_text(
        f"{site.url}/a.png?X-Signature=SECRET\n{site.url}/old.png\n{site.url}/no.png?k=SECRET\n"
    )
    words = *BLUR, "--files-from", "list", "-o", "out/", "--allow-private", "-j", "2", "--json", "-v"
    ended = imfilter(*words, "--report", "page.html", env=site.env)
    assert ended.returncode == 1
    assert "no.png: the store answered 404" in ended.stderr
    assert any(path == "/a.png?X-Signature=SECRET" for path in site.asked)
    well(imfilter(*BLUR, "a.png", "-o", "local.png"))
    assert (folder / "out" / "a.png").read_bytes() == (folder / "local.png").read_bytes()
    assert "SECRET" not in ended.stdout + ended.stderr + (folder / "page.html").read_text()
    assert all(b"SECRET" not in path.read_bytes() for path in (folder / "out").iterdir())


def test_signatures_of_a_command_line_are_told_to_nobody(imfilter, site, folder):
    site.answers = {"/a.png": picture(1), "/k.txt": b"0 1 0\n1 2 1\n0 1 0\n"}
    signed = f"{site.url}/a.png?X-Signature=SECRET"
    words = "chain", signed, f"conv --kernel {site.url}/k.txt?X-Signature=SECRET", "-o", "o.png", "--mask", signed
    ended = well(imfilter(*words, "--allow-private", "--json", "--report", "r.html", "--save", "c.toml", env=site.env))
    compared = imfilter("compare", signed, "o.png", "--json", env=site.env)
    assert compared.returncode == 3  # it has no --allow-private
    told = ended.stdout + ended.stderr + compared.stdout + compared.stderr
    written = [path.read_bytes() for path in folder.iterdir()]
    assert len(written) == 3 and site.url in told
    assert "SECRET" not in told
    assert not any(b"SECRET" in data for data in written)


@pytest.mark.each(
    "path, options, line",
    [
        ("a.png", [], "leads to a private address; --allow-private allows those"),
        ("down.png", ["--allow-private"], "redirects to an address that is not https"),
        ("round.png", ["--allow-private"], "redirects more than 5 times"),
        ("text.png", ["--allow-private"], "is empty"),
        ("large.png", ["--allow-private"], "has 100000 GiB; "),
    ],
)
def test_what_may_not_be_read_is_one_line(imfilter, site, folder, path, options, line):
    site.answers = {
        "/a.png": picture(1),
        "/down.png": (302, site.url.replace("https", "http") + "/a.png"),
        "/round.png": (302, "/round.png"),
        "/text.png": b"",
        "/large.png": picture(1),
    }
    site.claimed = 100_000 << 30 if path == "large.png" else 0
    ended = imfilter(*BLUR, f"{site.url}/{path}", "-o", "o.png", *options, env=site.env)
    assert ended.returncode == 1
    [said] = ended.stderr.splitlines()
    assert said.startswith(f"imfilter: {site.url}/{path}: {line}")
    assert not (folder / "o.png").exists()


def test_a_certificate_that_nobody_knows_is_refused(imfilter, site):
    site.answers = {"/a.png": picture(1)}
    ended = imfilter(*BLUR, f"{site.url}/a.png", "-o", "o.png", "--allow-private")
    assert ended.stderr == f"imfilter: {site.url}/a.png: its certificate is not valid\n"
    assert site.asked == []


def test_two_addresses_that_differ_behind_the_question_mark_are_refused(imfilter, site):
    ended = imfilter(*BLUR, f"{site.url}/a.png?n=1", f"{site.url}/a.png?n=2", "-o", "out/")
    assert ended.returncode == 2
    assert "is named twice, with different queries after the ?" in ended.stderr


# ---- in parts ---------------------------------------------------------------------------------------

ETAG, DATE = {"ETag": '"1"'}, {"Last-Modified": "Mon, 30 Nov 2026 10:00:00 GMT"}


@pytest.fixture
def large(site, imfilter, folder):
    """The address of a large picture, beside ``local.png``, which is made from its file."""
    Image.fromarray(np.random.default_rng(3).integers(0, 256, (200, 150), np.uint8)).save(folder / "a.pgm")
    site.answers = {"/a.pgm": (folder / "a.pgm").read_bytes(), "/moved": (302, "/a.pgm")}
    well(imfilter(*BLUR, "a.pgm", "-o", "local.png"))
    return f"{site.url}/a.pgm"


@pytest.mark.each(
    "headers, in_parts",
    [
        ({"Accept-Ranges": "bytes", **ETAG}, True),
        ({"Accept-Ranges": "bytes", **DATE}, True),
        ({"Accept-Ranges": "bytes", "ETag": 'W/"1"', **DATE}, True),
        ({"Accept-Ranges": "bytes", "ETag": 'W/"1"'}, False),
        ({"Accept-Ranges": "bytes"}, False),
        ({"Accept-Ranges": "none", **ETAG}, False),
        (ETAG, False),
    ],
)
def test_a_server_that_sends_parts_of_one_version_is_asked_for_them(by_parts, site, large, folder, headers, in_parts):
    site.headers, site.parts = headers, []
    for address in (large, f"{site.url}/moved"):
        well(by_parts(*BLUR, address, "-o", "out.png", "--allow-private", env=site.env))
        assert (folder / "out.png").read_bytes() == (folder / "local.png").read_bytes()
    size = len(site.answers["/a.pgm"])
    expected = [(0, 0), *((first, min(first + 4096, size) - 1) for first in range(0, size, 4096))]
    assert sorted(site.parts) == sorted(expected * 2 if in_parts else [])


def test_a_part_that_breaks_off_is_fetched_again(by_parts, site, large, folder):
    site.headers, site.cut = {"Accept-Ranges": "bytes", **ETAG}, True
    well(by_parts(*BLUR, large, "-o", "out.png", "--allow-private", env=site.env))
    assert (folder / "out.png").read_bytes() == (folder / "local.png").read_bytes()
    assert len(site.parts) > len(set(site.parts))


def test_a_picture_that_is_replaced_while_its_parts_are_fetched_is_refused(by_parts, site, large, folder):
    class Replaced(list):
        def append(self, part):
            super().append(part)
            if len(self) == 4:
                site.headers["ETag"] = '"2"'

    site.headers, site.parts = {"Accept-Ranges": "bytes", **ETAG}, Replaced()
    ended = by_parts(*BLUR, large, "-o", "out.png", "--allow-private", env=site.env)
    line = f"imfilter: {large}: changed while it was read; try again when it is complete\n"
    assert (ended.returncode, ended.stderr) == (1, line)
    assert not (folder / "out.png").exists()


def test_a_server_that_promises_parts_and_sends_none_is_named(by_parts, site, large, folder):
    site.headers, site.ranges = {"Accept-Ranges": "bytes", **ETAG}, False
    ended = by_parts(*BLUR, large, "-o", "out.png", "--allow-private", env=site.env)
    line = f"imfilter: {large}: the server does not send parts of it; download it first\n"
    assert (ended.returncode, ended.stderr) == (1, line)


@pytest.mark.each("ranges", [True, False])
def test_a_header_takes_parts_where_they_are_sent(site, monkeypatch, ranges):
    monkeypatch.setenv("SSL_CERT_FILE", site.env["SSL_CERT_FILE"])
    monkeypatch.setattr(names._addresses, "private", True)
    site.headers, site.ranges, site.parts, site.answers = ETAG, ranges, [], {"/a.png": picture(1)}
    found = Reader(1 << 22).describe(f"{site.url}/a.png")
    assert (found and (found.width, found.height)) == ((24, 24) if ranges else None)
    assert site.parts == ([(0, 0), (0, 1819)] if ranges else [])
