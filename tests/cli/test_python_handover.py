"""Commands that need Python code: which interpreter the native program hands them to, and what it says."""

from __future__ import annotations

import json
import venv
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Cli

    Write = Callable[[str, str], Path]

# Stands in for an interpreter: says how it was called.
FAKE = """#!/bin/sh
printf '{"interpreter": "%s", "words": [' "$0"
shift 2
for word in "$@"; do printf '%s"%s"' "$comma" "$word"; comma=', '; done
printf ']}'
"""


@pytest.fixture
def fake(write: Write) -> Callable[[str], str]:
    def make(name: str) -> str:
        path = write(name, FAKE)
        path.chmod(0o755)
        return str(path)

    return make


def called(treadle: Cli, *words: str, **env: str) -> Any:
    return json.loads(treadle(*words, code=0, **env).out)


def test_the_same_words_go_to_the_chosen_python(
    treadle: Cli, write: Write, fake: Callable[[str], str]
) -> None:
    write("p.py", "")
    chosen = fake("opt/python")
    words = ["materialize", "+model", "-f", "p.py", "--stale", "--home", "h"]
    assert called(treadle, *words, TREADLE_PYTHON=chosen) == {"interpreter": chosen, "words": words}


def test_the_projects_environment_is_found_and_an_active_one_beats_it(
    treadle: Cli, write: Write, fake: Callable[[str], str]
) -> None:
    write("p.py", "")
    project = fake(".venv/bin/python")
    active = fake("active/bin/python")
    below = treadle.folder / "src"
    below.mkdir()
    assert called(treadle, "check", "-f", "p.py")["interpreter"] == project
    assert (
        called(treadle, "list", "-f", "p.py", VIRTUAL_ENV=str(treadle.folder / "active"))["interpreter"]
        == active
    )
    treadle.folder = below
    assert called(treadle, "check", "-f", "../p.py")["interpreter"] == project


def test_the_program_in_an_environment_uses_its_interpreter(
    treadle: Cli, write: Write, fake: Callable[[str], str]
) -> None:
    write("p.py", "")
    write("env/pyvenv.cfg", "")
    python = fake("env/bin/python")
    link = treadle.folder / "env/bin/treadle"
    link.symlink_to(treadle.program)
    treadle.program = link
    assert called(treadle, "check", "-f", "p.py")["interpreter"] == python


def test_settings_name_the_module(treadle: Cli, write: Write, fake: Callable[[str], str]) -> None:
    write("treadle.toml", 'module = "shop.pipeline"\n')
    python = fake(".venv/bin/python")
    assert called(treadle, "list") == {"interpreter": python, "words": ["list"]}
    assert called(treadle, "asset", "show", "model")["words"] == ["asset", "show", "model"]


def test_settings_may_name_a_cpp_program(pipeline: Cli, treadle: Cli, write: Write) -> None:
    write("treadle.toml", f'program = "{pipeline.program}"\n')
    assert [asset["asset"] for asset in treadle.json("list", "rows")["assets"]] == ["rows"]


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["materialize"], 2, "[tool.treadle]"),
        (["materialize", "-f", "nowhere.py"], 4, "nowhere.py"),
        (["materialize", "-f", "."], 2, "is a folder"),
        (["check", "-f", "p.py", "-m", "p"], 2, "Give one of --file, --module and --workspace"),
        (["list", "-f"], 2, "needs a value"),
    ],
)
def test_mistakes_are_found_before_python_starts(
    treadle: Cli, write: Write, words: list[str], code: int, says: str
) -> None:
    write("p.py", "")
    assert says in treadle(*words, code=code, TREADLE_PYTHON="/bin/false").err


def test_a_python_without_treadle_says_what_to_do(treadle: Cli, write: Write) -> None:
    write("p.py", "")
    venv.create(treadle.folder / ".venv", symlinks=True, with_pip=False)
    done = treadle("check", "-f", "p.py", code=3)
    assert "has no Treadle in it" in done.err
    assert "pip install" in done.err


def test_an_interpreter_that_is_not_there_says_so(treadle: Cli, write: Write) -> None:
    write("p.py", "")
    assert (
        "TREADLE_PYTHON is '/nowhere/python'"
        in treadle("check", "-f", "p.py", code=4, TREADLE_PYTHON="/nowhere/python").err
    )
