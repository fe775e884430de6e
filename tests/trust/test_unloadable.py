"""Definitions that cannot be loaded: whose mistake it is, and where, without our own frames around it."""

from __future__ import annotations

from pathlib import Path

import pytest

from trust import Project

HELPER = """
def divides():
    return 1 / 0
divides()
"""


@pytest.mark.parametrize(
    ("code", "told"),
    [
        ("def x(:\n", "SyntaxError"),
        ("import nowhere\n", "No module named 'nowhere'"),
        ("import helper\n", 'helper.py", line 3, in divides'),
        ("raise SystemExit(0)\n", "SystemExit"),
        ("raise KeyboardInterrupt\n", "KeyboardInterrupt"),
        ("class Odd(BaseException): pass\nraise Odd('x')\n", "Odd: x"),
        ("class Mute(Exception):\n    def __str__(self): raise ValueError\nraise Mute\n", "Mute"),
        ("\x00", "null bytes"),
        ("# -*- coding: nope -*-\n", "unknown encoding: nope"),
        ("x = '\\udcff'\nraise ValueError(x)\n", "ValueError"),
        ("import sys\nsys.exit('\\x1b[31mred')\n", "\\x1b[31mred"),
        ("", "no Definitions object"),
    ],
)
def test_what_the_file_did_is_told_with_its_own_frames_only(tmp_path: Path, code: str, told: str) -> None:
    project = Project(tmp_path)
    project.write("helper.py", HELPER)
    project.write("pipeline.py", code)
    for words in (["list"], ["check"], ["materialize"]):
        refused = project(*words, "-f", "pipeline.py", code=3)
        assert told in refused.err
        assert "_loader.py" not in refused.err
        assert "\x1b" not in refused.err
    assert project.json("check", "-f", "pipeline.py", code=3)


@pytest.mark.parametrize("module", ["nowhere", "no.where", "here.nowhere", "../x", "", "a b"])
def test_a_module_that_is_not_there_is_named(tmp_path: Path, module: str) -> None:
    project = Project(tmp_path)
    project.write("here/__init__.py", "")
    refused = project("list", "-m", module, code=3 if module else 2)
    assert "Traceback" not in refused.err
    assert module in refused.err


def test_a_module_that_imports_what_is_not_there_is_not_taken_for_missing(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write("here.py", "import here_not\n")
    refused = project("list", "-m", "here", code=3)
    assert 'here.py", line 1' in refused.err
