"""What the SDK does inside other people's libraries: scikit-learn's plots, XGBoost's callback."""

from __future__ import annotations

from real_server import Sdk

DATA = """
import wandb
from sklearn.datasets import load_iris
from sklearn.model_selection import train_test_split
X, y = load_iris(return_X_y=True)
train, test, train_y, test_y = train_test_split(X, y, random_state=1)
"""
READ = """
run = wandb.Api().run(f"local/p/{ran}")
result = {
    "state": run.state,
    "summary": sorted(run.summary.keys()),
    "types": sorted({artifact.type for artifact in run.logged_artifacts()}),
    "files": [file.name for file in run.files()],
}
"""


def test_the_plots_of_a_scikit_learn_classifier_are_kept(dagster_wandb: Sdk) -> None:
    found = dagster_wandb(
        DATA
        + """
from sklearn.ensemble import RandomForestClassifier
model = RandomForestClassifier(n_estimators=5, random_state=1).fit(train, train_y)
with wandb.init(project="p") as run:
    ran = run.id
    wandb.sklearn.plot_classifier(
        model, train, test, train_y, test_y, model.predict(test), model.predict_proba(test), ["a", "b", "c"],
        model_name="forest", feature_names=["1", "2", "3", "4"],
    )
"""
        + READ
    )
    assert found["state"] == "finished"
    assert {"confusion_matrix", "feature_importances", "roc_table", "summary_metrics"} <= set(
        found["summary"]
    )
    assert found["types"] == ["run_table"]
    assert any(name.startswith("media/table/confusion_matrix") for name in found["files"])


def test_the_rounds_and_the_model_of_xgboost_are_kept(dagster_wandb: Sdk) -> None:
    found = dagster_wandb(
        DATA
        + """
import xgboost
from wandb.integration.xgboost import WandbCallback
with wandb.init(project="p") as run:
    ran = run.id
    xgboost.XGBClassifier(n_estimators=5, callbacks=[WandbCallback(log_model=True)]).fit(
        train, train_y, eval_set=[(test, test_y)], verbose=False
    )
"""
        + READ
    )
    assert {"validation_0-mlogloss", "epoch"} <= set(found["summary"])
    assert found["types"] == ["model", "run_table"]
