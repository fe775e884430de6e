"""Servers to measure, ours and MLflow's, and a plain HTTP client that costs little itself."""

from __future__ import annotations

import base64
import http.client
import json
import os
import signal
import socket
import subprocess
import time
import urllib.parse
from pathlib import Path
from types import TracebackType
from typing import Any

from measure import ROOT, BenchError, environment, fresh_folder

BIN = ROOT / "build" / "release" / "bin"
MLFLOW = ROOT / "build" / "mlflow" / "bin" / "mlflow"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class ServerProcess:
    """A server process on a loopback port, with a home of its own; killed at the end of the block."""

    def __init__(self, command: list[str | Path], home: Path, port: int, ready: str) -> None:
        self.home, self.port = home, port
        self.url = f"http://127.0.0.1:{port}"
        self.out = home.parent / (home.name + ".out")
        started = time.perf_counter()
        with self.out.open("w") as sink:
            self.process = subprocess.Popen(
                [str(word) for word in command],
                stdout=sink,
                stderr=subprocess.STDOUT,
                cwd=home,
                env=environment(home),
                start_new_session=True,
            )
        while not self.answers(ready):
            if self.process.poll() is not None or time.perf_counter() - started > 120:
                raise BenchError(f"{command[0]} did not start:\n{self.out.read_text()[-3000:]}")
            time.sleep(0.002)
        self.seconds_to_ready = time.perf_counter() - started

    def answers(self, path: str) -> bool:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            connection.request("GET", path)
            return connection.getresponse().status == 200
        except OSError:
            return False

    def processes(self) -> list[int]:
        """The server's process and all that it started."""
        session = self.process.pid
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == session:
                found.append(int(stat.parent.name))
        return found

    def megabytes(self) -> float:
        """Memory that is the server's own: proportional set size over its processes."""
        total = 0
        for pid in self.processes():
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
        return total / 1024

    def cpu_seconds(self) -> float:
        ticks = 0
        for pid in self.processes():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def __enter__(self) -> ServerProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


KEY = "bench-" + "0123456789" * 4


def treadle_server(name: str) -> ServerProcess:
    """Our server, with user `bench` whose API key is KEY."""
    home, port = fresh_folder(name), free_port()
    server = ServerProcess(
        [BIN / "treadle", "--home", home, "server", "--port", str(port)], home, port, "/ready"
    )
    subprocess.run(
        [BIN / "treadle", "--home", home, "user", "add", "bench", "--key", KEY],
        check=True,
        capture_output=True,
    )
    return server


def mlflow_server() -> ServerProcess:
    """MLflow's server with SQLite, as its documentation starts it."""
    home, port = fresh_folder("mlflow"), free_port()
    store = f"sqlite:///{home}/mlflow.db"
    command: list[str | Path] = [MLFLOW, "server", "--port", str(port), "--backend-store-uri", store]
    return ServerProcess([*command, "--artifacts-destination", home / "artifacts"], home, port, "/health")


def sdk_environment(server: ServerProcess) -> dict[str, str]:
    """What sends the W&B SDK to the server."""
    return {"WANDB_MODE": "online", "WANDB_BASE_URL": server.url, "WANDB_API_KEY": KEY}


class Client:
    """One keep-alive connection with the key of `bench`."""

    def __init__(self, server: ServerProcess) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)
        self.headers = {"Authorization": "Basic " + base64.b64encode(f"api:{KEY}".encode()).decode()}

    def send(self, method: str, url: str, body: Any = None, **headers: str) -> bytes:
        parts = urllib.parse.urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        self.connection.request(method, path, body, {**self.headers, **headers})
        answer = self.connection.getresponse()
        data = answer.read()
        if answer.status >= 300:
            raise BenchError(f"{method} {path}: {answer.status} {data[:500]!r}")
        return data

    def query(self, text: str, **variables: Any) -> Any:
        body = json.dumps({"query": text, "variables": variables})
        answer = json.loads(self.send("POST", "/graphql", body))
        if "errors" in answer:
            raise BenchError(f"{answer['errors']}")
        return answer["data"]

    def raw(self, path: str, body: str) -> bytes:
        """A request as it goes over the wire, for http_load."""
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        head += f"Authorization: {self.headers['Authorization']}\r\nContent-Length: {len(body)}\r\n\r\n"
        return (head + body).encode()
