"""Runs of the real SDK: what they report is there, once, and is read back."""

from __future__ import annotations

import subprocess
from pathlib import Path

from real_server import Sdk, Server

TRAIN = """
import wandb
run = wandb.init(project="iris", id="r1", name="first", config={"lr": 0.1, "net": {"layers": [1, 2]}},
                 tags=["a", "b"], group="g", job_type="train", notes="hello")
print("a line for the console")
for step in range(20):
    run.log({"loss": 1.0 / (step + 1), "nested": {"x": step}, "bad": float("nan")})
run.summary["best"] = 0.05
run.finish()
"""


def test_a_run_is_kept_whole(sdk: Sdk) -> None:
    sdk(TRAIN)
    result = sdk(
        """
        import wandb
        run = wandb.Api().run("local/iris/r1")
        rows = list(run.scan_history())
        result = dict(
            name=run.name, state=run.state, config=run.config, tags=sorted(run.tags), group=run.group,
            job_type=run.job_type, notes=run.notes, loss=run.summary["loss"], best=run.summary["best"],
            rows=len(rows), steps=[r["_step"] for r in rows][-1], nested=rows[3]["nested"]["x"] if isinstance(rows[3].get("nested"), dict) else rows[3]["nested.x"],
            sampled=len(run.history(samples=5, pandas=False)), last=run.lastHistoryStep,
            files=sorted(f.name for f in run.files()), user=run.user.username,
        )
        """
    )
    assert result["name"] == "first"
    assert result["state"] == "finished"
    assert result["config"] == {"lr": 0.1, "net": {"layers": [1, 2]}}
    assert result["tags"] == ["a", "b"]
    assert (result["group"], result["job_type"], result["notes"]) == ("g", "train", "hello")
    assert result["loss"] == 0.05
    assert result["best"] == 0.05
    assert (result["rows"], result["steps"], result["nested"], result["last"]) == (20, 19, 3, 19)
    assert 2 <= result["sampled"] <= 20
    assert {"config.yaml", "output.log", "wandb-metadata.json", "wandb-summary.json"} <= set(result["files"])
    assert result["user"] == "local"


def test_the_console_is_kept(sdk: Sdk) -> None:
    sdk(TRAIN)
    text = sdk(
        """
        import wandb
        run = wandb.Api().run("local/iris/r1")
        run.file("output.log").download("out", replace=True)
        result = open("out/output.log").read()
        """
    )
    assert "a line for the console" in text


def test_a_run_goes_on_where_it_stopped(sdk: Sdk) -> None:
    sdk(TRAIN)
    result = sdk(
        """
        import wandb
        run = wandb.init(project="iris", id="r1", resume="must")
        began = run.starting_step
        run.log({"loss": 0.01})
        run.finish()
        back = wandb.Api().run("local/iris/r1")
        result = [began, len(list(back.scan_history())), back.summary["loss"], back.config["lr"], back.state]
        """
    )
    assert result == [20, 21, 0.01, 0.1, "finished"]


def test_resume_must_and_never_are_held_to(sdk: Sdk) -> None:
    sdk(TRAIN)
    assert "UsageError" in sdk('import wandb; wandb.init(project="iris", id="r1", resume="never")', code=1)
    assert "UsageError" in sdk('import wandb; wandb.init(project="iris", id="r2", resume="must")', code=1)
    sdk('import wandb; wandb.init(project="iris", id="r3", resume="allow").finish()')


def test_a_failed_program_is_a_failed_run(sdk: Sdk) -> None:
    sdk('import wandb; wandb.init(project="iris", id="bad"); import sys; sys.exit(3)', code=3)
    assert sdk('import wandb; result = wandb.Api().run("local/iris/bad").state') == "failed"


def test_runs_are_found_by_what_is_in_them(sdk: Sdk) -> None:
    result = sdk(
        """
        import wandb
        for i in range(6):
            run = wandb.init(project="many", id=f"r{i}", config={"lr": i / 10}, tags=["even"] if i % 2 == 0 else [])
            run.log({"acc": i})
            run.finish()
        api = wandb.Api()
        def ids(**kw):
            return [r.id for r in api.runs("local/many", **kw)]
        result = [
            ids(filters={"config.lr": {"$gte": 0.4}}, order="+created_at"),
            ids(filters={"tags": "even"}, order="-summary_metrics.acc"),
            ids(filters={"$or": [{"name": "r1"}, {"summary_metrics.acc": {"$lt": 1}}]}, order="+created_at"),
            len(api.runs("local/many", filters={"state": "finished"}, per_page=2)),
            ids(per_page=2, order="-config.lr"),
        ]
        """
    )
    assert result == [
        ["r4", "r5"],
        ["r4", "r2", "r0"],
        ["r0", "r1"],
        6,
        ["r5", "r4", "r3", "r2", "r1", "r0"],
    ]


def test_a_run_is_edited_and_deleted_from_outside(sdk: Sdk) -> None:
    sdk(TRAIN)
    result = sdk(
        """
        import wandb
        run = wandb.Api().run("local/iris/r1")
        run.tags = ["c"]
        run.config["added"] = 1
        run.name = "renamed"
        run.update()
        run.summary["late"] = 3
        run.summary.update()
        back = wandb.Api().run("local/iris/r1")
        result = [back.tags, back.config["added"], back.config["lr"], back.name, back.summary["late"], back.state]
        back.delete()
        try:
            wandb.Api().run("local/iris/r1").state
        except Exception as error:
            result.append("not find" in str(error))
        """
    )
    assert result == [["c"], 1, 0.1, "renamed", 3, "finished", True]


def test_files_are_saved_listed_and_fetched(sdk: Sdk) -> None:
    result = sdk(
        """
        import os, wandb
        os.makedirs("in/deep", exist_ok=True)
        open("in/deep/a b.txt", "w").write("hello")
        open("in/empty", "w").close()
        run = wandb.init(project="iris", id="files")
        run.save("in/deep/a b.txt", base_path="in")
        run.save("in/empty", base_path="in")
        run.finish()
        back = wandb.Api().run("local/iris/files")
        back.upload_file("in/deep/a b.txt")
        file = back.file("deep/a b.txt")
        file.download("out", replace=True)
        result = [file.size, open("out/deep/a b.txt").read(), back.file("empty").size]
        file.delete()
        result.append("deep/a b.txt" in [f.name for f in back.files()])
        """
    )
    assert result == [5, "hello", 0, False]


def test_offline_runs_are_synced(sdk: Sdk) -> None:
    sdk(TRAIN, WANDB_MODE="offline")
    sdk.cli("sync", "--yes")
    result = sdk(
        'import wandb; r = wandb.Api().run("local/iris/r1"); result = [r.state, len(list(r.scan_history())), r.config["lr"]]'
    )
    assert result == ["finished", 20, 0.1]


def test_many_processes_log_at_once(sdk: Sdk) -> None:
    result = sdk(
        """
        import subprocess, sys
        text = "import sys, wandb; r = wandb.init(project='par', id='p' + sys.argv[1]); [r.log({'x': i}) for i in range(50)]; r.finish()"
        jobs = [subprocess.Popen([sys.executable, "-c", text, str(i)]) for i in range(4)]
        codes = [job.wait() for job in jobs]
        import wandb
        runs = wandb.Api().runs("local/par")
        result = [codes, sorted(r.id for r in runs), [len(list(r.scan_history())) for r in runs]]
        """
    )
    assert result == [[0] * 4, ["p0", "p1", "p2", "p3"], [50] * 4]


def test_the_stop_signal_reaches_a_running_program(server: Server) -> None:
    run = server.data(
        'mutation { upsertBucket(input: {modelName: "p", name: "r", host: "h"}) { bucket { id } inserted } }'
    )["upsertBucket"]
    assert run["inserted"] is True
    stream = "/files/local/p/r/file_stream"
    assert "stopped" not in server.request(stream, b"{}").json()
    server.data("mutation($id: ID!) { stopRun(input: {id: $id}) { success } }", id=run["bucket"]["id"])
    assert server.request(stream, b"{}").json()["stopped"] is True


def test_no_export_of_history_passes_for_the_whole_of_it(sdk: Sdk) -> None:
    rows, said = sdk(
        """
        import wandb
        with wandb.init(project="p", id="exported") as run:
            for step in range(5):
                run.log({"x": step, "y": {"z": step}})
        run = wandb.Api().run("p/exported")
        try:
            run.download_history_exports("exports")
            said = "complete"
        except Exception as e:
            said = type(e).__name__
        result = [[row["x"] for row in run.scan_history(keys=["x"])], said]
        """
    )
    assert (rows, said) == ([0, 1, 2, 3, 4], "IncompleteRunHistoryError")


def test_programs_that_share_a_run_lose_nothing_of_each_other(sdk: Sdk, tmp_path: Path) -> None:
    program = tmp_path / "writer.py"
    program.write_text(
        """
import sys, wandb
name, primary = sys.argv[1], sys.argv[1] == "main"
settings = wandb.Settings(mode="shared", x_label=name, x_primary=primary, x_update_finish_state=primary)
with wandb.init(project="p", id="shared", config={name: 1}, settings=settings) as run:
    for i in range(20):
        run.log({name: i})
        print(name, "says", i)
    if primary:
        sys.stdin.readline()
"""
    )
    primary = subprocess.Popen(
        [sdk.python, program, "main"], cwd=sdk.folder, env=sdk.env(), stdin=subprocess.PIPE
    )
    others = [
        subprocess.Popen([sdk.python, program, name], cwd=sdk.folder, env=sdk.env())
        for name in ("one", "two")
    ]
    assert [other.wait(timeout=120) for other in others] == [0, 0]
    primary.communicate(b"\n", timeout=120)
    assert primary.returncode == 0
    result = sdk(
        """
        import wandb
        run = wandb.Api().run("local/p/shared")
        rows = list(run.scan_history())
        result = {
            "state": run.state,
            "steps": [row["_step"] for row in rows],
            "values": {name: [row[name] for row in rows if name in row] for name in ("main", "one", "two")},
            "summary": {name: run.summary[name] for name in ("main", "one", "two")},
            "config": dict(run.config),
        }
        """
    )
    assert result["state"] == "finished"
    assert result["steps"] == list(range(60))
    assert result["values"] == {name: list(range(20)) for name in ("main", "one", "two")}
    assert result["summary"] == dict.fromkeys(("main", "one", "two"), 19)
    assert result["config"] == dict.fromkeys(("main", "one", "two"), 1)


def test_runs_are_rewound_and_forked(sdk: Sdk) -> None:
    result = sdk(
        """
        import wandb
        with wandb.init(project="p", id="first") as run:
            for i in range(10):
                run.log({"x": i})
        with wandb.init(project="p", resume_from="first?_step=4") as run:
            run.log({"x": 100})
        with wandb.init(project="p", id="second", fork_from="first?_step=2") as run:
            run.log({"x": 200})
        api = wandb.Api()
        rewound, forked = api.run("local/p/first"), api.run("local/p/second")
        result = [
            [(row["_step"], row["x"]) for row in rewound.scan_history()],
            rewound.summary["x"],
            rewound.lastHistoryStep,
            [(row["_step"], row["x"]) for row in forked.scan_history()][-1],
            forked.summary["x"],
        ]
        """
    )
    assert result == [[[0, 0], [1, 1], [2, 2], [3, 3], [4, 4], [5, 100]], 100, 5, [3, 200], 200]


def test_alerts_are_kept_and_code_is_logged(sdk: Sdk, server: Server) -> None:
    result = sdk(
        """
        import wandb
        open("train.py", "w").write("print(1)")
        with wandb.init(project="p", id="r") as run:
            run.alert(title="Low accuracy", text="below 0.5", level="WARN")
            code = run.log_code(".", include_fn=lambda path: path.endswith("train.py"))
            code.wait()
        run = wandb.Api().run("local/p/r")
        logged = run.logged_artifacts()
        result = [(a.type, sorted(a.manifest.entries)) for a in logged]
        """
    )
    assert result == [["code", ["train.py"]]]
    kept = [row for row in server.rows("select detail from account_audit") if "Low accuracy" in row[0]]
    assert kept == [("WARN: Low accuracy: below 0.5",)]


def test_a_fork_begins_with_the_history_of_what_it_forks(each_sdk: Sdk) -> None:
    result = each_sdk(
        """
        import wandb
        with wandb.init(project="iris", id="first", config={"lr": 0.1}) as run:
            for step in range(10):
                run.log({"a": step})
        with wandb.init(project="iris", id="second", fork_from="first?_step=3", config={"lr": 0.2}) as run:
            run.log({"a": 200})
            run.log({"a": 201})
        with wandb.init(project="iris", id="second", resume="must") as run:
            run.log({"a": 202})
        with wandb.init(project="iris", id="third", fork_from="second?_step=4") as run:
            run.log({"b": 300})
        api = wandb.Api()
        rows = lambda name: [[row["_step"], row.get("a"), row.get("b")] for row in api.run(f"local/iris/{name}").scan_history()]
        second, third = api.run("local/iris/second"), api.run("local/iris/third")
        result = [rows("second"), rows("third"), second.config["lr"], second.summary["a"], third.summary["b"],
                  len(rows("first")), second.user.username]
        """
    )
    second = [[0, 0, None], [1, 1, None], [2, 2, None], [3, 3, None], [4, 200, None]]
    assert result[0] == [*second, [5, 201, None], [6, 202, None]]
    assert result[1] == [*second, [5, None, 300]]
    assert result[2:] == [0.2, 202, 300, 10, "local"]


def test_what_is_not_there_is_not_forked(sdk: Sdk) -> None:
    said = sdk('import wandb; wandb.init(project="iris", id="f", fork_from="nobody?_step=3")', code=1)
    assert "There is no run 'nobody' in local/iris to fork" in said
