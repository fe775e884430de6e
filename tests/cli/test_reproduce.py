"""`treadle artifact reproduce`: what made a version is said, and made again from nothing but the record."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Cli

    Write = Callable[[str, str], Path]

ASSETS = """
import os

from dagster import AssetIn, AssetOut, Config, Definitions, asset, make_values_resource, multi_asset
from dagster_wandb import wandb_artifacts_io_manager, wandb_resource

from factors import FACTOR


@asset(metadata={"wandb_artifact_configuration": {"type": "dataset"}}, io_manager_key="wandb_artifacts")
def rows():
    return [1, 2, 3]


class Settings(Config):
    times: int = 1


@multi_asset(
    ins={"rows": AssetIn(input_manager_key="wandb_artifacts")},
    outs={n: AssetOut(io_manager_key="wandb_artifacts") for n in ("total", "count")},
)
def numbers(rows, config: Settings):
    return sum(rows) * FACTOR * config.times, len(rows)


@asset
def noise():
    return os.urandom(8)


defs = Definitions(
    assets=[rows, numbers, noise],
    resources={
        "wandb_config": make_values_resource(entity=str, project=str).configured(
            {"entity": "me", "project": "p"}
        ),
        "wandb_resource": wandb_resource.configured({"api_key": "unused"}),
        "wandb_artifacts": wandb_artifacts_io_manager,
    },
)
"""
SCRIPT = """
import sys
from treadle import wandb

with wandb.init(entity="me", project="p", config={"rate": sys.argv[1]}) as run:
    rows = run.use_artifact("rows:latest").files()
    model = wandb.Artifact("model", "model")
    with model.new_file("weights.txt") as file:
        file.write(f"{sys.argv[1:]} {len(rows)}")
    run.log_artifact(model)
"""


def git(folder: Path, *words: str) -> str:
    name = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    return subprocess.run(
        ["git", *name, *words], cwd=folder, capture_output=True, text=True, check=True
    ).stdout


@pytest.fixture
def project(treadle: Cli, write: Write) -> Cli:
    """A repository with a project in a folder of it; one file is changed and one is new since the commit."""
    if importlib.util.find_spec("treadle") is None:
        pytest.fail(
            f"{sys.executable} has no treadle: run ./dev build first, and these tests with .venv/bin/python"
        )
    write("work/pipelines/shop.py", ASSETS)
    write("work/pipelines/train.py", SCRIPT)
    write("work/pipelines/factors.py", "FACTOR = 2\n")
    write("work/treadle.toml", "")
    top = treadle.folder / "work"
    git(top, "init", "-q", "-b", "main")
    git(top, "add", ".")
    git(top, "commit", "-q", "-m", "first")
    write("work/pipelines/factors.py", "from more import FACTOR\n")
    write("work/pipelines/more.py", "FACTOR = 5\n")
    treadle.folder = top / "pipelines"
    treadle.env["TREADLE_PYTHON"] = sys.executable
    treadle.env["PYTHONPATH"] = os.environ.get("PYTHONPATH", "")
    return treadle


def test_an_asset_is_made_again_with_its_inputs_config_and_uncommitted_code(project: Cli) -> None:
    config = '{"ops": {"numbers": {"config": {"times": 7}}}}'
    project("materialize", "rows,total,count", "-f", "shop.py", "--as-dagster", "--config", config)
    assert not git(project.folder, "status", "--short").count(".treadle")
    recipe = project.json("artifact", "reproduce", "me/p/total")
    assert recipe["can_be_done_again"] is True
    assert [i["name"] for i in recipe["inputs"]] == ["me/p/rows:v0"]
    assert "+FACTOR = 5" in project("artifact", "reproduce", "me/p/total", "--diff").out
    # Nothing of what made it is left but the repository and the home.
    git(project.folder, "stash", "-q", "-u")
    again = project.json("artifact", "reproduce", "me/p/total", "--run", "../../again")
    assert again["remade"]["same_content"] is True
    home = str(project.folder / "../../again/home")
    assert project.json("run", "list", "--home", home)["runs"][0]["step_count"] == 1
    assert project("artifact", "reproduce", "me/p/total", "--run", "../../again", code=2).err.count(
        "not empty"
    )


def test_the_commands_that_are_printed_do_it_too(project: Cli) -> None:
    project("materialize", "rows,total,count", "-f", "shop.py", "--as-dagster")
    steps = project.json("artifact", "reproduce", "me/p/total")["steps"]
    path = f"{project.program.parent}:{project.env['PATH']}"
    for step in steps:
        subprocess.run(step, shell=True, check=True, cwd=project.folder, env={**project.env, "PATH": path})
    digests = [
        project.json("artifact", "show", "me/p/total", *home)["version"]["digest"]
        for home in ([], ["--home", "again/home"])
    ]
    assert digests[0] == digests[1]


def test_what_differs_is_said(project: Cli) -> None:
    project("materialize", "noise", "-f", "shop.py", "--as-dagster")
    done = project("artifact", "reproduce", "noise", "--run", "../../again", code=1)
    assert "random numbers" in done.out


def test_a_tracked_run_is_done_again_with_its_arguments(project: Cli) -> None:
    project("materialize", "rows", "-f", "shop.py", "--as-dagster")
    subprocess.run(
        [sys.executable, "train.py", "0.5", "it's"], cwd=project.folder, check=True, env=project.env
    )
    recipe = project.json("artifact", "reproduce", "me/p/model")
    assert recipe["steps"][-1].endswith("pipelines/train.py 0.5 'it'\\''s'")
    again = project.json("artifact", "reproduce", "me/p/model", "--run", "../../again")
    assert again["remade"]["same_content"] is True
    assert again["remade"]["version"]["name"] == "me/p/model:v0"


def test_a_program_is_built_first(pipeline: Cli, write: Write) -> None:
    top = pipeline.folder / "work"
    write("work/input.txt", "4 5\n")
    write("work/.gitignore", "build/\n.treadle/\n")
    write("work/treadle.toml", "")
    git(top, "init", "-q", "-b", "main")
    git(top, "add", ".")
    git(top, "commit", "-q", "-m", "first")
    (top / "build").mkdir()
    built = pipeline.program
    shutil.copy(built, top / "build/pipeline")
    pipeline.folder, pipeline.program = top, top / "build/pipeline"
    pipeline("materialize", "+key:total")
    assert "--build" in pipeline("artifact", "reproduce", "total", "--run", "../again", code=2).err
    how = f"mkdir build && cp {built} build/pipeline"
    again = pipeline.json("artifact", "reproduce", "total", "--run", "../again", "--build", how)
    assert again["remade"]["same_content"] is True
    failing = pipeline(
        "artifact", "reproduce", "total", "--run", "../third", "--build", "echo no compiler; exit 3", code=5
    )
    assert "no compiler" in failing.err
