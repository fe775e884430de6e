"""The server is killed at random instants while the real SDK logs: nothing that was logged is lost or doubled."""

from __future__ import annotations

import random
import signal
import subprocess
import time
from pathlib import Path

from real_server import SDK_PYTHON, Sdk, Server

PROGRAM = """
import sys, time
import wandb
with wandb.init(project="p", id="r") as run:
    for step in range(400):
        run.log({"x": step, "y": step * 0.5})
        if step % 100 == 50:
            artifact = wandb.Artifact(f"part{step}", "dataset")
            for index in range(20):
                with artifact.new_file(f"{index}.txt") as file:
                    file.write(f"{step} {index}" * 100)
            run.log_artifact(artifact)
        time.sleep(0.02)
"""


def test_what_the_sdk_logs_while_the_server_is_killed_is_there_once(
    server: Server, tmp_path: Path, sdk_installed: None
) -> None:
    sdk = Sdk(server, tmp_path / "work")
    sdk.folder.mkdir()
    port = server.url.rpartition(":")[2]
    program = subprocess.Popen([SDK_PYTHON, "-c", PROGRAM], cwd=sdk.folder, env=sdk.env())
    instants = random.Random(11)
    for _ in range(4):
        time.sleep(instants.uniform(0.5, 3.0))
        server.stop(signal.SIGKILL)
        server.start("--port", port)
    assert program.wait(timeout=180) == 0
    found = sdk(
        """
        import wandb
        api = wandb.Api()
        run = api.run("local/p/r")
        parts = sorted(run.logged_artifacts(), key=lambda artifact: artifact.name)
        result = {
            "xs": [row["x"] for row in run.scan_history(keys=["x"])],
            "state": run.state,
            "parts": [artifact.name for artifact in parts],
            "texts": [open(artifact.get_entry("7.txt").download()).read() for artifact in parts],
        }
        """
    )
    assert found["xs"] == list(range(400))
    assert found["state"] == "finished"
    assert found["parts"] == ["part150:v0", "part250:v0", "part350:v0", "part50:v0"]
    assert found["texts"] == [f"{step} 7" * 100 for step in (150, 250, 350, 50)]
