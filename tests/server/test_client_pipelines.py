"""A pipeline whose artifacts a server keeps: the record of the home still knows what is stale."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from native_client import Client
from real_server import BIN, Server
from recording_proxy import RecordingProxy

ASSETS = """
import os
from treadle import AssetIn, Definitions, asset
from treadle.wandb import WandbArtifactsIOManager

def source(i):
    @asset(name=f"source_{i}", metadata={"wandb_artifact_configuration": {"type": "dataset"}})
    def made():
        return list(range(i))
    return made

@asset(ins={f"source_{i}": AssetIn() for i in range(5)})
def total(**sources):
    return sum(len(s) for s in sources.values())

defs = Definitions(
    assets=[*(source(i) for i in range(5)), total],
    resources={"io_manager": WandbArtifactsIOManager(entity="local", project="iris", host=os.environ.get("HOST"))},
)
"""


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[tuple[RecordingProxy, Server]]:
    server = Server(tmp_path / "home")
    with RecordingProxy() as running:
        running.start(server)
        yield running, server
        if server.process.poll() is None:
            server.stop()


def treadle(client: Client, *words: str, **env: str) -> Any:
    """A command on the pipeline, with what it prints as JSON."""
    environment = {**client.env(), "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", **env}
    environment["TREADLE_PYTHON"] = sys.executable
    command = [str(BIN / "treadle"), "--json", *words, "-f", "pipeline.py"]
    done = subprocess.run(
        command, cwd=client.folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def reasons(status: Any) -> str:
    return json.dumps(status)


def test_what_is_gone_from_the_server_is_stale_and_one_question_tells(
    proxy: tuple[RecordingProxy, Server], tmp_path: Path
) -> None:
    recorder, server = proxy
    ours = Client(tmp_path / "ours", recorder.url, server.key)
    ours.folder.mkdir()
    (ours.folder / "pipeline.py").write_text(ASSETS)
    treadle(ours, "materialize")
    made = "result = [a.version for a in wandb.Api().artifact_versions('dataset', 'local/iris/source_3')]"
    assert ours(made) == ["v0"]

    recorder.clear()
    fresh = reasons(treadle(ours, "status"))
    assert "artifact_gone" not in fresh
    assert recorder.operations() == ["ArtifactMembershipsByName"]

    ours("wandb.Api().artifact('local/iris/source_3:v0').delete(delete_aliases=True)")
    assert "artifact_gone" in reasons(treadle(ours, "status"))
    # A server that is away, or a key that nobody has, changes nothing.
    away = reasons(treadle(ours, "status", WANDB_API_KEY=""))
    assert "artifact_gone" not in away
    server.stop()
    assert "artifact_gone" not in reasons(treadle(ours, "status"))


def test_a_value_is_read_from_where_it_was_made(server: Server, tmp_path: Path) -> None:
    ours = Client(tmp_path / "ours", server.url, server.key)
    ours.folder.mkdir()
    (ours.folder / "pipeline.py").write_text(ASSETS)
    read = ours(
        """
        from treadle import DagsterInstance, materialize
        from pipeline import defs
        instance = DagsterInstance.get()
        result = defs.resolve_implicit_global_asset_job_def().execute_in_process(instance=instance)
        result = [result.asset_value("total"), defs.load_asset_value("total", instance=instance)]
        """,
        HOST=server.url,
    )
    assert read == [10, 10]
