"""Many runs logging at once, for as long as you say: no error, memory flat, how long `file_stream` takes.

    .venv/bin/python bench/soak_server.py --runs 200 --seconds 600

Each run sends ten rows of ten values a second, on a connection of its own. Every line is read back and
counted at the end. Prints a line every ten seconds and one JSON object at last; fails on any error, and
when a line is lost or there twice.
"""

from __future__ import annotations

import argparse
import json
import threading
import time

from rows.server import begin, history_body
from serving import Client, ServerProcess, treadle_server

COUNT = """query($name: String!) { project(name: "bench", entityName: "bench") {
  run(name: $name) { historyLineCount } } }"""
ROWS = 10


class Soak:
    def __init__(self, server: ServerProcess, runs: int) -> None:
        self.server = server
        self.names = [f"run{index}" for index in range(runs)]
        self.sent = dict.fromkeys(self.names, 0)
        self.latencies: list[float] = []
        self.errors: list[str] = []
        self.ended = threading.Event()

    def log(self, name: str, delay: float) -> None:
        try:
            client = Client(self.server)
            begin(client, name)
            due = time.monotonic() + delay
            while not self.ended.wait(max(0.0, due - time.monotonic())):
                body = history_body(self.sent[name], ROWS, 10)
                started = time.perf_counter()
                client.send("POST", f"/files/bench/bench/{name}/file_stream", body)
                self.latencies.append((time.perf_counter() - started) * 1000)
                self.sent[name] += ROWS
                due += 1.0
        except Exception as error:
            self.errors.append(f"{name}: {error!r}")

    def lost(self) -> list[str]:
        client = Client(self.server)
        kept = {
            name: client.query(COUNT, name=name)["project"]["run"]["historyLineCount"] for name in self.names
        }
        return [
            f"{name}: sent {self.sent[name]}, kept {kept[name]}"
            for name in self.names
            if kept[name] != self.sent[name]
        ]


def percentile(values: list[float], part: float) -> float:
    return sorted(values)[int(part * (len(values) - 1))] if values else 0.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=600)
    options = parser.parse_args()
    with treadle_server("soak") as server:
        soak = Soak(server, options.runs)
        threads = [
            threading.Thread(target=soak.log, args=(name, index / options.runs))
            for index, name in enumerate(soak.names)
        ]
        for thread in threads:
            thread.start()
        started, memory = time.monotonic(), []
        while time.monotonic() - started < options.seconds and not soak.errors:
            time.sleep(min(10.0, options.seconds))
            memory.append(server.megabytes())
            window = soak.latencies[-10 * options.runs :]
            print(
                f"{time.monotonic() - started:4.0f} s  {memory[-1]:.0f} MB  {sum(soak.sent.values()):,} lines"
                f"  p99 {percentile(window, 0.99):.1f} ms",
                flush=True,
            )
        soak.ended.set()
        for thread in threads:
            thread.join()
        problems = soak.errors + soak.lost()
    result = {
        "runs": options.runs,
        "lines": sum(soak.sent.values()),
        "p50": round(percentile(soak.latencies, 0.5), 2),
        "p99": round(percentile(soak.latencies, 0.99), 2),
        "max": round(max(soak.latencies, default=0.0), 2),
        "megabytes": [round(value, 1) for value in memory],
        "problems": problems[:10],
    }
    print(json.dumps(result))
    return 1 if problems else 0


if __name__ == "__main__":
    raise SystemExit(main())
