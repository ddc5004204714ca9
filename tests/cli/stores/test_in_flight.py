"""What is on its way is bounded, a large object goes alone, and who is waited for waits for nobody."""

import time

import pytest
from imfilter.cli.errors import FileError
from imfilter.cli.stores import ahead, outbox
from imfilter.cli.stores.failures import AlreadyThereError, StoreError, of_library
from imfilter.cli.stores.objects import Destination
from imfilter.cli.stores.room import Room


def until(holds):
    while not holds():
        time.sleep(0.001)


@pytest.fixture
def sizes(monkeypatch):
    """Objects that are as large as their names say, in a place with room for 100; what is there now is counted."""
    held = []
    monkeypatch.setattr(ahead, "Room", lambda: Room(100))

    def get(name, check):
        size = int(name.partition("-")[0])
        check(b"", size, True)
        held.append(size)
        return name.encode(), ""

    monkeypatch.setattr(ahead, "get", get)
    return held


def test_small_objects_share_the_room_and_a_large_one_waits_for_all(sizes):
    held = sizes
    reads = ahead.Ahead(lambda name, head, size, in_parts: None)
    names = ["40-a", "40-b", "40-c", "250-d", "10-e"]
    reads.begin(names[0])
    until(lambda: held == [40])
    reads.begin(names[1])
    until(lambda: held == [40, 40])
    for name in names[2:4]:
        reads.begin(name)
    time.sleep(0.1)
    assert sum(held) == 80
    for name in names:  # the next in turn is let in, whoever else holds the room
        assert reads.take(name) == (name.encode(), "")
        held.remove(int(name.partition("-")[0]))


def test_who_is_waited_for_is_let_in(sizes):
    held = sizes
    reads = ahead.Ahead(lambda name, head, size, in_parts: None)
    reads.begin("90-second")
    until(lambda: held == [90])
    assert reads.take("90-first") == (b"90-first", "")  # else both would wait for ever
    assert reads.take("90-second") == (b"90-second", "")


def test_a_refusal_gives_its_room_back(sizes):
    def check(name, head, size, in_parts):
        if name == "90-bad":
            raise StoreError("no")

    reads = ahead.Ahead(check)
    for _ in range(3):
        with pytest.raises(StoreError, match="no"):
            reads.take("90-bad")
    assert reads.take("90-good") == (b"90-good", "")


def test_what_is_kept_and_what_fails_is_told_when_it_is_waited_for(monkeypatch):
    def put(target, pieces):
        if target.name == "kept":
            raise AlreadyThereError("exists")
        if target.name == "fails":
            raise StoreError("the store answered 403 (access denied)")
        return ""

    monkeypatch.setattr(outbox, "put", put)

    def parcels(*names):
        return [outbox.Parcel(Destination(name), [b"12"]) for name in names]

    with outbox.written_behind():
        outbox.send(parcels("a", "kept", "b"))
        outbox.send(parcels("a", "fails", "b"))
        good, bad = outbox.taken()
    assert good() == outbox.Sent([], 2, 1)
    with pytest.raises(FileError, match="fails: cannot be written: the store answered 403"):
        bad()
    assert outbox.taken() == []
    with pytest.raises(FileError):  # without anybody who waits, at once
        outbox.send(parcels("fails"))


@pytest.mark.each(
    "said, line",
    [
        (
            "… status code: 503 Service Unavailable: x, after 5 retries, max",
            "the store answered 503 (unavailable), 6 times",
        ),
        (
            "Error performing PUT http://169.254.169.254/latest/api/token in",
            "no credentials were found; set AWS_ACCESS_KEY_ID",
        ),
        (
            "Generic GCS error: Error performing GET http://169.254.169.254/computeMetadata",
            "no credentials were found; set GOOGLE",
        ),
        ("GET http://host/?X-Amz-Signature=1a2b3c: who knows", "the store failed"),
    ],
)
def test_what_a_library_says_is_not_repeated(said, line):
    assert str(of_library(Exception(said))).startswith(line)
    assert "1a2b3c" not in str(of_library(Exception(said)))
