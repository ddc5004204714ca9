"""The only module that imports the library for stores, as that is young and may be replaced."""

from __future__ import annotations

import contextlib
import importlib
import os
import threading
from collections.abc import Iterator
from functools import cache
from typing import Any

from ..errors import UsageError
from .failures import StoreError, is_of_library, of_library
from .names import parts

MAKERS = {"s3": "S3Store", "gs": "GCSStore", "az": "AzureStore"}
"""The library's class for the stores of each scheme."""
PREFIXES = {"s3": "AWS", "gs": "GOOGLE", "az": "AZURE"}
"""The prefix of each store's environment variables."""
OF_CLIENTS = ("allow_http", "allow_invalid_certificates", "proxy_url", "proxy_excludes")
"""Variables about connections, which the library ignores if a call sets any such option."""
CONNECT, SILENT = "5s", "60s"
"""The time within which a connection must open, and deliver a byte."""
WHOLE = "24h"
"""The time for one answer: a large or slow one is no failure as long as bytes arrive."""
RETRIES, FIRST, LONGEST, LAST = 5, 0.2, 3.0, 8.0
"""The number of retries, the seconds before the first and the longest wait, and the seconds after which to give up."""

_lock = threading.Lock()
_stores: dict[tuple[str, str], Any] = {}


@cache
def _library() -> Any:
    importlib.import_module("obstore.store")
    return importlib.import_module("obstore")


def library(name: str) -> Any:
    """Return the library; if it is missing, raises UsageError, which says what *name* needs."""
    try:
        return _library()
    except ImportError:
        raise UsageError(f"{name}: needs the extra \"stores\": pip install 'imfilter[stores]'") from None


def opened(name: str) -> tuple[Any, str]:
    """Return the store of *name*, and the key in it; raises StoreError, UsageError."""
    obstore = library(name)
    scheme, bucket, key = parts(name)
    if scheme not in MAKERS:
        raise StoreError(f"{scheme}:// is only read")
    with _lock, told():
        if (scheme, bucket) not in _stores:
            _stores[scheme, bucket] = getattr(obstore.store, MAKERS[scheme])(
                bucket, client_options=_connections(PREFIXES[scheme]), retry_config=_patience()
            )
        return _stores[scheme, bucket], key


def _connections(prefix: str) -> dict[str, str]:
    own = {name: os.environ.get(f"{prefix}_{name.upper()}") for name in OF_CLIENTS}
    given = {name: value for name, value in own.items() if value}
    return {"connect_timeout": CONNECT, "read_timeout": SILENT, "timeout": WHOLE, **given}


def _patience() -> dict[str, Any]:
    from datetime import timedelta

    backoff = {"init_backoff": timedelta(seconds=FIRST), "max_backoff": timedelta(seconds=LONGEST), "base": 2}
    return {"max_retries": RETRIES, "retry_timeout": timedelta(seconds=LAST), "backoff": backoff}


@contextlib.contextmanager
def told(name: str = "") -> Iterator[None]:
    """Turn exceptions of the library into StoreError; *name* is the object that is read, if any."""
    try:
        yield
    except (UsageError, MemoryError):
        raise
    except Exception as error:
        if not (isinstance(error, ValueError | FileNotFoundError) or is_of_library(error)):
            raise
        raise of_library(error, name) from None
