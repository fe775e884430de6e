"""Runs clang-tidy over the unity files of a configured build folder: each room once, headers included.

A room is skipped when neither its sources nor any header have changed since it was last found clean.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
TIDY = "clang-tidy-19"


class Unit(NamedTuple):
    source: Path
    command: str


class Finding(NamedTuple):
    unit: Unit
    output: str


def units(build: Path) -> list[Unit]:
    """What is compiled, but for programs that the build itself writes: nothing is built for the linter."""
    entries = json.loads((build / "compile_commands.json").read_text())
    found = [Unit(Path(entry["file"]), entry["command"]) for entry in entries]
    return [unit for unit in found if unit.source.exists()]


def digest(paths: list[Path], seed: str) -> str:
    sha = hashlib.sha256(seed.encode())
    for path in sorted(paths):
        sha.update(path.as_posix().encode())
        sha.update(path.read_bytes())
    return sha.hexdigest()


def sources_of(unit: Unit) -> list[Path]:
    """The files a unity file includes; of any other file, itself."""
    included = [
        Path(line.split('"')[1])
        for line in unit.source.read_text().splitlines()
        if line.startswith("#include") and '"' in line
    ]
    return [unit.source, *(path for path in included if path.is_absolute())]


def check(unit: Unit, build: Path) -> Finding | None:
    pattern = f"^{ROOT}/(src|examples|bench)/"
    command = [TIDY, "--quiet", f"-p={build}", f"--header-filter={pattern}", str(unit.source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else Finding(unit, done.stdout + done.stderr)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", type=Path)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    build = options.build.resolve()
    stamps = build / "tidy-clean"
    stamps.mkdir(exist_ok=True)

    headers = digest([*ROOT.glob("src/**/*.h"), *ROOT.glob("src/**/*.hpp"), ROOT / ".clang-tidy"], "")
    pending: dict[Unit, Path] = {}
    for unit in units(build):
        stamp = stamps / digest(sources_of(unit), headers + unit.command)
        if not stamp.exists():
            pending[unit] = stamp

    failures = 0
    with ThreadPoolExecutor(options.jobs) as pool:
        for unit, finding in zip(pending, pool.map(lambda unit: check(unit, build), pending), strict=True):
            if finding is None:
                pending[unit].touch()
            else:
                failures += 1
                print(f"--- {shlex.quote(os.path.relpath(unit.source, build))}\n{finding.output}")
    print(f"clang-tidy: {len(pending)} files read, {failures} with findings")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
