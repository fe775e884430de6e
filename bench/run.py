"""Prints the speed table, Treadle beside its peers in the same run; keeps it as JSON in build/bench/.

Each measurement is a process of its own with an empty home on the project's disk. Figures are medians; in
brackets the lowest and the highest.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from measure import OUT, ROOT, BenchError, Figure
from rows import Repeats, Row, rows


def machine() -> dict[str, Any]:
    cpu = next(
        (
            line.split(":")[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.processor(),
    )
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return {
        "cpu": cpu,
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "commit": commit.stdout.strip(),
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }


def digits(value: float) -> str:
    """Three significant digits, without an exponent."""
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.{1 if value >= 10 else 2 if value >= 1 else 3 if value >= 0.1 else 4}f}"


def cell(figure: Figure | None) -> str:
    if figure is None:
        return "-"
    if len(figure.values) == 1:
        return digits(figure.median)
    return f"{digits(figure.median)} ({digits(figure.low)}-{digits(figure.high)})"


def progress(text: str) -> None:
    """One line that is written over, on a terminal only."""
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


def measure(row: Row, repeats: Repeats, with_peer: bool) -> dict[str, Any]:
    result: dict[str, Any] = {"row": row}
    for side, run in (("ours", row.ours), ("peer", row.peer if with_peer else None)):
        result[side] = None
        if run is not None:
            progress(f"{row.title}: {'Treadle' if side == 'ours' else row.peer_name}")
            try:
                result[side] = run(repeats)
            except (BenchError, FileNotFoundError) as error:
                print(f"\n{error}", file=sys.stderr)
    progress("")
    return result


def table(results: list[dict[str, Any]]) -> str:
    head = ["figure", "unit", "Treadle", "target", "", "peer", "ratio"]
    lines = [head]
    for result in results:
        row, ours, peer = result["row"], result["ours"], result["peer"]
        met = "" if ours is None else "met" if row.met(ours.median) else "missed"
        ratio = ratio_of(ours, peer, row.at_least)
        beside = f"{row.peer_name}: {cell(peer)}" if peer else "-"
        lines.append([row.title, row.unit, cell(ours), f"{row.target:,g}", met, beside, ratio])
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def ratio_of(ours: Figure | None, peer: Figure | None, more_is_better: bool) -> str:
    if not ours or not peer:
        return "-"
    better, worse = (ours, peer) if more_is_better else (peer, ours)
    ratio = better.median / worse.median
    return f"{ratio:,.0f} x" if ratio >= 10 else f"{ratio:.1f} x"


def as_json(result: dict[str, Any]) -> dict[str, Any]:
    row: Row = result["row"]
    return {
        "name": row.name,
        "title": row.title,
        "unit": row.unit,
        "target": row.target,
        "treadle": list(result["ours"].values) if result["ours"] else None,
        "peer": list(result["peer"].values) if result["peer"] else None,
        "peer_name": row.peer_name if row.peer else None,
        "note": row.note,
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="./dev bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repeats, shorter runs of the peers")
    parser.add_argument("--no-peer", action="store_true", help="only Treadle")
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="only this row; may be repeated"
    )
    options = parser.parse_args()
    everything = rows(options.quick)
    unknown = set(options.only) - {row.name for row in everything}
    if unknown:
        parser.error(
            f"no row {', '.join(sorted(unknown))}; there are: {', '.join(row.name for row in everything)}"
        )
    OUT.mkdir(parents=True, exist_ok=True)
    repeats = Repeats(3, 1, 1) if options.quick else Repeats(7, 5, 2)
    chosen = [row for row in everything if not options.only or row.name in options.only]
    results = [measure(row, repeats, not options.no_peer) for row in chosen]
    facts = machine()
    print("{cpu}, {cores} cores; Python {python}; commit {commit}; {time}".format(**facts))
    print(table(results))
    for result in results:
        if result["row"].note and result["peer"]:
            print(f"{result['row'].title}: {result['row'].note}.")
    path = OUT / f"{facts['time'].replace(':', '')}.json"
    path.write_text(
        json.dumps({"machine": facts, "rows": [as_json(result) for result in results]}, indent=1) + "\n"
    )
    print(f"kept as {path.relative_to(ROOT)}")
    return 0 if all(result["ours"] for result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
