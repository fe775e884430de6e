"""A scikit-learn model travels as ONNX: bytes that any language can load.

pip install scikit-learn skl2onnx onnxruntime
treadle materialize -f onnx_model.py
"""

from typing import Any

from treadle import AssetExecutionContext, AssetOut, Definitions, asset, multi_asset
from treadle.wandb import WandbArtifactsIOManager


@multi_asset(
    outs={
        "my_onnx_model": AssetOut(metadata={"wandb_artifact_configuration": {"type": "model"}}),
        "my_test_set": AssetOut(metadata={"wandb_artifact_configuration": {"type": "test_set"}}),
    },
    group_name="onnx_example",
)
def create_onnx_model() -> tuple[bytes, dict[str, Any]]:
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import FloatTensorType
    from sklearn.datasets import load_iris
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import train_test_split

    iris = load_iris()
    x_train, x_test, y_train, y_test = train_test_split(iris.data, iris.target)
    forest = RandomForestClassifier().fit(x_train, y_train)
    onnx = convert_sklearn(forest, initial_types=[("float_input", FloatTensorType([None, 4]))])
    return onnx.SerializeToString(), {"X_test": x_test, "y_test": y_test}


@asset(group_name="onnx_example")
def experiment_results(
    context: AssetExecutionContext, my_onnx_model: bytes, my_test_set: dict[str, Any]
) -> Any:
    import numpy
    import onnxruntime

    session = onnxruntime.InferenceSession(my_onnx_model)
    [predicted] = session.run(
        [session.get_outputs()[0].name],
        {session.get_inputs()[0].name: my_test_set["X_test"].astype(numpy.float32)},
    )
    context.log.info(f"accuracy {(predicted == my_test_set['y_test']).mean():.3f}")
    return predicted


defs = Definitions(
    assets=[create_onnx_model, experiment_results],
    resources={"io_manager": WandbArtifactsIOManager(entity="demo", project="onnx")},
)
