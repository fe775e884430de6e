"""Programs with `treadle.wandb` that talk to a server through the native client."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from real_server import BIN


@dataclass
class Client:
    """Runs programs where `wandb` is treadle.wandb, against a server (`url` "" = the embedded store)."""

    folder: Path
    url: str
    key: str

    def env(self, **more: str) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("WANDB", "TREADLE_HOME"))}
        server = {"WANDB_BASE_URL": self.url, "WANDB_API_KEY": self.key} if self.url else {}
        return {
            **kept,
            **server,
            "PYTHONPATH": str(BIN.parent / "python"),
            "TREADLE_HOME": str(self.folder / "own home"),
            "HOME": str(self.folder),
            **more,
        }

    def start(self, program: str, **env: str) -> subprocess.Popen[str]:
        """Begins it; what it prints and is told goes through pipes."""
        text = "import treadle.wandb as wandb\n" + textwrap.dedent(program)
        text += "\nimport json as _json\nprint('\\nRESULT', _json.dumps(globals().get('result')))\n"
        self.folder.mkdir(parents=True, exist_ok=True)
        return subprocess.Popen(
            [sys.executable, "-c", text],
            cwd=self.folder,
            env=self.env(**env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, program: str, code: int = 0, **env: str) -> Any:
        """Runs it; what it binds to `result` is handed back, or what it wrote to stderr when `code` is not 0."""
        return end(self.start(program, **env), code)


def end(process: subprocess.Popen[str], code: int = 0) -> Any:
    out, err = process.communicate(timeout=120)
    assert process.returncode == code, out + err
    return err if code else json.loads(out.rpartition("RESULT ")[2])


def say(process: subprocess.Popen[str]) -> None:
    """Lets a program that waits for a line go on."""
    pipe: IO[str] | None = process.stdin
    assert pipe is not None
    pipe.write("go\n")
    pipe.flush()


def hear(process: subprocess.Popen[str], word: str) -> None:
    """Waits until a program has printed a line with this word."""
    pipe: IO[str] | None = process.stdout
    assert pipe is not None
    for line in pipe:
        if word in line:
            return
    raise AssertionError(f"the program ended without saying {word!r}: {process.communicate()[1]}")
