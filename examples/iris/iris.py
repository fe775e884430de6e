"""From a CSV file to a checked ONNX model, every step kept as a versioned artifact.

    iris_csv ── raw_iris ─┬─ training_set ── model ─┐
                          └─ test_set ──────────────┴─ evaluation ── check: accuracy_is_high

Run it with `treadle materialize -f examples/iris/iris.py`.
"""

from pathlib import Path

import numpy as np
import onnxruntime
import pandas as pd
from skl2onnx import to_onnx
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import confusion_matrix
from sklearn.model_selection import train_test_split

import treadle as dg

CSV = Path(__file__).parents[1] / "data" / "iris.csv"
FEATURES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
SPECIES = ["setosa", "versicolor", "virginica"]

# A file that others write. Its content is its data version: edit it, and everything below is stale.
iris_csv = dg.file_asset("iris_csv", CSV, group_name="data", description="150 flowers, Fisher 1936.")


@dg.asset(deps=[iris_csv], group_name="data", kinds={"pandas"}, owners=["team:botany"])
def raw_iris() -> pd.DataFrame:
    """The measurements as a table."""
    return pd.read_csv(CSV)


@dg.multi_asset(
    outs={
        "training_set": dg.AssetOut(description="Three quarters of the flowers.", kinds={"pandas"}),
        "test_set": dg.AssetOut(description="The quarter that the model never sees.", kinds={"pandas"}),
    },
    group_name="data",
)
def split(raw_iris: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Splits by species, the same way each time."""
    training, test = train_test_split(raw_iris, test_size=0.25, stratify=raw_iris["species"], random_state=7)
    return training, test


@dg.asset(group_name="model", kinds={"scikitlearn", "onnx"}, owners=["team:botany"])
def model(context: dg.AssetExecutionContext, training_set: pd.DataFrame) -> bytes:
    """A random forest, exported to ONNX so that any runtime can use it."""
    features = training_set[FEATURES].to_numpy(np.float32)
    forest = RandomForestClassifier(n_estimators=20, random_state=7).fit(features, training_set["species"])
    context.log.info(f"trained {len(forest.estimators_)} trees on {len(features)} flowers")
    exported = to_onnx(forest, features[:1], name="iris")
    # The exporter lists these in no fixed order; the same model should be the same bytes.
    exported.opset_import.sort(key=lambda opset: opset.domain)
    return bytes(exported.SerializeToString())


@dg.asset(group_name="model", kinds={"onnx"})
def evaluation(model: bytes, test_set: pd.DataFrame) -> dg.Output[dict[str, float]]:
    """How the exported model, not the Python one, does on flowers it has not seen."""
    session = onnxruntime.InferenceSession(model)
    features = test_set[FEATURES].to_numpy(np.float32)
    predicted = session.run(["output_label"], {"X": features})[0]
    confusion = confusion_matrix(test_set["species"], predicted, labels=SPECIES)
    accuracy = float(confusion.trace() / confusion.sum())
    return dg.Output(
        {"accuracy": accuracy, "flowers": float(confusion.sum())},
        metadata={"accuracy": accuracy, "confusion": dg.MetadataValue.md(as_markdown(confusion))},
    )


@dg.asset_check(asset=evaluation, description="At least nine of ten flowers are named rightly.")
def accuracy_is_high(evaluation: dict[str, float]) -> dg.AssetCheckResult:
    accuracy = evaluation["accuracy"]
    return dg.AssetCheckResult(passed=accuracy >= 0.9, metadata={"accuracy": accuracy, "at_least": 0.9})


def as_markdown(confusion: np.ndarray) -> str:
    """Rows: what the flower is. Columns: what the model said."""
    lines = ["| | " + " | ".join(SPECIES) + " |", "| --- |" + " --- |" * len(SPECIES)]
    for species, counts in zip(SPECIES, confusion.tolist(), strict=True):
        lines.append(f"| **{species}** | " + " | ".join(map(str, counts)) + " |")
    return "\n".join(lines)


defs = dg.Definitions(assets=[iris_csv, raw_iris, split, model, evaluation], asset_checks=[accuracy_is_high])
