"""Libraries in C are kept from writing to standard error, by several threads at once."""

import os

from imfilter.cli.images.silence import silenced


def test_standard_error_comes_back_when_the_last_of_several_threads_is_done():
    ours, theirs = os.pipe()
    first, second = silenced(theirs), silenced(theirs)
    first.__enter__()
    second.__enter__()
    os.write(theirs, b"silent")
    first.__exit__(None, None, None)
    os.write(theirs, b"silent")
    second.__exit__(None, None, None)
    os.write(theirs, b"heard")
    assert os.read(ours, 100) == b"heard"
    os.close(ours)
    os.close(theirs)
