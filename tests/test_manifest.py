"""The manifest tool: it notices a byte, an exit code and a message, and masks nothing but the time."""

import importlib
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from imfilter.cli import app
from imfilter.filters.core import catalog

TOOL = Path(__file__).parent / "manifest.py"


@pytest.fixture
def manifest(monkeypatch):
    monkeypatch.syspath_prepend(TOOL.parent)
    return importlib.import_module("manifest")


BEFORE = {
    "file": "a picture",
    "code": 1,
    "said": "imfilter: a.png: is empty\nimfilter: 1 done, 0 skipped, 1 failed in 0.12 s, 3.4 MP/s\n",
    "json": {"schema": 1, "input": "a.png", "seconds": 0.25, "status": "failed", "error": "a.png: is empty"},
}
ELSEWHERE = {
    "the time": {
        "said": "imfilter: a.png: is empty\nimfilter: 1 done, 0 skipped, 1 failed in 9.87 s, 0.1 MP/s\n",
        "json": BEFORE["json"] | {"seconds": 31.0},
    },
}
DIFFERENT = {
    "a byte": ({"file": "a pictura"}, "file out.png"),
    "no file": ({"file": None}, "file out.png"),
    "the exit code": ({"code": 2}, "exit codes: [1] before, [2] now"),
    "a value beside the time": ({"json": BEFORE["json"] | {"status": "done"}}, "printed a.png"),
    "a key": ({"json": BEFORE["json"] | {"more": 0}}, "printed a.png"),
    "a number beside the time": ({"said": BEFORE["said"].replace("1 failed", "2 failed")}, "+ imfilter: 1 done"),
    "no word": ({"said": "", "json": BEFORE["json"] | {"error": None}}, "- imfilter: a.png: is empty"),
}
WORDS = {
    "a message": {"said": BEFORE["said"].replace("is empty", "holds nothing")},
    "a message in JSON": {"json": BEFORE["json"] | {"error": "a.png: holds nothing"}},
}


@pytest.fixture
def written(manifest, tmp_path):
    """Write the manifest of a program that does what it is told; return its records."""

    def written(**changes):
        doing = BEFORE | changes

        def program():
            if doing["file"] is not None:
                Path("out.png").write_text(doing["file"])
            print(json.dumps(doing["json"]))
            sys.stderr.write(doing["said"])
            return doing["code"]

        room = tmp_path / f"room{len(list(tmp_path.iterdir()))}"
        (room / "inputs").mkdir(parents=True)
        cases = [manifest.Case(f"case {number}", ("blur a.png -o out.png",)) for number in range(3)]
        manifest.write(room / "manifest", cases, program, room, warm=["blur a.png"], processes=2)
        return manifest.read(room / "manifest")

    return written


@pytest.mark.parametrize("changes", [{}, *ELSEWHERE.values()], ids=["nothing", *ELSEWHERE])
def test_the_time_is_no_difference(manifest, written, changes):
    assert manifest.compare(written(), written(**changes)) == []


@pytest.mark.parametrize("ignore_messages", [False, True])
@pytest.mark.parametrize(("changes", "told"), DIFFERENT.values(), ids=DIFFERENT)
def test_what_differs_is_told(manifest, written, changes, told, ignore_messages):
    found = manifest.compare(written(), written(**changes), ignore_messages)
    if "said" in changes and changes["said"] and ignore_messages:
        assert found == []
    else:
        assert len(found) == 3
        assert all(f"case {number}\n" in text for number, text in enumerate(found))
        assert told in found[0] or (ignore_messages and "none" in found[0])


@pytest.mark.parametrize("changes", WORDS.values(), ids=WORDS)
def test_other_words_are_told_unless_they_are_ignored(manifest, written, changes):
    before, now = written(), written(**changes)
    assert "holds nothing" in manifest.compare(before, now)[0]
    assert manifest.compare(before, now, ignore_messages=True) == []


def test_a_case_that_is_missing_is_told(manifest, written):
    old, new = written(), written()
    del new["case 1"], old["case 2"]
    assert manifest.compare(old, new) == [
        "case 1\n    only in the old manifest",
        "case 2\n    only in the new manifest",
    ]


def test_a_process_that_dies_costs_one_case(manifest, tmp_path):
    def program():
        if sys.argv[1] == "die":
            raise KeyboardInterrupt
        return 0

    (tmp_path / "inputs").mkdir()
    cases = [manifest.Case(name, (name,)) for name in ("one", "die", "two")]
    manifest.write(tmp_path / "manifest", cases, program, tmp_path, warm=[], processes=1)
    codes = {name: record.codes for name, record in manifest.read(tmp_path / "manifest").items()}
    assert codes == {"one": [0], "die": [], "two": [0]}


def test_the_command_runs_the_program_and_compares(tmp_path):
    def tool(*words):
        return subprocess.run(
            [sys.executable, TOOL, *words], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
        )

    for name in ("old", "new"):
        assert tool("write", name, "--only", "^refused: blur a.png -o out.png --sigma -1$").returncode == 0
    assert tool("compare", "old", "new").stdout == "0 of 1 cases differ\n"
    line = json.loads((tmp_path / "old").read_text())
    assert (line["codes"], line["files"]) == ([2], {})
    (tmp_path / "new").write_text(json.dumps(line | {"case": "another"}))
    assert tool("compare", "old", "new").returncode == 1
    assert tool("compare", "old", "new", "--common").stdout == "0 of 0 cases differ\n"
    (tmp_path / "new").write_text(json.dumps(line | {"codes": [1]}))
    ended = tool("compare", "old", "new")
    assert ended.returncode == 1
    assert "exit codes: [2] before, [1] now" in ended.stdout


@pytest.mark.parametrize("command", [*catalog.names(), "chain", "run", "kernels show", "kernels plot", "show"])
def test_every_option_stands_in_a_case(manifest, monkeypatch, capsys, command):
    monkeypatch.setattr(sys, "argv", ["imfilter", *command.split(), "--help"])
    app.run()
    options = re.findall(r"^  (?:(-\w), )?(--[\w-]+)", capsys.readouterr().out, re.MULTILINE)
    calls = [call for case in manifest.cases([], ["k.txt"], [], []) for call in case.calls]
    used = {word.partition("=")[0] for call in calls for word in re.split(r"[\s'\"]+", call)}
    assert len(options) > 1
    assert [names for names in options if not used.intersection(filter(None, names))] == []
