"""`--shard auto`: the number of the shard, from the variables of Slurm, Kubernetes or a CI."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from ..errors import UsageError

SLURM, KUBERNETES, CI = INDICES = "SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX", "CI_NODE_INDEX"
"""The variables with the number of the job; one is set."""
LEAST, GREATEST, TASKS = "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_MAX", "SLURM_ARRAY_TASK_COUNT"
COUNTS = {SLURM: TASKS, KUBERNETES: "IMFILTER_SHARDS", CI: "CI_NODE_TOTAL"}
"""The variables with the number of jobs. Kubernetes sets none; GitLab sets it for every job, so it is not enough."""
HEROKU = "HEROKU_TEST_RUN_ID"
"""Heroku counts from 0 in the variable in which GitLab counts from 1."""
ADVICE = "name the shard, as in --shard 1/4"


def shard(environment: Mapping[str, str] = os.environ) -> tuple[int, int]:
    """Return the number of the shard, from 1, and the number of shards; raises UsageError.

    >>> shard({"SLURM_ARRAY_TASK_ID": "12", "SLURM_ARRAY_TASK_MIN": "10", "SLURM_ARRAY_TASK_COUNT": "4"})
    (3, 4)
    >>> shard({"JOB_COMPLETION_INDEX": "0", "IMFILTER_SHARDS": "8"})
    (1, 8)
    >>> shard({"CI_NODE_INDEX": "8", "CI_NODE_TOTAL": "8"})
    (8, 8)
    """
    given = [name for name in INDICES if environment.get(name)]
    if not given:
        raise UsageError(f"--shard auto: none of {', '.join(INDICES)} is set; {ADVICE}")
    if len(given) > 1:
        raise UsageError(f"--shard auto: {' and '.join(given)} are set; {ADVICE}")
    index, count = given[0], COUNTS[given[0]]
    least = _number(environment, LEAST) if index == SLURM else int(index == CI and not environment.get(HEROKU))
    number, total = _number(environment, index), _number(environment, count)
    if not total:
        raise UsageError(f"--shard auto: {count} is 0; {ADVICE}")
    if index == SLURM and environment.get(GREATEST):
        greatest = _number(environment, GREATEST)
        if greatest - least + 1 != total:
            where = f"from {LEAST} {least} to {GREATEST} {greatest}"
            raise UsageError(f"--shard auto: {count} {total} tasks leave gaps {where}; use an array without gaps")
    if not least <= number < least + total:
        known = f"from {least} to {least + total - 1}, as {count} {total} says"
        raise UsageError(f"--shard auto: {index} {number} is not {known}; {ADVICE}")
    return number - least + 1, total


def _number(environment: Mapping[str, str], name: str) -> int:
    text = environment.get(name, "")
    if not text:
        index = next(index for index in INDICES if environment.get(index))
        raise UsageError(f"--shard auto: {index} is set, and {name} is not; set it, or {ADVICE}")
    if not re.fullmatch("[0-9]{1,9}", text):
        raise UsageError(f"--shard auto: {name} {text!r} is not a number; {ADVICE}")
    return int(text)
