"""Runs of treadle.wandb on a server: the same record as in the home, whatever happens to the server meanwhile."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from native_client import Client, end, hear, say
from real_server import BIN, Sdk, Server


@pytest.fixture
def client(server: Server, tmp_path: Path) -> Client:
    return Client(tmp_path / "client", server.url, server.key)


WHOLE = """
    import os
    with wandb.init(project="iris", id="r1", name="first", notes="why", group="g", job_type="train",
                    tags=["b", "a"], config={"lr": 0.1, "layers": [1, {"w": 2}], "text": "ü"}) as run:
        run.define_metric("acc", summary="max")
        run.define_metric("val/*", step_metric="epoch")
        print("to the console")
        for i in range(50):
            run.log({"loss": 1 / (i + 1), "i": i, "deep": {"x": i * 2}, "nan": float("nan")})
        run.log({"acc": 0.5, "epoch": 1})
        run.log({"acc": 0.25, "val/loss": 3, "epoch": 2})
        run.log({"picked": 1}, step=100)
        run.log({"page": wandb.Html("<b>x</b>")})
        run.log({"table": wandb.Table(columns=["a"], data=[[1], [2]])})
        run.summary["best"] = {"epoch": 2}
        run.config["later"] = True
        run.config.update({"lr": 0.2}, allow_val_change=True)
        run.tags = [*run.tags, "c"]
        run.notes = "because"
        os.makedirs("sub", exist_ok=True)
        with open("sub/note.txt", "w") as file:
            file.write("content")
        run.save("sub/*", base_path=".")
        with open(os.path.join(run.dir, "own.txt"), "w") as file:
            file.write("in the run's folder")
    run = wandb.Api().run("iris/r1")
    rows = [{k: v for k, v in row.items() if k not in ("_timestamp", "_runtime")} for row in run.scan_history()]
    for row in rows:
        row.pop("page", None)
        row.pop("table", None)
    summary = {k: v for k, v in run.summary.items() if k not in ("_timestamp", "_runtime", "page", "table")}
    keys = run.history_keys
    result = dict(
        name=run.name, notes=run.notes, group=run.group, job_type=run.job_type, tags=run.tags, state=run.state,
        exit=run.exitcode, config=run.config, raw=sorted(run.rawconfig), rows=repr(rows), summary=summary,
        last=run.lastHistoryStep, keys={k: v["typeCounts"] for k, v in keys["keys"].items()},
        loss=[r["loss"] for r in run.scan_history(keys=["loss"], min_step=10, max_step=15)],
        bad=repr([r["nan"] for r in run.scan_history(keys=["nan"], max_step=2)]),
        sampled=len(run.history(samples=10, pandas=False)),
        both=len(run.history(keys=["loss", "i"], pandas=False)),
        files=sorted((f.name, f.size) for f in run.files() if f.name in ("sub/note.txt", "own.txt")),
        kinds=sorted(f.name.split("/")[0] for f in run.files()),
        text=run.file("sub/note.txt").read().decode(), missing=run.file("nothing").exists,
        metadata=sorted(run.metadata), made=[a.name for a in run.logged_artifacts()], console=[line for line in run.console() if "console" in line],
        found=[r.id for r in wandb.Api().runs("iris", {"config.lr": 0.2, "tags": "c"})],
        none=len(wandb.Api().runs("iris", {"config.lr": 0.1})),
    )
"""


def test_the_same_program_leaves_the_same_record_here_and_there(client: Client, tmp_path: Path) -> None:
    there = client(WHOLE)
    here = Client(tmp_path / "embedded", "", "")(WHOLE)
    assert there == here
    assert not list(client.folder.glob("wandb/*"))


def test_runs_go_on_where_they_were(client: Client) -> None:
    result = client("""
        with wandb.init(project="p", id="r", config={"a": 1}, tags=["x"]) as run:
            for i in range(3):
                run.log({"loss": i})
            print("one")
        before = dict(wandb.Api().run("p/r").summary)
        with wandb.init(project="p", id="r", resume="must", config={"b": 2}, tags=["y"]) as run:
            resumed, step = run.resumed, run.step
            run.log({"loss": 9})
            print("two")
        refused = []
        for id, mode in (("r", "never"), ("unknown", "must")):
            try:
                wandb.init(project="p", id=id, resume=mode)
            except wandb.UsageError as error:
                refused.append(str(error))
        with wandb.init(project="p", fork_from="r?_step=1") as forked:
            forked.log({"loss": 5})
            fork = forked.id
        with wandb.init(project="p", resume_from="r?_step=0") as run:
            run.log({"loss": 7})
        api = wandb.Api()
        runs = [api.run("p/r"), api.run(f"p/{fork}")]
        result = dict(resumed=resumed, step=step, refused=refused, config=runs[0].config, tags=runs[0].tags,
                      losses=[[r["loss"] for r in run.scan_history()] for run in runs],
                      steps=[[r["_step"] for r in run.scan_history()] for run in runs],
                      forked=runs[1].config, console=[l for l in runs[0].console() if l in ("one", "two")])
    """)
    assert result["resumed"] is True
    assert result["step"] == 3
    assert "must not be resumed" in result["refused"][0]
    assert "There is no run" in result["refused"][1]
    assert result["config"] == {"a": 1, "b": 2}
    assert result["tags"] == ["x", "y"]
    assert result["losses"] == [[0, 7], [0, 1, 5]]
    assert result["steps"] == [[0, 1], [0, 1, 2]]
    assert result["forked"] == {"a": 1, "b": 2}
    assert result["console"] == ["one", "two"]


def test_ends_are_told_as_they_were(client: Client) -> None:
    client("wandb.init(project='p', id='raised')\nraise ValueError('no')", code=1)
    result = client("""
        wandb.init(project="p", id="left")
        wandb.log({"x": 1})
        wandb.init(project="p", id="failed", reinit=True).finish(exit_code=3)
        wandb.finish()
        api = wandb.Api()
        result = {id: (api.run(f"p/{id}").state, api.run(f"p/{id}").exitcode) for id in ("raised", "failed")}
    """)
    assert result == {"raised": ["failed", 1], "failed": ["failed", 3]}


def test_runs_are_listed_changed_and_removed(client: Client) -> None:
    result = client("""
        for i in range(7):
            with wandb.init(project="p", id=f"r{i}", config={"i": i}) as run:
                run.log({"loss": i})
        api = wandb.Api()
        runs = api.runs("p", order="-summary_metrics.loss", per_page=3)
        ids, total = [r.id for r in runs], len(runs)
        run = api.run("p/r3")
        run.config["i"] = 33
        run.notes = "edited"
        run.tags.append("t")
        run.update()
        run.summary["extra"] = 1
        run.upload_file(__import__("os").path.abspath(__file__) if "__file__" in globals() else "/etc/hostname", "/")
        run = api.run("r3")
        api.run("p/r0").delete()
        gone = ""
        try:
            api.run("p/r0")
        except wandb.CommError as error:
            gone = str(error)
        [file] = [f for f in run.files() if f.name.endswith("hostname")]
        file.delete()
        left = [f.name for f in api.run("p/r3").files() if f.name.endswith("hostname")]
        result = dict(ids=ids, total=total, config=run.config, notes=run.notes, tags=run.tags, state=run.state,
                      summary=(run.summary["loss"], run.summary["extra"]), gone=gone, left=left,
                      projects=[p.name for p in api.projects()])
    """)
    assert result["ids"] == [f"r{i}" for i in reversed(range(7))]
    assert result["total"] == 7
    assert result["config"] == {"i": 33}
    assert (result["notes"], result["tags"], result["state"]) == ("edited", ["t"], "finished")
    assert result["summary"] == [3, 1]
    assert "Could not find run 'p/r0' on the server" in result["gone"]
    assert result["left"] == []
    assert result["projects"] == ["p"]


# --- a server that goes away


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


LOSES_ITS_SERVER = """
    run = wandb.init(project="p", id="r")
    for i in range(100):
        run.log({"i": i})
    print("first half", flush=True)
    input()
    for i in range(100, 2000):
        run.log({"i": i})
    run.config["late"] = 1
    run.save("/etc/hostname", base_path="/etc")
    print("second half", flush=True)
    input()
    run.finish()
"""


@pytest.fixture
def server_at(tmp_path: Path) -> Server:
    """One that comes back at its address."""
    return Server(tmp_path / "home")


def record(server: Server) -> dict[str, Any]:
    run: dict[str, Any] = server.data(
        """{ project(name: "p", entityName: "local") { run(name: "r") {
            state exitcode config historyLineCount history(minStep: 0, maxStep: 5000, samples: 5000)
            files(names: ["hostname"]) { edges { node { sizeBytes } } } } } }"""
    )["project"]["run"]
    return run


def check_whole(server: Server) -> None:
    run = record(server)
    assert (run["state"], run["exitcode"]) == ("finished", 0)
    assert [json.loads(row)["i"] for row in run["history"]] == list(range(2000))
    assert json.loads(run["config"])["late"] == {"value": 1}
    assert run["files"]["edges"][0]["node"]["sizeBytes"] == Path("/etc/hostname").stat().st_size


def test_a_killed_server_that_comes_back_has_it_all(server_at: Server, tmp_path: Path) -> None:
    port = free_port()
    server_at.start(port=port)
    client = Client(tmp_path / "client", server_at.url, server_at.key)
    program = client.start(LOSES_ITS_SERVER)
    hear(program, "first half")
    server_at.stop(signal.SIGKILL)
    say(program)
    hear(program, "second half")  # it was logged with no server
    server_at.start(port=port)
    say(program)
    end(program)
    check_whole(server_at)
    assert not list(client.folder.glob("wandb/*"))
    server_at.stop()


def test_what_a_server_that_stays_away_could_not_take_is_kept_and_sent_later(
    server_at: Server, tmp_path: Path
) -> None:
    port = free_port()
    server_at.start(port=port)
    client = Client(tmp_path / "client", server_at.url, server_at.key)
    program = client.start(LOSES_ITS_SERVER, TREADLE_WANDB_FINISH_TIMEOUT="1")
    hear(program, "first half")
    server_at.stop(signal.SIGKILL)
    say(program)
    hear(program, "second half")
    say(program)
    said = end(program, code=1)
    [folder] = (client.folder / "wandb").iterdir()
    assert "CommError" in said
    assert f"{server_at.url} cannot be reached" in said
    assert f"Nothing is lost: it is kept in {folder}" in said
    server_at.start(port=port)
    for _ in range(2):
        send = subprocess.run(
            [str(BIN / "treadle"), "runs", "send", str(folder)],
            env=client.env(),
            capture_output=True,
            text=True,
            check=False,
        )
        if folder.exists():
            raise AssertionError(send.stdout + send.stderr)
    assert "nothing to be sent" in send.stderr  # of the second time
    check_whole(server_at)
    server_at.stop()


def test_logging_does_not_wait_for_a_server_that_does_not_answer(server: Server, client: Client) -> None:
    program = client.start(LOSES_ITS_SERVER)
    hear(program, "first half")
    server.process.send_signal(signal.SIGSTOP)
    say(program)
    hear(program, "second half")
    server.process.send_signal(signal.SIGCONT)
    say(program)
    end(program)
    check_whole(server)


def test_a_run_that_was_deleted_says_so_at_its_end(server: Server, client: Client) -> None:
    program = client.start(LOSES_ITS_SERVER)
    hear(program, "first half")
    deleting = 'mutation { deleteRun(input: {id: "%s"}) { success } }'
    found = server.data('{ project(name: "p", entityName: "local") { run(name: "r") { id } } }')
    server.data(deleting % found["project"]["run"]["id"])
    say(program)
    hear(program, "second half")
    say(program)
    said = end(program, code=1)
    assert "could not be sent" in said
    # Which of them depends on how far the last request was when the run went.
    assert "There is no run" in said or "it was deleted" in said, said
    assert "it is kept in" in said


# --- who may not


def test_a_wrong_key_is_told_at_once_with_the_cure(server: Server, tmp_path: Path) -> None:
    client = Client(tmp_path / "client", server.url, "k" * 40)
    said = client("wandb.init(project='p')", code=1)
    assert "CommError" in said
    assert "does not accept the API key" in said
    assert "WANDB_API_KEY" in said
    assert f"{server.url}/authorize" in said


def test_no_key_is_told_without_asking_anybody(tmp_path: Path) -> None:
    client = Client(tmp_path / "client", "http://127.0.0.1:1", "")
    assert "There is no API key for the server http://127.0.0.1:1" in client("wandb.init()", code=1)


def test_a_server_that_cannot_be_reached_is_named(tmp_path: Path) -> None:
    client = Client(tmp_path / "client", f"http://127.0.0.1:{free_port()}", "k" * 40)
    said = client("wandb.init(project='p')", code=1, WANDB_INIT_TIMEOUT="0.5")
    assert f"The server {client.url} cannot be reached" in said
    assert "WANDB_BASE_URL" in said
    assert "wandb.login(verify=True)" not in said


def test_an_api_key_alone_sends_nothing_anywhere(tmp_path: Path) -> None:
    client = Client(tmp_path / "client", "", "")
    url = client("result = wandb.init(project='p').url", WANDB_API_KEY="k" * 40)
    assert url.startswith("treadle://embedded/local/p/runs/")


# --- pipelines


def test_a_step_joins_its_run_on_the_server(server: Server, client: Client) -> None:
    result = client("""
        import treadle as dg

        @dg.asset
        def model(context: dg.AssetExecutionContext) -> int:
            run = wandb.init(id=context.run_id, resume="allow", project="iris")
            run.log({"loss": 0.5})
            return 1

        @dg.asset
        def report(context: dg.AssetExecutionContext, model: int) -> None:
            run = wandb.init(id=context.run_id, resume="allow", project="iris")
            run.log({"loss": 0.25})

        done = dg.materialize([model, report])
        run = wandb.Api().run(f"iris/{done.run_id}")
        result = dict(name=run.name, tags=run.tags, state=run.state, id=done.run_id,
                      losses=[r["loss"] for r in run.scan_history()])
    """)
    assert result["losses"] == [0.5, 0.25]
    assert result["state"] == "finished"
    assert result["name"] == f"dagster-run-{result['id'][:8]}"
    assert "dagster_wandb" in result["tags"]


def test_steps_in_processes_of_their_own_join_it_too(server: Server, client: Client) -> None:
    (client.folder).mkdir()
    (client.folder / "pipeline.py").write_text("""
from treadle import AssetExecutionContext, asset, wandb

# A connection of the process that loads the definitions: the steps' processes are its forks.
BEFORE = len(wandb.Api().projects())

@asset
def first(context: AssetExecutionContext) -> int:
    with wandb.init(id=context.run_id, resume="allow", project="iris") as run:
        run.log({"loss": 0.5})
    return 1

@asset
def second(context: AssetExecutionContext, first: int) -> int:
    wandb.init(id=context.run_id, resume="allow", project="iris").log({"loss": 0.25})
    return len(wandb.Api().projects())
""")
    words = ["materialize", "-f", "pipeline.py", "--executor", "process"]
    done = subprocess.run(
        [sys.executable, "-m", "treadle", *words],
        cwd=client.folder,
        env=client.env(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    result = client("""
        [run] = wandb.Api().runs("iris")
        result = dict(state=run.state, losses=[r["loss"] for r in run.scan_history()])
    """)
    assert result == {"state": "finished", "losses": [0.5, 0.25]}


def test_a_step_does_not_fail_because_the_server_is_away(server: Server, client: Client) -> None:
    program = client.start(
        """
        import treadle as dg

        @dg.asset
        def model(context: dg.AssetExecutionContext) -> int:
            run = wandb.init(id=context.run_id, resume="allow", project="iris")
            print("begun", flush=True)
            input()
            run.log({"loss": 0.5})
            return 1

        result = dg.materialize([model]).success
        """,
        TREADLE_WANDB_FINISH_TIMEOUT="0.5",
    )
    hear(program, "begun")
    server.stop(signal.SIGKILL)
    say(program)
    out, err = program.communicate(timeout=60)
    assert "RESULT true" in out, out + err
    [folder] = (client.folder / "wandb").iterdir()
    assert f"it is kept in {folder}" in out + err


def test_offline_and_disabled_runs_ask_nobody(tmp_path: Path) -> None:
    client = Client(tmp_path / "client", f"http://127.0.0.1:{free_port()}", "k" * 40)
    urls = client("result = [wandb.init(project='p', mode=mode).url for mode in ('offline', 'disabled')]")
    assert urls[0].startswith("treadle://embedded/")


# --- TLS


def test_a_server_with_a_certificate_of_ones_own(tmp_path: Path) -> None:
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *names]
    files = ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "chain.pem")]
    subprocess.run([*make, *files], check=True, capture_output=True)
    server = Server(tmp_path / "home")
    server.start("--tls-cert", str(tmp_path / "chain.pem"), "--tls-key", str(tmp_path / "key.pem"))
    client = Client(tmp_path / "client", server.url, server.key)
    program = """
        with wandb.init(project="p") as run:
            run.log({"loss": 0.5})
        result = wandb.Api().run(run.path).summary["loss"]
    """
    assert server.url.startswith("https://")
    assert client(program, SSL_CERT_FILE=str(tmp_path / "chain.pem")) == 0.5
    assert client(program, WANDB_INSECURE_DISABLE_SSL="true") == 0.5
    said = client(program, code=1)
    assert "certificate" in said
    assert "SSL_CERT_FILE" in said
    server.stop()


def test_a_run_that_is_stopped_from_outside_interrupts_its_program(server: Server, tmp_path: Path) -> None:
    ours = Client(tmp_path / "ours", server.url, server.key)
    process = ours.start(
        """
        import time
        result = "went on"
        try:
            with wandb.init(entity="local", project="p", id="stopped") as run:
                for step in range(1000):
                    run.log({"step": step})
                    time.sleep(0.05)
        except KeyboardInterrupt:
            result = "interrupted"
        """
    )
    found = None
    while found is None and process.poll() is None:
        run = '{ project(name: "p", entityName: "local") { run(name: "stopped") { id } } }'
        found = (server.data(run)["project"] or {}).get("run")
    assert found is not None
    server.data("mutation($id: ID!) { stopRun(input: {id: $id}) { success } }", id=found["id"])
    assert end(process) == "interrupted"
    state = '{ project(name: "p", entityName: "local") { run(name: "stopped") { state } } }'
    assert server.data(state)["project"]["run"]["state"] == "killed"


def test_a_run_keeps_its_code_on_the_server(sdk: Sdk, server: Server, tmp_path: Path) -> None:
    ours = Client(tmp_path / "ours", server.url, server.key)
    name = ours(
        """
        import sys
        open("train.py", "w").write("print(1)")
        open("Dockerfile", "w").write("FROM x")
        open("data.csv", "w").write("1")
        sys.argv = ["train.py"]
        with wandb.init(entity="local", project="codes", id="c1", save_code=True):
            pass
        with wandb.init(entity="local", project="codes", id="c2") as run:
            kept = run.log_code(exclude_fn=lambda path, root: "own home" in path)
            result = kept.name
            assert run.log_code(".", name="none", include_fn=lambda path: False) is None
        """
    )
    assert name == "source-codes-train.py:v0"
    config = (
        'query($id: String!) { project(name: "codes", entityName: "local") { run(name: $id) { config } } }'
    )
    said = [server.data(config, id=run)["project"]["run"]["config"] for run in ("c1", "c2")]
    assert [json.loads(text)["_wandb"]["value"]["code_path"] for text in said] == ["code/train.py", name]
    result = sdk(
        """
        import wandb
        api = wandb.Api()
        run = api.run("local/codes/c1")
        result = [open(run.file("code/train.py").download("there").name).read()]
        result.append([f.name for f in api.run("local/codes/c2").files() if f.name.startswith("code/")])
        code = api.artifact("local/codes/source-codes-train.py:latest")
        result += [code.type, sorted(code.manifest.entries), code.logged_by().id]
        """
    )
    assert result == ["print(1)", [], "code", ["Dockerfile", "train.py"], "c2"]
