"""A model made in Python, kept as a W&B artifact with one file; score.cpp uses it.

    treadle materialize -f model.py
    wandb_score materialize

The file stands for an ONNX model: what is in it is up to whoever writes and reads it, the bytes travel either
way.
"""

from __future__ import annotations

import struct
import tempfile
from pathlib import Path

import treadle as td
from treadle import wandb


@td.asset(io_manager_key="wandb_artifacts_manager", compute_kind="wandb")
def line_model() -> wandb.Artifact:
    """The line y = 2x + 1, as two doubles."""
    file = Path(tempfile.mkdtemp()) / "model.onnx"
    file.write_bytes(struct.pack("<2d", 2.0, 1.0))
    artifact = wandb.Artifact("line_model", type="model")
    artifact.add_file(str(file), name="model.onnx")
    return artifact


defs = td.Definitions(
    assets=[line_model],
    resources={
        "wandb_config": td.make_values_resource(entity=str, project=str).configured(
            {"entity": "local", "project": "default"}
        ),
        "wandb_resource": wandb.wandb_resource.configured({"api_key": "none"}),
        "wandb_artifacts_manager": wandb.wandb_artifacts_io_manager,
    },
)
