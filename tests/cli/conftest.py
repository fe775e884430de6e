"""Drives the real programs: `treadle`, and a C++ pipeline (pipeline.cc) with the same command line."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("TREADLE_BIN_DIR", ROOT / "build/release/bin"))


@dataclass
class Done:
    code: int
    out: str
    err: str

    def json(self) -> Any:
        """The one document of --json."""
        return json.loads(self.out)


@dataclass
class Cli:
    """One program in one folder, with an environment of its own."""

    program: Path
    folder: Path
    env: dict[str, str]
    user: int | None = None  # another user than the one who runs the tests

    def __call__(self, *words: str, code: int = 0, **env: str) -> Done:
        done = subprocess.run(
            [self.program, *words],
            cwd=self.folder,
            env={**self.env, **env},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            user=self.user,
        )
        assert done.returncode == code, f"{words} gave {done.returncode}\n{done.stdout}\n{done.stderr}"
        return Done(done.returncode, done.stdout, done.stderr)

    def json(self, *words: str, code: int = 0, **env: str) -> Any:
        return self(*words, "--json", code=code, **env).json()

    def start(self, *words: str, **env: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self.program, *words],
            cwd=self.folder,
            env={**self.env, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def make_cli(name: str, folder: Path) -> Cli:
    program = BIN / name
    if not program.exists():
        pytest.fail(f"{program} is not built: run `ninja -C build/release {name}` first")
    # Nothing of the machine's own settings: no home, no Python, no colours.
    env = {"PATH": os.defpath, "HOME": str(folder), "LANG": "C.UTF-8"}
    # A sanitized build reads its options from here.
    env |= {name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")}
    (folder / "treadle.toml").touch()
    return Cli(program, folder, env)


@pytest.fixture
def treadle(tmp_path: Path) -> Cli:
    return make_cli("treadle", tmp_path)


@pytest.fixture
def pipeline(tmp_path: Path) -> Cli:
    (tmp_path / "input.txt").write_text("1 2 3\n")
    return make_cli("cli_pipeline", tmp_path)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    """Writes a file below the test's folder."""

    def write_file(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    return write_file
