"""What every version of the SDK must be able to do: one program for each that is tried."""

from __future__ import annotations

from real_server import Sdk


def test_runs_artifacts_and_tables_in_every_version(each_sdk: Sdk) -> None:
    found = each_sdk(
        """
        import wandb
        with wandb.init(project="p", name="first", config={"lr": 0.1}, tags=["t"]) as run:
            for step in range(20):
                run.log({"loss": 1 / (step + 1)})
            run.log({"table": wandb.Table(columns=["a", "b"], data=[[1, "x"], [2, "y"]])})
            artifact = wandb.Artifact("data", "dataset", metadata={"rows": 2})
            with artifact.new_file("file.txt") as file:
                file.write("content")
            run.log_artifact(artifact, aliases=["best"]).wait()
            first = run.id
        with wandb.init(project="p", id=first, resume="must") as run:
            began = run.starting_step
            used = run.use_artifact("data:best")
            text = open(used.file()).read()
            run.log({"loss": 0.01})

        api = wandb.Api()
        run = api.run(f"local/p/{first}")
        result = {
            "name": run.name, "state": run.state, "config": run.config, "tags": run.tags,
            "losses": [row["loss"] for row in run.scan_history(keys=["loss"])],
            "logged": sorted(a.type for a in run.logged_artifacts()),
            "used": [a.name for a in run.used_artifacts()],
            "text": text, "step": began, "metadata": api.artifact("local/p/data:best").metadata,
        }
        """
    )
    assert found["name"] == "first"
    assert (found["state"], found["config"], found["tags"]) == ("finished", {"lr": 0.1}, ["t"])
    assert found["losses"] == [1 / (step + 1) for step in range(20)] + [0.01]
    assert found["logged"] == ["dataset", "run_table"]
    assert found["used"] == ["data:v0"]
    assert (found["text"], found["step"], found["metadata"]) == ("content", 21, {"rows": 2})


def test_what_was_logged_offline_is_synced_in_every_version(each_sdk: Sdk) -> None:
    each_sdk(
        """
        import wandb
        with wandb.init(project="p", id="offline") as run:
            for step in range(5):
                run.log({"x": step})
        """,
        WANDB_MODE="offline",
    )
    (folder,) = each_sdk.folder.glob("wandb/offline-run-*")
    each_sdk.cli("sync", str(folder))
    xs = each_sdk(
        """
        import wandb
        run = wandb.Api().run("local/p/offline")
        result = [row["x"] for row in run.scan_history(keys=["x"])]
        """
    )
    assert xs == [0, 1, 2, 3, 4]


def test_what_is_no_number_is_read_in_every_version(each_sdk: Sdk) -> None:
    found = each_sdk(
        """
        import wandb
        with wandb.init(project="p", id="r") as run:
            run.log({"loss": float("nan"), "far": float("inf")})
            run.log({"loss": 1.0, "far": float("-inf")})
        run = wandb.Api().run("local/p/r")
        result = [[float(row["loss"]), float(row["far"])] for row in run.scan_history(keys=["loss", "far"])]
        result = [str(result)]
        result += [len(run.history(keys=["loss"], pandas=False)), len(list(run.scan_history()))]
        """
    )
    assert found == ["[[nan, inf], [1.0, -inf]]", 2, 2]
