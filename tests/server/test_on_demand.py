"""Steps that use the real SDK and name no host: one server of the home, started when it is needed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from real_server import BIN, SDK_PYTHON

PACKAGE = Path(os.environ.get("TREADLE_PYTHON_DIR", BIN.parent / "python"))
HEAD = """
import sys
import treadle as dg

instance = dg.DagsterInstance.from_home(sys.argv[1])

def run(*assets, **more):
    result = dg.materialize(assets, instance=instance, **more)
    assert result.success
    print(result.run_id)
"""


@pytest.fixture
def home(tmp_path: Path, sdk_installed: None) -> Iterator[Path]:
    yield tmp_path / "home"
    running = tmp_path / "home" / "server.json"
    if running.exists():
        os.kill(json.loads(running.read_text())["pid"], signal.SIGTERM)


def program(home: Path, text: str, **env: str) -> str:
    """Runs it under the SDK's Python, and returns the last line it printed."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("WANDB", "TREADLE"))}
    folder = home.parent / "work"
    folder.mkdir(exist_ok=True)
    file = folder / "program.py"
    file.write_text(HEAD + textwrap.dedent(text))
    path = f"{BIN}{os.pathsep}{kept.get('PATH', '')}"
    around = {"HOME": str(folder), "WANDB_SILENT": "true", "PYTHONPATH": str(PACKAGE), "PATH": path}
    command = [str(SDK_PYTHON), str(file), str(home)]
    done = subprocess.run(
        command,
        cwd=folder,
        env={**kept, **around, **env},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip().splitlines()[-1]


def treadle(home: Path, *words: str) -> Any:
    command = [str(BIN / "treadle"), "--home", str(home), "--json", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


TRAIN = """
import wandb

@dg.asset
def model(context) -> float:
    with wandb.init(id=context.run_id, resume="allow", project="iris", config={"lr": 0.1}) as tracked:
        for step in range(3):
            tracked.log({"loss": 1.0 / (step + 1)})
    return 0.5

run(model)
"""


def test_the_sdk_in_a_step_lands_in_the_run_of_the_step(home: Path) -> None:
    run_id = program(home, TRAIN)
    document = json.dumps(treadle(home, "run", "show", run_id))
    assert '"loss"' in document
    assert '"lr"' in document
    assert run_id in document


def test_the_next_process_finds_the_same_server(home: Path) -> None:
    first = program(home, TRAIN)
    server = json.loads((home / "server.json").read_text())
    assert (home / "server.json").stat().st_mode & 0o077 == 0
    second = program(home, TRAIN, WANDB_API_KEY="x" * 40)
    assert first != second
    assert json.loads((home / "server.json").read_text()) == server


def test_after_the_server_was_killed_another_takes_its_place(home: Path) -> None:
    program(home, TRAIN)
    first = json.loads((home / "server.json").read_text())["pid"]
    os.kill(first, signal.SIGKILL)
    run_id = program(home, TRAIN)
    assert json.loads((home / "server.json").read_text())["pid"] != first
    assert '"loss"' in json.dumps(treadle(home, "run", "show", run_id))


@pytest.mark.parametrize(
    "step",
    ["pass", "import wandb", "import wandb; wandb.init(mode='disabled').log({'x': 1})"],
    ids=["none", "imported", "disabled"],
)
def test_without_use_of_the_sdk_there_is_no_server(home: Path, step: str) -> None:
    program(home, f"@dg.asset\ndef a() -> int:\n    {step}\n    return 1\n\nrun(a)")
    assert not (home / "server.json").exists()


def test_a_host_that_the_user_named_is_left_alone(home: Path) -> None:
    text = """
    @dg.asset
    def a() -> int:
        import wandb
        try:
            wandb.init(settings=wandb.Settings(init_timeout=2, login_timeout=2))
        except BaseException as e:
            print(type(e))
        return 1

    run(a)
    """
    program(home, text, WANDB_BASE_URL="http://127.0.0.1:9", WANDB_API_KEY="x" * 40)
    assert not (home / "server.json").exists()


def test_a_step_in_a_process_of_its_own_and_its_children_use_it_too(home: Path) -> None:
    text = """
    import os, subprocess
    from treadle.wandb import server_environment

    CHILD = "import wandb; wandb.init(id='child', project='p').log({'x': 1}); wandb.finish()"

    @dg.asset
    def a(context) -> int:
        subprocess.run([sys.executable, "-c", CHILD], check=True, env={**os.environ, **server_environment()})
        return 1

    run(a)
    """
    program(home, text)
    assert "child" in json.dumps(treadle(home, "runs", "list"))


MODELS = """
import subprocess
import sys
import treadle as dg

CHILD = "import wandb; wandb.init(id='child-of-{}', project='iris').log({{'x': 1}}); wandb.finish()"

def model(name):
    @dg.asset(name=name)
    def train(context) -> int:
        import wandb
        with wandb.init(id=f"{context.run_id}-{name}", project="iris") as tracked:
            tracked.log({"loss": 0.5})
        subprocess.run([sys.executable, "-c", CHILD.format(name)], check=True)
        return 1
    return train

defs = dg.Definitions([model("first"), model("second")])
"""


def test_steps_in_processes_of_their_own_share_one_server_with_their_children(home: Path) -> None:
    file = home.parent / "models.py"
    file.write_text(MODELS)
    text = """
    import subprocess
    words = ["--home", sys.argv[1], "materialize", "-f", "../models.py", "--executor", "process"]
    subprocess.run([sys.executable, "-m", "treadle", *words], check=True)
    """
    program(home, text)
    runs = treadle(home, "runs", "list")["runs"]
    names = sorted(run["id"].rpartition("-")[2] for run in runs)
    assert names == ["first", "first", "second", "second"]
    assert {"child-of-first", "child-of-second"} < {run["id"] for run in runs}
    assert {run["state"] for run in runs} == {"finished"}


def test_a_server_that_nobody_asks_for_anything_goes(tmp_path: Path) -> None:
    home = tmp_path / "home"
    words = ["--home", str(home), "server", "--on-demand", "--port", "0", "--idle-exit", "1"]
    done = subprocess.run(
        [str(BIN / "treadle"), *words], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[0])["url"].startswith("http://127.0.0.1:")
    assert not (home / "server.json").exists()
