"""The failures of a store, in words that contain neither addresses nor credentials."""

from __future__ import annotations

import re

STATUS = re.compile(r"status code: (\d{3})")
RETRIES = re.compile(r"after (\d+) retries")
MISSING = 404
MEANINGS = {
    400: "bad request",
    401: "not authenticated",
    403: "access denied",
    MISSING: "no such object or bucket",
    408: "time-out",
    409: "another write is in progress",
    412: "it has changed in the meantime",
    429: "too many requests",
    500: "internal error",
    501: "not implemented",
    502: "bad gateway",
    503: "unavailable",
    504: "time-out",
}


class StoreError(OSError):
    """A store refused or failed to do what it was asked."""

    in_own_words = True
    """The message must not be put into lower case, as it may name variables."""

    def __init__(self, said: str, status: int = 0) -> None:
        super().__init__(said)
        self.status = status

    def __reduce__(self) -> tuple[type[StoreError], tuple[str, int]]:
        return type(self), (str(self), self.status)


class AlreadyThereError(StoreError):
    """An object that was to be created exists already."""


class NoPartsError(StoreError):
    """A server sends an object only whole."""


def answered(status: int, tries: int = 1) -> StoreError:
    """Return the failure for an HTTP *status*.

    >>> print(answered(403)); print(answered(503, 6))
    the store answered 403 (access denied)
    the store answered 503 (unavailable), 6 times
    """
    meaning = f" ({MEANINGS[status]})" if status in MEANINGS else ""
    return StoreError(f"the store answered {status}{meaning}{_times(tries)}", status)


def is_of_library(error: Exception) -> bool:
    """Whether an error is of one of the library's own types."""
    return type(error).__module__.startswith("obstore")


def of_library(error: Exception, name: str = "") -> StoreError:
    """Return the failure for an *error* of the library, perhaps met while reading the object *name*.

    >>> print(of_library(FileNotFoundError(), "s3://photos/in"))
    the store answered 404 (no such object or bucket); a folder's name ends in /
    >>> print(of_library(FileNotFoundError(), "s3://photos/*.jpg"))
    the store answered 404 (no such object or bucket); to match names use s3://photos/ --include '*.jpg'
    """
    failure = _in_words(error)
    if failure.status == MISSING and (glob := re.match(r"([^*?[]*/)([^/]*[*?[].*)", name)):
        subfolders = "-r " if "/" in glob[2] else ""
        return StoreError(f"{failure}; to match names use {glob[1]} {subfolders}--include '{glob[2]}'", MISSING)
    if failure.status == MISSING and name and "." not in name.rpartition("/")[2]:
        return StoreError(f"{failure}; a folder's name ends in /", MISSING)
    return failure


def _in_words(error: Exception) -> StoreError:
    """Return the failure for an *error*: the library's own message contains addresses, and is meant for programmers."""
    text = str(error)
    tries = int(found[1]) + 1 if (found := RETRIES.search(text)) else 1
    if "169.254.169.254" in text or "metadata.google.internal" in text or "MissingCredentials" in text:
        return StoreError(f"no credentials were found; set {_variables(text)}")
    if found := STATUS.search(text):
        return answered(int(found[1]), tries)
    if isinstance(error, FileNotFoundError):
        return answered(MISSING)
    if "LOCATION" in text:
        return StoreError("the store answered 301 (the bucket is in another region; set AWS_REGION)", 301)
    if type(error).__name__ == "InvalidPathError":
        return StoreError("it holds names with empty parts, . or .., which cannot be read; name a folder without them")
    if "must be specified" in text:
        return StoreError("no account was found; set AZURE_STORAGE_ACCOUNT_NAME")
    if isinstance(error, ValueError):
        return StoreError("is not a valid object name; leave out empty parts, . and ..")
    if "builder error" in text:
        return StoreError("the store's address is not https; AWS_ALLOW_HTTP=true allows that")
    if "timed out" in text.lower() or "TimedOut" in text:
        return StoreError(f"the store did not answer in time{_times(tries)}")
    if "rror sending request" in text or "onnect" in text:
        return StoreError(f"the store cannot be reached{_times(tries)}")
    if "body" in text.lower():
        return StoreError(f"the store's answer broke off{_times(tries)}")
    return StoreError(f"the store failed{_times(tries)}")


def _variables(text: str) -> str:
    """Return the variables that hold the credentials of the store whose library says *text*."""
    if "GCS" in text or "google" in text:
        return "GOOGLE_APPLICATION_CREDENTIALS"
    if "Azure" in text:
        return "AZURE_STORAGE_ACCOUNT_KEY or AZURE_STORAGE_SAS_TOKEN"
    return "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (profiles are not read)"


def _times(tries: int) -> str:
    return f", {tries} times" if tries > 1 else ""
