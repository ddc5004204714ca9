"""Run a command: `python -S timed.py COMMAND...`. Prints its exit code, wall seconds, peak memory and CPU seconds.

It is a process of its own, because a child starts with its parent's peak memory: here, only 10 MB.
"""

import os
import sys
import time

silent = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_WRONLY, 0) for number in (1, 2)]
start = time.perf_counter()
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=silent)
_, status, usage = os.wait4(child, 0)
print(
    os.waitstatus_to_exitcode(status),
    time.perf_counter() - start,
    usage.ru_maxrss * 1024,
    usage.ru_utime + usage.ru_stime,
)
