"""Derived code versions: the same for the same code, another when something it uses changes."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import treadle as dg
from treadle._assets.code_version import derive


def version_of(source: str, name: str = "f", filename: str = "pipeline.py") -> str:
    scope: dict[str, Any] = {"__name__": "pipeline"}
    exec(compile(source, filename, "exec"), scope)
    return derive(scope[name])


BASE = "LIMIT = 3\ndef helper(x):\n    return x + 1\ndef f(a, b=2):\n    return helper(a) * b + LIMIT\n"


@pytest.mark.parametrize(
    "same",
    [
        "\n\n# moved, with a comment\n" + BASE,
        BASE.replace("def f(a, b=2):\n", "def f(a, b=2):\n    # why\n"),
        BASE.replace("x + 1", "(x+1)"),
        BASE + "UNUSED = 5\n",
    ],
)
def test_what_does_not_change_the_code_does_not_change_the_version(same: str) -> None:
    assert version_of(same) == version_of(BASE)


def test_another_docstring_is_the_same_code() -> None:
    one, other = 'def f():\n    "one"\n    return 1\n', 'def f():\n    "other"\n    return 1\n'
    assert version_of(one) == version_of(other) == version_of("def f():\n    return 1\n")


# What a function uses of these, each with something else that it may be.
HOLDERS = [
    ("import re\nP = re.compile({})\ndef f():\n    return P.match('')\n", "'a'", "'b'"),
    ("from functools import partial\nP = partial(int, {})\ndef f():\n    return P()\n", "1", "2"),
    (
        "from functools import lru_cache\n@lru_cache\ndef g():\n    return {}\ndef f():\n    return g()\n",
        "1",
        "2",
    ),
    ("import enum\nclass E(enum.Enum):\n    A = {}\nM = E.A\ndef f():\n    return M\n", "1", "2"),
    (
        "class C:\n    def __init__(self, n): self.n = n\nI = C({})\ndef f():\n    return I\n",
        "1",
        "2",
    ),
    ("class C:\n    n = {}\n    def go(self): ...\nG = C().go\ndef f():\n    return G()\n", "1", "2"),
    ("class C:\n    __slots__ = ('n',)\nI = C()\nI.n = {}\ndef f():\n    return I\n", "1", "2"),
    ("class L(list): ...\nI = L({})\ndef f():\n    return I\n", "[1, 2]", "[2, 1]"),
    ("import datetime\nD = datetime.timedelta({})\ndef f():\n    return D\n", "1", "2"),
    ("import treadle as dg\nclass C(dg.Config):\n    n: int = {}\ndef f(config: C): ...\n", "1", "2"),
    (
        "from __future__ import annotations\nimport treadle as dg\nclass R(dg.ConfigurableResource):\n"
        "    def get(self): return {}\ndef f(r: R): ...\n",
        "1",
        "2",
    ),
]


@pytest.mark.parametrize(("source", "one", "other"), HOLDERS)
def test_what_an_object_holds_counts(source: str, one: str, other: str) -> None:
    assert version_of(source.format(one)) == version_of("\n" + source.format(one))
    assert version_of(source.format(one)) != version_of(source.format(other))


def test_objects_that_hold_each_other_end() -> None:
    source = "class C: ...\nA, B = C(), C()\nA.b, B.a = B, A\ndef f():\n    return A\n"
    assert version_of(source) == version_of("\n" + source)


@pytest.mark.parametrize(
    "other",
    [
        BASE.replace("* b", "- b"),
        BASE.replace("b=2", "b=3"),
        BASE.replace("x + 1", "x + 2"),
        BASE.replace("LIMIT = 3", "LIMIT = 4"),
        BASE.replace("LIMIT = 3", "LIMIT = 3.0"),
        BASE.replace("def f(a", "def f(c, a"),
    ],
)
def test_changes_of_the_code_and_of_what_it_uses_are_seen(other: str) -> None:
    assert version_of(other) != version_of(BASE)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "def f():\n    return [i + 1 for i in range(3)]\n",
            "def f():\n    return [i + 2 for i in range(3)]\n",
        ),
        ("def f():\n    return (lambda: 1)()\n", "def f():\n    return (lambda: 2)()\n"),
        (
            "class C:\n    def m(self): return 1\ndef f():\n    return C().m()\n",
            "class C:\n    def m(self): return 2\ndef f():\n    return C().m()\n",
        ),
        ("NAMES = ['a']\ndef f():\n    return NAMES\n", "NAMES = ['b']\ndef f():\n    return NAMES\n"),
        ("D = {'a': 1}\ndef f():\n    return D\n", "D = {'a': 2}\ndef f():\n    return D\n"),
        ("def f(x):\n    return x in {'a', 'b'}\n", "def f(x):\n    return x in {'a', 'c'}\n"),
    ],
)
def test_nested_code_classes_and_constants_count(before: str, after: str) -> None:
    assert version_of(before) != version_of(after)
    assert version_of(before) == version_of("\n" + before)


def test_functions_that_call_each_other_end() -> None:
    assert version_of("def f():\n    return g()\ndef g():\n    return f()\n")


def closure(n: int) -> Callable[[], int]:
    return lambda: n


def test_closures_count_by_what_they_hold() -> None:
    assert derive(closure(1)) == derive(closure(1))
    assert derive(closure(1)) != derive(closure(2))


def test_functions_of_project_modules_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    versions = []
    for name, body in (("helpers_one", "x + 1"), ("helpers_two", "x + 2")):
        (tmp_path / f"{name}.py").write_text(f"def scale(x):\n    return {body}\n")
        monkeypatch.syspath_prepend(str(tmp_path))
        versions.append(version_of(f"import {name} as helpers\ndef f():\n    return helpers.scale(1)\n"))
    assert versions[0] != versions[1]


def test_the_version_is_the_same_in_every_process(tmp_path: Path) -> None:
    (tmp_path / "pipe.py").write_text(
        "from treadle._assets.code_version import derive\n"
        "WORDS = {'a', 'b', 'c', 'd'}\n"
        "def f(x):\n    return x in {'p', 'q', 'r'} or x in WORDS\n"
        "print(derive(f))\n"
    )
    said = {
        subprocess.run(
            [sys.executable, "pipe.py"],
            cwd=tmp_path,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(said) == 1
    assert len(said.pop().strip()) == 16


def test_what_is_no_python_function_has_no_version() -> None:
    assert derive(len) == ""


def test_a_fixed_configuration_is_part_of_the_version() -> None:
    @dg.op(config_schema={"n": int})
    def base(context: dg.OpExecutionContext) -> int:
        return context.op_config["n"]  # type: ignore[no-any-return]

    def version(n: int) -> str:
        fixed = base.configured({"n": n}, name="fixed")

        @dg.graph_asset
        def made() -> Any:
            return fixed()

        event = dg.materialize([made]).asset_materializations_for_node("made.fixed")[0]
        return str((event.tags or {})["dagster/code_version"])

    assert version(1) == version(1)
    assert version(1) != version(2)
