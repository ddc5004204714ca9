"""How much memory a process has: control groups of both versions, `ulimit`, and what is said where it is too little."""

import subprocess
import sys

import pytest
from imfilter.cli.images import control_groups, memory_budget

V1 = "31 30 0:32 / /sys/fs/cgroup/memory rw,relatime shared:7 - cgroup cgroup rw,memory"
V2 = "41 30 0:38 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate"
UNIFIED = "42 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw"
NO_LIMIT = 9223372036854771712


@pytest.fixture
def left(tmp_path):
    """Return what a process of some groups, and of some mounts, has left; files are written to their folders."""

    def left(groups, mounts, files):
        process = tmp_path / "proc"
        process.mkdir(exist_ok=True)
        (process / "cgroup").write_text("".join(f"{line}\n" for line in groups))
        (process / "mountinfo").write_text("".join(f"{line}\n" for line in mounts))
        for folder, values in files.items():
            place = tmp_path / "root" / folder
            place.mkdir(parents=True, exist_ok=True)
            for name, value in values.items():
                (place / name).write_text(f"{value}\n")
        return control_groups.left(process, tmp_path / "root")

    return left


def of_v1(limit, taken, inactive=0, active=0):
    stat = f"cache 1\ninactive_file 99999\ntotal_inactive_file {inactive}\ntotal_active_file {active}"
    return {"memory.limit_in_bytes": limit, "memory.usage_in_bytes": taken, "memory.stat": stat}


def of_v2(limit, taken, inactive=0, active=0, high="max"):
    stat = f"anon 100\ninactive_file {inactive}\nactive_file {active}"
    return {"memory.max": limit, "memory.high": high, "memory.current": taken, "memory.stat": stat}


def test_a_group_of_version_2_leaves_its_limit_less_what_is_no_cache(left):
    files = {"sys/fs/cgroup/user/job": of_v2(1000, 900, 500, 200)}
    assert left(["0::/user/job"], [V2], files) == 1000 - (900 - 500 - 200)


def test_a_group_of_version_1_is_read_alike(left):
    files = {"sys/fs/cgroup/memory/user/job": of_v1(1000, 900, 500, 200)}
    assert left(["3:cpu,cpuacct:/other", "4:memory:/user/job", "0::/"], [V1], files) == 800


def test_the_memory_of_version_1_beside_a_version_2_without_it_counts(left):
    files = {"sys/fs/cgroup/memory/job": of_v1(1000, 300), "sys/fs/cgroup/unified/job": {"cgroup.procs": 1}}
    assert left(["4:memory:/job", "0::/job"], [V1, UNIFIED], files) == 700


def test_of_both_versions_the_tighter_limit_counts(left):
    files = {"sys/fs/cgroup/memory/a": of_v1(1000, 300), "sys/fs/cgroup/unified/b": of_v2(500, 100)}
    assert left(["4:memory:/a", "0::/b"], [V1, UNIFIED], files) == 400


def test_the_groups_around_it_limit_a_group_too(left):
    files = {
        "sys/fs/cgroup/user/job": of_v2("max", 100),
        "sys/fs/cgroup/user": of_v2(600, 400),
        "sys/fs/cgroup/other": of_v2(1, 1),
    }
    assert left(["0::/user/job"], [V2], files) == 200
    files = {"sys/fs/cgroup/memory/a/b": of_v1(NO_LIMIT, 100), "sys/fs/cgroup/memory/a": of_v1(600, 400)}
    assert left(["4:memory:/a/b"], [V1], files) == 200


def test_where_processes_are_throttled_is_a_limit(left):
    assert left(["0::/job"], [V2], {"sys/fs/cgroup/job": of_v2(1000, 100, high=300)}) == 200


def test_no_limit_is_none_or_more_than_there_is(left):
    assert left(["0::/job"], [V2], {"sys/fs/cgroup/job": of_v2("max", 100)}) is None
    assert left(["4:memory:/job"], [V1], {"sys/fs/cgroup/memory/job": of_v1(NO_LIMIT, 100)}) > 1 << 60


def test_more_taken_than_the_limit_leaves_nothing(left):
    assert left(["0::/job"], [V2], {"sys/fs/cgroup/job": of_v2(100, 300)}) == 0


def test_in_a_container_the_mount_is_the_group(left):
    """The path is the host's; of its tree the container's own part alone is mounted, or another."""
    own = V1.replace(" / ", " /docker/1 ", 1)
    files = {"sys/fs/cgroup/memory": of_v1(1000, 100), "sys/fs/cgroup/memory/job": of_v1(500, 100)}
    assert left(["4:memory:/docker/1"], [own], files) == 900
    assert left(["4:memory:/docker/1/job"], [own], files) == 400
    assert left(["4:memory:/kubepods/2"], [V1], files) == 900
    assert left(["4:memory:/../3"], [V1], files) == 900


def test_a_mount_may_have_a_blank_in_its_name(left):
    mount = V2.replace("/sys/fs/cgroup", r"/my\040groups")
    assert left(["0::/job"], [mount], {"my groups/job": of_v2(1000, 100)}) == 900


@pytest.mark.parametrize("mounts", [[], ["nonsense"], ["1 2 3 - cgroup2"], [V2]])
def test_tables_that_say_nothing_are_no_limit(left, mounts):
    assert left(["nonsense"] if mounts else [], mounts, {}) is None


@pytest.mark.parametrize(
    "odd", ["nonsense", "", "1 2 3 - cgroup2", "41 30 - - - - -", "1 2 - cgroup cgroup memory", "é" * 5000]
)
def test_a_line_that_reads_otherwise_hides_no_other(left, odd):
    assert left([odd, "0::/job", odd[:3]], [odd, V2], {"sys/fs/cgroup/job": of_v2(1000, 300)}) == 700


@pytest.mark.parametrize("path", ["/" + "x" * 300, "/" + "x/" * 4000, "/a\0b", "//job", "/job (deleted)", "", "."])
def test_a_path_that_no_folder_can_have_leaves_the_group_of_the_mount(left, path):
    assert left([f"0::{path}"], [V2], {"sys/fs/cgroup": of_v2(1000, 300)}) == 700


@pytest.mark.parametrize("odd", ["-1", "", "max", "1.5", "0x10", "9" * 5000, "1000 2000", "\0", "nan"])
def test_what_is_no_number_of_bytes_is_no_limit(left, odd):
    files = {"sys/fs/cgroup/job": of_v2(odd, 300), "sys/fs/cgroup": of_v2(1000, 100, high=odd)}
    assert left(["0::/job"], [V2], files) == 900
    assert left(["4:memory:/job"], [V1], {"sys/fs/cgroup/memory/job": of_v1(odd, 300)}) is None


@pytest.mark.parametrize("odd", ["-1", "", "all", "9" * 5000])
def test_what_is_taken_may_be_unknown(left, odd):
    assert left(["0::/job"], [V2], {"sys/fs/cgroup/job": of_v2(1000, odd)}) == 1000
    assert left(["0::/job"], [V2], {"sys/fs/cgroup/job": of_v2(1000, 300, f"{odd} 7 7", odd)}) == 700


def test_what_is_no_text_says_nothing(left, tmp_path):
    files = {"sys/fs/cgroup/job": of_v2(1000, 300)}
    assert left(["0::/job"], [V2], files) == 700
    (tmp_path / "root/sys/fs/cgroup/job/memory.stat").write_bytes(b"\xff\xfe\0 1\ninactive_file 100\n")
    assert control_groups.left(tmp_path / "proc", tmp_path / "root") == 800
    (tmp_path / "root/sys/fs/cgroup/job/memory.max").write_bytes(b"\xff")
    assert control_groups.left(tmp_path / "proc", tmp_path / "root") is None


def test_groups_may_be_nested_deeply(left):
    inner = "/".join("abcdefghij" * 8)
    files = {f"sys/fs/cgroup/{inner}": of_v2("max", 1), "sys/fs/cgroup/a/b/c": of_v2(500, 100)}
    assert left([f"0::/{inner}"], [V2], files) == 400


def test_without_control_groups_there_is_no_limit(tmp_path):
    assert control_groups.left(tmp_path, tmp_path) is None


@pytest.mark.needs("processes that may be forked")  # as on Linux alone, whose files say what is taken
@pytest.mark.needs("ulimit -v 2000000")
@pytest.mark.parametrize("limit", ["RLIMIT_AS", "RLIMIT_DATA"])
def test_what_ulimit_leaves_is_free(limit):
    code = f"""
import resource
from imfilter.cli.images import memory_budget
resource.setrlimit(resource.{limit}, (3 << 29, 3 << 29))
print(memory_budget.free())
"""
    free = int(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True).stdout)
    assert 1 << 30 < free < 3 << 29


def test_some_memory_is_there():
    assert memory_budget.budget() > 0


def test_an_estimate_is_refused_where_it_is_too_much_by_more_than_its_error(monkeypatch):
    monkeypatch.setattr(memory_budget, "free", lambda: 10**9)
    assert memory_budget.short(1.19e9) is None
    assert memory_budget.short(1.21e9) == 10**9


@pytest.mark.needs("ulimit -v 180000")
@pytest.mark.parametrize(
    "call", ["frequency a.png -o out.png", "blur a.png -o out.png", "kernels", "kernels show mean3"]
)
def test_with_too_few_addresses_no_library_is_loaded(shell, folder, call):
    """OpenBLAS would try again for ever, and no signal would end it."""
    ended = shell(f"ulimit -v 180000; imfilter {call}", timeout=60)
    assert (ended.returncode, ended.stdout) == (1, b"")
    assert ended.stderr == b"imfilter: needs more memory than is available\n"
    assert not (folder / "out.png").exists()
