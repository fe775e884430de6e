"""Tracking with treadle.wandb: init, log, config, summary, files, and runs read back."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from treadle import DagsterInstance, asset, materialize, wandb


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DagsterInstance]:
    monkeypatch.chdir(tmp_path)
    for name in ("WANDB_RUN_ID", "WANDB_MODE", "WANDB_PROJECT", "WANDB_ENTITY", "WANDB_RESUME"):
        monkeypatch.delenv(name, raising=False)
    yield DagsterInstance.local_temp(str(tmp_path / "home"))
    wandb.teardown()


def read(home: DagsterInstance, run: Any) -> Any:
    return wandb.Api(instance=home).run(run.path)


def test_what_is_logged_is_read_back(home: DagsterInstance) -> None:
    with wandb.init(
        project="iris", name="first", config={"lr": 0.1, "net": {"depth": 3}}, tags=["a"], instance=home
    ) as run:
        assert run.path == f"local/iris/{run.id}"
        assert len(run.id) == 8
        assert wandb.run is run
        assert wandb.config.lr == 0.1
        assert wandb.config["net"]["depth"] == 3
        for i in range(10):
            wandb.log({"loss": 1 / (i + 1), "acc": {"train": i}})
        run.summary["best"] = {"epoch": 7}
    assert wandb.run is None
    found = read(home, run)
    assert (found.state, found.exitcode, found.name, found.tags) == ("finished", 0, "first", ["a"])
    assert found.config == {"lr": 0.1, "net": {"depth": 3}}
    assert found.summary["loss"] == 0.1
    assert found.summary["acc"] == {"train": 9}
    assert found.summary["best"] == {"epoch": 7}
    assert found.summary["_step"] == 9
    rows = found.history(pandas=False)
    assert [r["_step"] for r in rows] == list(range(10))
    assert rows[3]["acc"] == {"train": 3}
    assert rows[3]["_runtime"] >= 0
    assert [r["loss"] for r in found.scan_history(keys=["loss"], page_size=3)] == [
        1 / (i + 1) for i in range(10)
    ]
    assert found.lastHistoryStep == 9
    assert found.metadata["python"].startswith("CPython")
    assert {f.name for f in found.files()} >= {"wandb-metadata.json", "wandb-summary.json", "config.yaml"}


def test_steps_and_commits(home: DagsterInstance, capsys: pytest.CaptureFixture[str]) -> None:
    run = wandb.init(project="p", instance=home)
    run.log({"a": 1}, commit=False)
    run.log({"b": 2})
    run.log({"c": 3}, step=5)
    run.log({"d": 4}, step=5)
    run.log({"late": 1}, step=2)
    assert "less than the current step 5" in capsys.readouterr().err
    run.log({"e": 5}, step=7, commit=True)
    run.finish()
    rows = [
        {k: v for k, v in r.items() if k not in ("_timestamp", "_runtime")}
        for r in read(home, run).scan_history()
    ]
    assert rows == [
        {"a": 1, "b": 2, "_step": 0},
        {"c": 3, "d": 4, "_step": 5},
        {"e": 5, "_step": 7},
    ]
    with pytest.raises(wandb.UsageError, match="finished"):
        run.log({"x": 1})
    with pytest.raises(wandb.Error, match=r"must call wandb.init\(\)"):
        wandb.log({"x": 1})


def test_wrong_logs_say_so(home: DagsterInstance) -> None:
    with wandb.init(project="p", instance=home) as run:
        with pytest.raises(ValueError, match="passed a dictionary"):
            run.log([1])  # type: ignore[arg-type]
        with pytest.raises(ValueError, match="must be strings"):
            run.log({1: 2})  # type: ignore[dict-item]


def test_numbers_of_other_libraries_and_nan(home: DagsterInstance) -> None:
    numpy = pytest.importorskip("numpy")
    with wandb.init(project="p", config={"n": numpy.int64(3)}, instance=home) as run:
        run.log(
            {
                "f": numpy.float32(0.5),
                "i": numpy.int32(2),
                "short": numpy.arange(3),
                "long": numpy.arange(100.0),
                "nan": math.nan,
                "inf": -math.inf,
            }
        )
    row = next(iter(read(home, run).scan_history()))
    assert (row["f"], row["i"], row["short"]) == (0.5, 2, [0, 1, 2])
    assert row["long"]["_type"] == "histogram"
    assert sum(row["long"]["values"]) == 100
    assert len(row["long"]["bins"]) == 33
    assert math.isnan(row["nan"])
    assert row["inf"] == -math.inf
    assert read(home, run).config == {"n": 3}


def test_config_changes_only_when_told(home: DagsterInstance) -> None:
    with wandb.init(project="p", config=SimpleNamespace(lr=1, deep={"a": [1]}), instance=home) as run:
        with pytest.raises(Exception, match='change value of key "lr" from 1 to 2'):
            run.config.lr = 2
        run.config.update({"lr": 2, "new": None}, allow_val_change=True)
        run.config.setdefaults({"lr": 9, "other": 1})
        with pytest.raises(AttributeError, match="has no 'nothing'"):
            _ = run.config.nothing
    assert read(home, run).config == {"lr": 2, "deep": {"a": [1]}, "new": None, "other": 1}


def test_metrics_that_are_defined(home: DagsterInstance) -> None:
    with wandb.init(project="p", instance=home) as run:
        run.define_metric("epoch")
        run.define_metric("val/*", step_metric="epoch", summary="min,last")
        run.define_metric("debug", summary="none")
        for epoch, loss in enumerate([3.0, 1.0, 2.0]):
            run.log({"epoch": epoch, "val/loss": loss, "debug": epoch})
    found = read(home, run)
    assert found.summary["val/loss"] == {"min": 1.0, "last": 2.0}
    assert "debug" not in found.summary
    assert found.rawconfig["_wandb"]["m"] == [
        {"1": "epoch", "6": [3]},
        {"2": "val/*", "5": 1, "6": [1, 3], "7": [1, 5]},
        {"1": "debug", "6": [3], "7": [6]},
    ]


def test_a_step_metric_is_filled_in(home: DagsterInstance) -> None:
    with wandb.init(project="p", instance=home) as run:
        epoch = run.define_metric("epoch", hidden=True)
        run.define_metric("val/*", step_metric=epoch)
        run.log({"epoch": 3})
        run.log({"val/loss": 1})
        run.log({"other": 1})
    rows = list(read(home, run).scan_history())
    assert rows[1]["epoch"] == 3
    assert "epoch" not in rows[2]


def test_a_run_is_resumed_rewound_and_forked(home: DagsterInstance) -> None:
    with wandb.init(project="p", id="r1", config={"a": 1}, instance=home) as run:
        for i in range(5):
            run.log({"x": i})
    with pytest.raises(wandb.UsageError, match='resume="never"'):
        wandb.init(project="p", id="r1", resume="never", instance=home)
    with pytest.raises(wandb.UsageError, match="no run local/p/nope"):
        wandb.init(project="p", id="nope", resume="must", instance=home)
    with wandb.init(project="p", id="r1", resume="must", config={"b": 2}, instance=home) as run:
        assert run.resumed
        assert run.step == 5
        run.log({"x": 5})
    assert read(home, run).config == {"a": 1, "b": 2}
    assert [r["_step"] for r in read(home, run).scan_history()] == [0, 1, 2, 3, 4, 5]
    with wandb.init(project="p", id="r2", fork_from="r1?_step=2", instance=home) as fork:
        fork.log({"x": -1})
    assert [r["x"] for r in read(home, fork).scan_history()] == [0, 1, 2, -1]
    with wandb.init(project="p", resume_from="r1?_step=1", instance=home) as again:
        again.log({"x": 100})
    assert [r["x"] for r in read(home, again).scan_history()] == [0, 1, 100]
    with pytest.raises(wandb.UsageError, match="mutually exclusive"):
        wandb.init(resume="must", fork_from="r1?_step=1", instance=home)


def test_media_tables_and_files(home: DagsterInstance, tmp_path: Path) -> None:
    numpy = pytest.importorskip("numpy")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "model.txt").write_text("weights")
    with wandb.init(project="p", id="m", instance=home) as run:
        picture = wandb.Image(numpy.zeros((4, 6, 3), "uint8"), caption="dark")
        run.log(
            {
                "pic": picture,
                "pics": [picture, picture],
                "hist": wandb.Histogram([1, 2, 2]),
                "page": wandb.Html("<p>hi</p>"),
                "rows": wandb.Table(columns=["a", "b"], data=[[1, "x"], [2, "y"]]),
            }
        )
        assert run.save("out/*.txt", base_path=".") == [str(tmp_path / "out" / "model.txt")]
        Path(run.dir, "notes.md").write_text("kept at the end")
    found = read(home, run)
    row = next(iter(found.scan_history()))
    assert row["pic"]["_type"] == "image-file"
    assert (row["pic"]["width"], row["pic"]["height"]) == (6, 4)
    assert row["pic"]["path"] == f"media/images/pic_0_{row['pic']['sha256'][:20]}.png"
    assert row["pics"]["_type"] == "images/separated"
    assert row["pics"]["count"] == 2
    assert row["pics"]["captions"] == ["dark", "dark"]
    assert found.file(row["pic"]["path"]).read()[:4] == b"\x89PNG"
    assert row["hist"]["_type"] == "histogram"
    table = row["rows"]
    assert (table["_type"], table["ncols"], table["nrows"]) == ("table-file", 2, 2)
    assert json.loads(found.file(table["path"]).read()) == {
        "columns": ["a", "b"],
        "data": [[1, "x"], [2, "y"]],
    }
    [artifact] = found.logged_artifacts()
    assert (artifact.name, artifact.type) == ("run-m-rows:v0", "run_table")
    assert artifact.get("rows").data == [[1, "x"], [2, "y"]]
    assert found.file("out/model.txt").read() == b"weights"
    with found.file("notes.md").download(str(tmp_path / "back")) as file:
        assert file.read() == "kept at the end"
    assert not found.file("nothing").exists
    assert found.summary["rows"]["nrows"] == 2


def test_artifacts_of_a_run(home: DagsterInstance, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("1,2")
    with wandb.init(project="p", instance=home) as run:
        logged = run.log_artifact("data.csv", name="data", type="dataset", aliases=["first"])
        assert (logged.name, logged.version, logged.source_run_id) == ("data:v0", "v0", run.id)
    with wandb.init(project="p", instance=home) as user:
        used = user.use_artifact("data:first")
        with pytest.raises(ValueError, match="does not match type"):
            user.use_artifact("data:latest", type="model")
    assert [a.name for a in read(home, user).used_artifacts()] == ["data:v0"]
    assert [a.name for a in read(home, run).logged_artifacts()] == ["data:v0"]
    assert [r.id for r in used.used_by()] == [user.id]


def test_runs_are_found_by_filters(home: DagsterInstance) -> None:
    for i in range(5):
        with wandb.init(
            project="p", name=f"n{i}", config={"lr": i / 10}, tags=["odd"] if i % 2 else [], instance=home
        ) as run:
            run.log({"loss": i})
    api = wandb.Api(instance=home)
    runs = api.runs("local/p", filters={"config.lr": {"$gte": 0.2}, "tags": "odd"})
    assert [r.name for r in runs] == ["n3"]
    assert len(runs) == 1
    assert [r.name for r in api.runs("p", order="-summary_metrics.loss", per_page=2)] == [
        "n4",
        "n3",
        "n2",
        "n1",
        "n0",
    ]
    assert api.runs("p")[0].name == "n0"
    assert [(p.entity, p.name) for p in api.projects()] == [("local", "p")]
    with pytest.raises(wandb.CommError, match="Could not find run"):
        api.run("local/p/nothing")
    found = api.runs("p")[1]
    found.config["lr"] = 5
    found.tags.append("edited")
    found.update()
    found.summary["score"] = 1
    again = api.run(found.id)
    assert (again.config["lr"], again.tags, again.summary["score"], again.state) == (
        5,
        ["odd", "edited"],
        1,
        "finished",
    )
    again.delete()
    assert len(api.runs("p")) == 4


def test_a_step_joins_its_run(home: DagsterInstance) -> None:
    @asset
    def first(context) -> int:  # type: ignore[no-untyped-def]
        run = wandb.init(id=context.run_id, resume="allow", project="p", config={"lr": 1})
        run.log({"loss": 2})
        return 1

    @asset
    def second(context, first: int) -> int:  # type: ignore[no-untyped-def]
        with wandb.init(id=context.run_id, resume="allow", project="p") as run:
            assert run.config.lr == 1
            run.log({"loss": 1})
        return first

    result = materialize([first, second], instance=home)
    found = wandb.Api(instance=home).run(result.run_id)
    assert found.name == f"dagster-run-{result.run_id[:8]}"
    assert found.tags == ["dagster_wandb"]
    assert found.state == "finished"
    assert [(r["_step"], r["loss"]) for r in found.scan_history()] == [(0, 2), (1, 1)]


def test_a_failed_step_fails_its_tracked_run(home: DagsterInstance) -> None:
    @asset
    def bad(context) -> None:  # type: ignore[no-untyped-def]
        wandb.init(id=context.run_id, resume="allow", project="p").log({"x": 1})
        raise ValueError("no")

    result = materialize([bad], instance=home, raise_on_error=False)
    assert wandb.Api(instance=home).run(result.run_id).state == "failed"


SCRIPT = """
import sys
from treadle import wandb
run = wandb.init(project="p", id=sys.argv[1])
print("hello from the script")
run.log({"x": 1})
if sys.argv[1] == "fails":
    raise SystemError("stop")
"""


@pytest.mark.parametrize(("name", "state"), [("works", "finished"), ("fails", "failed")])
def test_a_script_that_does_not_finish_is_finished_with_it(
    home: DagsterInstance, tmp_path: Path, name: str, state: str
) -> None:
    (tmp_path / "train.py").write_text(textwrap.dedent(SCRIPT))
    environment = {**os.environ, "TREADLE_HOME": str(tmp_path / "home")}
    done = subprocess.run([sys.executable, "train.py", name], env=environment, capture_output=True, text=True)
    assert ("SystemError" in done.stderr) == (name == "fails"), done.stderr
    found = wandb.Api(instance=home).run(f"local/p/{name}")
    assert found.state == state
    assert found.summary["x"] == 1
    assert found.console()[0] == "hello from the script"
    assert (found.metadata or {})["program"] == "train.py"


def test_a_disabled_run_keeps_nothing(home: DagsterInstance) -> None:
    run = wandb.init(mode="disabled", config={"a": 1}, instance=home)
    run.log({"x": 1})
    assert run.config.a == 1
    assert run.disabled
    run.finish()
    assert wandb.Api(instance=home).projects() == []


def test_many_rows_are_all_there(home: DagsterInstance) -> None:
    with wandb.init(project="p", instance=home) as run:
        for i in range(5000):
            run.log({"x": i})
    found = read(home, run)
    assert sum(r["x"] for r in found.scan_history(keys=["x"])) == sum(range(5000))
    sampled = found.history(samples=100, keys=["x"], pandas=False)
    assert len(sampled) == 100
    assert sampled[0]["x"] == 0
    assert sampled[-1]["x"] == 4999


def test_typed_resources_and_the_runs_they_track(
    home: DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    from treadle import Definitions, EnvVar
    from treadle.wandb import WandbArtifactsIOManager, WandbResource

    monkeypatch.setenv("A_KEY", "k" * 40)
    seen: list[Any] = []

    @asset(required_resource_keys={"wandb_resource"})
    def numbers(context) -> list[int]:  # type: ignore[no-untyped-def]
        seen.append(context.resources.wandb_resource)
        run = wandb.init(id=context.run_id, resume="allow")
        assert (run.entity, run.project) == ("team", "iris")
        run.log({"count": 3})
        return [1, 2, 3]

    @asset
    def total(numbers: list[int]) -> int:
        return sum(numbers)

    resources = {
        "wandb_resource": WandbResource(api_key=EnvVar("A_KEY")),
        "io_manager": WandbArtifactsIOManager(entity="team", project="iris", run_tags=["nightly"]),
    }
    assert Definitions(assets=[numbers, total], resources=resources) is not None
    result = materialize([numbers, total], resources=resources, instance=home)
    assert result.success
    assert set(seen[0]) == {"sdk", "api", "host"}
    found = wandb.Api(instance=home).run(f"team/iris/{result.run_id}")
    assert (found.state, found.name) == ("finished", f"dagster-run-{result.run_id[:8]}")
    assert set(found.tags) == {"dagster_wandb", "nightly"}
    assert found.summary["count"] == 3
    assert [a.name for a in found.logged_artifacts()] == ["numbers:v0", "total:v0"]
    assert [a.name for a in found.used_artifacts()] == ["numbers:v0"]
