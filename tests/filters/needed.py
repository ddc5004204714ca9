"""The required parameters of filters, for the tests that call every filter."""

from typing import Any

NEEDED: dict[str, dict[str, Any]] = {
    "blend": {"other": "gray", "opacity": 0.3},
    "conv": {"kernel": "gaussian3"},
    "crop": {"ratio": 1.5},
    "mix": {"branches": "none + blur --sigma 1 then tone --gamma 0.8", "weights": (2, 1)},
    "normalize": {"mean": 0.25, "std": 0.5},
    "pad": {"size": (2, 1)},
    "perspective": {"from_": (2, 1, 20, 3, 19, 30, -1, 25), "to": (3, 0, 19, 2, 21, 33, 1, 30)},
    "resize": {"scale": (0.6, 1.3)},
    "rotate": {"angle": 12},
}
