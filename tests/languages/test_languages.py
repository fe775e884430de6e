"""What a C++ program keeps, Python reads, and the other way round."""

from __future__ import annotations

import math
import subprocess
from pathlib import Path
from typing import Any

import pytest

import treadle as dg

PROGRAM = Path(__file__).resolve().parents[2] / "build" / "release" / "bin" / "languages_program"


def run_program(mode: str, home: Path) -> subprocess.CompletedProcess[str]:
    assert PROGRAM.exists(), f"{PROGRAM} is not built: ninja -C build/release languages_program"
    return subprocess.run([PROGRAM, mode, home], capture_output=True, text=True, check=False)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TREADLE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_python_reads_what_cpp_keeps(home: Path) -> None:
    written = run_program("write", home)
    assert written.returncode == 0, written.stdout
    seen: dict[str, Any] = {}
    names = ["text", "raw", "number", "integer", "odd", "points", "file", "folder"]

    @dg.asset(ins={name: dg.AssetIn(key=["cpp", name]) for name in names})
    def reader(
        text: Any, raw: Any, number: Any, integer: Any, odd: Any, points: Any, file: Any, folder: Any
    ) -> None:
        seen.update(locals())
        seen["content"] = Path(file.path).read_text()
        seen["tree"] = {p.name: p.read_text() for p in Path(folder.path).rglob("*.txt")}

    sources = [dg.AssetSpec(["cpp", name]) for name in names]
    result = dg.materialize([*sources, reader], selection=[reader], instance=dg.DagsterInstance.get())
    assert result.success
    assert seen["text"] == "grüß dich"
    assert seen["raw"] == b"\x00\xff\n"
    assert seen["number"] == 0.1
    assert seen["integer"] == 2**64 - 1
    nan, *rest = seen["odd"]
    assert math.isnan(nan)
    assert rest == [math.inf, -math.inf, 0.0, 5e-324]
    assert math.copysign(1, rest[2]) == -1
    assert seen["points"] == [{"x": 1.5, "label": "a"}, {"x": 2.0, "label": None}]
    assert Path(seen["file"].path).name == "weights.txt"
    assert seen["content"] == "weights"
    assert seen["tree"] == {"a.txt": "1", "b.txt": "2"}


def test_cpp_reads_what_python_keeps(home: Path, tmp_path: Path) -> None:
    weights = tmp_path / "weights.txt"
    weights.write_text("weights")
    made = tmp_path / "made"
    (made / "deep").mkdir(parents=True)
    (made / "a.txt").write_text("1")
    (made / "deep" / "b.txt").write_text("2")
    values: dict[str, Any] = {
        "text": "grüß dich",
        "bytes": b"\x00\xff\n",
        "points": dg.Json([{"x": 1.5, "label": "a"}, {"x": 2, "label": None}]),
        "json": dg.Json({"nan": math.nan, "list": [1, -3], "none": None}),
        "file": dg.File(str(weights)),
        "folder": dg.Folder(str(made)),
        "pickle": [1, 2],
    }

    def keep(name: str) -> dg.AssetsDefinition:
        @dg.asset(name=name, key_prefix="py")
        def kept() -> Any:
            return values[name]

        return kept

    assert dg.materialize([keep(name) for name in values], instance=dg.DagsterInstance.get()).success
    read = run_program("read", home)
    assert read.returncode == 1, "the pickle cannot be read"
    lines = read.stdout.splitlines()
    assert len(lines) == 1, read.stdout
    assert lines[0].startswith("seen__pickle: cannot load asset 'py/pickle': ")
    assert "Python pickle, which C++ cannot read" in lines[0]
    assert "treadle.Json" in lines[0]
