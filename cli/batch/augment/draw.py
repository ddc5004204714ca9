"""Draws: numbers in [0, 1) that depend on their purpose and on nothing else.

``u = H(seed, name, variant, step, parameter, attempt)`` with 53 random bits. The order of the samples, the number of
processes, NumPy's version and other draws do not matter. So a step added at the end, or a new option of a filter,
changes no other draw.

H takes 64 bits of BLAKE2b of the name, with the seed as its key, and 64 bits for the parameter. The finaliser of
SplitMix64 joins the two and the variant: a bijection in which every bit of the input changes each bit of the output
with a probability of nearly a half. A digest takes 1 µs and serves all draws for a sample; a draw in an array of
samples takes 20 ns, while seeding a generator of NumPy takes 15 µs.

References
----------
- Steele, Lea and Flood, Fast splittable pseudorandom number generators, OOPSLA 2014: the finaliser, David Stafford's
  mix 13.
- Aumasson et al., BLAKE2: simpler, smaller, fast as MD5, ACNS 2013.
"""

from __future__ import annotations

from functools import cache
from typing import overload

from ....filters.core.lazy_numpy import Array, np
from ...digest import blake2b

WORD = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15
"""2⁶⁴ over the golden ratio: the increment of SplitMix64."""
FIRST, SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB
SHARE = 2.0**-53


def sample_key(seed: int, name: str) -> int:
    """Return 64 bits for a sample, from its *name* and the *seed* of the call.

    >>> hex(sample_key(7, "cat/001.jpg"))
    '0x6a99095aef50aaef'
    """
    return _digest(name.encode("utf-8", "surrogatepass"), str(seed).encode())


@cache
def what_key(step: int, parameter: str, attempt: int = 0) -> int:
    """Return 64 bits for a *parameter* of a *step*; steps count from 1."""
    return _digest(f"{step}\0{parameter}\0{attempt}".encode("utf-8", "surrogatepass"), b"")


def _digest(data: bytes, key: bytes) -> int:
    return int.from_bytes(blake2b(data, digest_size=8, key=key, person=b"imfilter-augment").digest(), "little")


@overload
def uniform(sample: int, variant: int, what: int) -> float: ...
@overload
def uniform(sample: Array, variant: int | Array, what: int) -> Array: ...
def uniform(sample: int | Array, variant: int | Array, what: int) -> float | Array:
    """Return the draw for a *sample* and *variant*, or for arrays of them (uint64): the same bits.

    >>> uniform(sample_key(7, "cat/001.jpg"), 1, what_key(3, "angle"))
    0.06734292580633616
    """
    if isinstance(sample, int) and isinstance(variant, int):
        mixed = _mix((sample + GOLDEN * (variant + 1)) & WORD)
        return (_mix(((mixed ^ what) + GOLDEN) & WORD) >> 11) * SHARE
    samples, variants = np.asarray(sample, np.uint64), np.asarray(variant, np.uint64)
    with np.errstate(over="ignore"):  # wrapping is intended; NumPy would warn for scalars
        mixed = _mixed(samples + np.uint64(GOLDEN) * (variants + np.uint64(1)))
        bits = _mixed((mixed ^ np.uint64(what)) + np.uint64(GOLDEN)) >> np.uint64(11)
    return bits.astype(np.float64) * SHARE


def _mix(bits: int) -> int:
    bits = ((bits ^ (bits >> 30)) * FIRST) & WORD
    bits = ((bits ^ (bits >> 27)) * SECOND) & WORD
    return bits ^ (bits >> 31)


def _mixed(bits: Array) -> Array:
    """Mix all words of an array, as `_mix` does for one."""
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(FIRST)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(SECOND)
    return bits ^ (bits >> np.uint64(31))
