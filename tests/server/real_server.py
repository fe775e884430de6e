"""A real server, and programs with the real `wandb` SDK (build/peer) that talk to it."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import textwrap
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(os.environ.get("TREADLE_BIN_DIR", ROOT / "build/release/bin"))
SDK_PYTHON = Path(os.environ.get("TREADLE_WANDB_PYTHON", ROOT / "build/peer/bin/python"))
# The real Dagster with dagster-wandb, and the last SDK that it imports with.
DAGSTER_WANDB_PYTHON = ROOT / "build/dagster-wandb/bin/python"
SDKS = {
    "newest": SDK_PYTHON,
    "0.29.0": DAGSTER_WANDB_PYTHON,
    "0.28.2": ROOT / "build/wandb-oldest/bin/python",
}


def psql_program() -> str:
    return shutil.which("psql") or max(map(str, Path("/usr/lib/postgresql").glob("*/bin/psql")))


def own_schema(url: str, name: Path) -> str:
    """The URL of a schema of its own in a PostgreSQL, made when it is not there."""
    schema = "h_" + hashlib.sha256(str(name).encode()).hexdigest()[:24]
    command = [
        psql_program(),
        url,
        "-q",
        "-c",
        f"set client_min_messages = error; create schema if not exists {schema}",
    ]
    subprocess.run(command, check=True, capture_output=True)
    return f"{url}{'&' if '?' in url else '?'}options=-csearch_path%3D{schema}"


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Server:
    """`treadle server` over a home of its own, in the PostgreSQL of TREADLE_TEST_DATABASE where there is one."""

    home: Path
    database: str = ""
    process: subprocess.Popen[str] = field(init=False)
    url: str = field(init=False)
    key: str = field(init=False, default="")

    def start(self, *words: str, port: int = 0) -> None:
        url = os.environ.get("TREADLE_TEST_DATABASE")
        if url and not self.database:
            self.database = own_schema(url, self.home)
        where = ["--database", self.database] if self.database else []
        command = [
            str(BIN / "treadle"),
            "--home",
            str(self.home),
            *where,
            "--json",
            "server",
            "--port",
            str(port),
            *words,
        ]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        said = json.loads(self.process.stdout.readline())
        self.process.stdout.close()
        self.url = said["url"]
        self.key = said.get("api_key", self.key)

    def stop(self, how: int = signal.SIGTERM) -> int:
        self.process.send_signal(how)
        return self.process.wait(timeout=30)

    def admin(self, *words: str) -> Any:
        """An administrator's command on the running server's home."""
        command = [str(BIN / "treadle"), "--home", str(self.home), "--json", *words]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)

    def rows(self, query: str) -> list[tuple[str, ...]]:
        """What the database itself says; every value as text."""
        if not self.database:
            with sqlite3.connect(self.home / "treadle.db") as database:
                return [tuple(map(str, row)) for row in database.execute(query)]
        command = [psql_program(), self.database, "-At", "-F", "\t", "-c", query]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return [tuple(line.split("\t")) for line in done.stdout.splitlines()]

    def request(
        self,
        path: str,
        data: bytes | None = None,
        method: str | None = None,
        key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """One HTTP request; `key` "" sends none, None the admin's. `path` may be a whole URL."""
        url = path if path.startswith("http") else self.url + path
        request = urllib.request.Request(url, data=data, method=method, headers=headers or {})
        used = self.key if key is None else key
        if used:
            token = base64.b64encode(f"api:{used}".encode()).decode()
            request.add_header("Authorization", f"Basic {token}")
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return Answer(response.status, dict(response.headers), response.read())
        except urllib.error.HTTPError as refused:
            with refused:
                return Answer(refused.code, dict(refused.headers), refused.read())

    def graphql(self, query: str, key: str | None = None, **variables: Any) -> Answer:
        body = json.dumps({"query": query, "variables": variables}).encode()
        return self.request("/graphql", body, key=key)

    def data(self, query: str, key: str | None = None, **variables: Any) -> Any:
        """What a query answers; errors fail the test."""
        answer = self.graphql(query, key, **variables)
        document = answer.json()
        assert answer.status == 200, document
        assert "errors" not in document, document
        return document["data"]


@dataclass
class Sdk:
    """Runs programs with the unmodified SDK against a server."""

    server: Server
    folder: Path
    key: str = ""
    python: Path = SDK_PYTHON

    def env(self, **more: str) -> dict[str, str]:
        # PYTEST_CURRENT_TEST: dagster-wandb takes another run id when it sees it.
        ours = ("PYTHONPATH", "PYTEST_CURRENT_TEST")
        kept = {k: v for k, v in os.environ.items() if not k.startswith("WANDB") and k not in ours}
        return {
            **kept,
            "WANDB_BASE_URL": self.server.url,
            "WANDB_API_KEY": self.key or self.server.key,
            "WANDB_SILENT": "true",
            "WANDB_ERROR_REPORTING": "false",
            "WANDB_DIR": str(self.folder),
            "WANDB_CACHE_DIR": str(self.folder / "cache"),
            "WANDB_CONFIG_DIR": str(self.folder / "config"),
            "WANDB_DATA_DIR": str(self.folder / "data"),
            "WANDB_ARTIFACT_DIR": str(self.folder / "artifacts"),
            "HOME": str(self.folder),
            **more,
        }

    def __call__(self, program: str, code: int = 0, **env: str) -> Any:
        """Runs it; what it binds to `result` is handed back."""
        text = (
            textwrap.dedent(program)
            + "\nimport json as _json\nprint('\\nRESULT', _json.dumps(globals().get('result')))\n"
        )
        done = subprocess.run(
            [self.python, "-c", text],
            cwd=self.folder,
            env=self.env(**env),
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert done.returncode == code, done.stdout + done.stderr
        if code:
            return done.stderr
        return json.loads(done.stdout.rpartition("RESULT ")[2])

    def cli(self, *words: str, **env: str) -> str:
        """The `wandb` command line."""
        done = subprocess.run(
            [self.python, "-m", "wandb", *words],
            cwd=self.folder,
            env=self.env(**{"WANDB_SILENT": "false", **env}),
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr


def has_sdk(python: Path = SDK_PYTHON) -> bool:
    probe = [str(python), "-c", "import wandb"]
    return python.exists() and subprocess.run(probe, capture_output=True, check=False).returncode == 0
