"""The real programs in a folder of their own, and what the tests of faults ask of them."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
BIN = ROOT / "build/release/bin"
PATH = os.pathsep.join([str(ROOT / ".venv/bin"), os.environ.get("PATH", os.defpath)])


@dataclass
class Done:
    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()

    def json(self) -> Any:
        """The one document of --json."""
        return json.loads(self.out)


class Project:
    """A folder with pipelines and a home, used through `program`."""

    def __init__(self, folder: Path, program: Path = BIN / "treadle", home: Path | None = None) -> None:
        self.folder = folder
        self.program = program
        self.home = home or folder / "home"
        self.ledger = folder / "ledger"
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("TREADLE_", "DAGSTER_", "PYTEST_"))
        }
        self.env = {
            **kept,
            "PATH": PATH,
            "TREADLE_HOME": str(self.home),
            "LEDGER": str(self.ledger),
            "NO_COLOR": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        (folder / "treadle.toml").touch()

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def start(self, *words: str | os.PathLike[str] | bytes) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [self.program, *words],
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def __call__(
        self,
        *words: str | os.PathLike[str] | bytes,
        code: int | None = 0,
        user: int | None = None,
        before: Any = None,
    ) -> Done:
        """Runs a command, which must end with `code` (None: any that is no crash)."""
        done = subprocess.run(
            [self.program, *words],
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
            check=False,
            user=user,
            preexec_fn=before,
        )
        told = Done(done.returncode, done.stdout, done.stderr.decode(errors="replace"))
        told_words = " ".join(map(str, words))[:300]
        expected = told.code not in (70,) and told.code >= 0 if code is None else told.code == code
        assert expected, (
            f"{told_words}: code {told.code}, not {code}\n{told.out[-3000:]!r}\n{told.err[-3000:]}"
        )
        return told

    def json(self, *words: str | os.PathLike[str], code: int | None = 0) -> Any:
        return self(*words, "--json", code=code).json()

    def events(self, run: str = "latest") -> list[dict[str, Any]]:
        return list(self.json("run", "logs", run)["events"])

    def steps(self) -> list[str]:
        """Every beginning of a step that wrote itself into the ledger."""
        return self.ledger.read_text().split() if self.ledger.exists() else []

    def processes(self) -> list[int]:
        """Processes that live with this project's home in their environment."""
        mark = f"TREADLE_HOME={self.home}\0".encode()
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
                if state != "Z" and mark in (entry / "environ").read_bytes() + b"\0":
                    found.append(int(entry.name))
            except OSError:
                pass  # gone, or not ours to see
        return found

    def wait_until_alone(self) -> None:
        """Nothing that was started for this project may live on."""
        end = time.monotonic() + 20
        while left := self.processes():
            assert time.monotonic() < end, f"processes {left} outlived the run"
            time.sleep(0.005)


def succeeded(events: list[dict[str, Any]]) -> Counter[str]:
    return Counter(e["step_key"] for e in events if e["type"] == "STEP_SUCCESS")


def assert_no_step_begins_after_its_success(events: list[dict[str, Any]]) -> None:
    over: set[str] = set()
    for event in events:
        step = event["step_key"]
        if event["type"] == "STEP_SUCCESS":
            assert step not in over, f"{step} succeeded twice"
            over.add(step)
        elif event["type"] in ("STEP_START", "STEP_RESTARTED"):
            assert step not in over, f"{step} began after it had succeeded"
