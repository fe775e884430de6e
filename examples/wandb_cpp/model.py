"""A model made in Python, kept as a W&B artifact with one file; score.cpp uses it.

    pip install onnx
    treadle materialize -f model.py
    wandb_score materialize

The file is ONNX: onnxruntime runs it in Python, score.cpp in C++.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import treadle as td
from treadle import wandb


@td.asset(io_manager_key="wandb_artifacts_manager", compute_kind="wandb")
def line_model() -> wandb.Artifact:
    """The line y = 2x + 1."""
    import onnx
    from onnx import TensorProto, helper

    def column(name: str) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 1])

    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "W"], ["xW"]), helper.make_node("Add", ["xW", "b"], ["y"])],
        "line",
        [column("x")],
        [column("y")],
        [
            helper.make_tensor("W", TensorProto.FLOAT, [1, 1], [2.0]),
            helper.make_tensor("b", TensorProto.FLOAT, [1], [1.0]),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    file = Path(tempfile.mkdtemp()) / "model.onnx"
    file.write_bytes(model.SerializeToString())
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
