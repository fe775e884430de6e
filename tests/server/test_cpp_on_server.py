"""A C++ program whose W&B artifacts a server keeps: td::wandb's IO manager over the native client."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from native_client import Client
from real_server import BIN, Server

# y = 2x + 1, as examples/wandb_cpp/model.py has ONNX write it.
LINE = (
    "CAg6cQoSCgF4CgFXEgJ4VyIGTWF0TXVsCg8KAnhXCgFiEgF5IgNBZGQSBGxpbmUqDwgBCAEQASIEAAAAQEIBVyoNCAEQASIE"
    "AACAP0IBYloRCgF4EgwKCggBEgYKAAoCCAFiEQoBeRIMCgoIARIGCgAKAggBQgQKABAN"
)


def program(client: Client, *words: str, code: int = 0) -> Any:
    """examples/wandb_cpp, built: an asset that reads a file of `line_model` and keeps its scores."""
    done = subprocess.run(
        [str(BIN / "wandb_score"), "--json", *words],
        cwd=client.folder,
        env=client.env(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_a_cpp_asset_reads_and_writes_artifacts_of_a_server(server: Server, tmp_path: Path) -> None:
    ours = Client(tmp_path / "ours", server.url, server.key)
    ours(
        f"""
        import base64
        run = wandb.init(entity="local", project="uncategorized", id="maker")
        model = wandb.Artifact("line_model", "model")
        with model.new_file("model.onnx", mode="wb") as file:
            file.write(base64.b64decode({LINE!r}))
        run.log_artifact(model).wait()
        run.finish()
        """
    )
    made = program(ours, "materialize", "scores")
    [scores] = ours(
        """
        api = wandb.Api()
        found = api.artifact("local/uncategorized/scores:newest")
        import json
        result = [[json.load(open(found.get_path("output.json").download())), found.type, sorted(found.aliases),
                   found.metadata["source_integration"], found.logged_by().id]]
        """
    )
    assert scores[0] == [1, 3, 5]
    assert scores[1] == "scores"
    assert "newest" in scores[2]
    assert scores[3] == "dagster_wandb"
    assert scores[4] == made["run"]["run_id"]
    used = ours(
        "result = [r.id for r in wandb.Api().artifact('local/uncategorized/line_model:v0').used_by()]"
    )
    assert used == [made["run"]["run_id"]]
    # Nothing is made again, and the home's own store has none of it.
    status = program(ours, "status", "scores")
    assert "artifact_gone" not in json.dumps(status)
    assert not list((ours.folder / "own home").glob("blobs/files/*"))
