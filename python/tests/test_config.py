"""Configuration where it goes beyond Dagster: nearest names, samples of schemas, what is loaded when."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import yaml

import treadle as dg
from treadle._config.process import process_config


class Training(dg.Config):
    token: str


class Layer(dg.Config):
    size: int


class Net(dg.Config):
    layers: list[Layer] = [Layer(size=3)]  # noqa: RUF012 - pydantic copies it


def job_with(schema: Any) -> Any:
    @dg.op(config_schema=schema)
    def model(context: dg.OpExecutionContext) -> Any:
        return context.op_config

    @dg.job
    def train() -> None:
        model()

    return train


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    with pytest.raises(dg.DagsterInvalidConfigError) as raised:
        dg.validate_run_config(job_with({"target": str}), {"ops": {"modle": {}}, "resource": {}})
    messages = raised.value.error_messages
    assert "Did you mean 'resources'?" in messages[0]
    assert "Did you mean 'model'?" in messages[1]
    paths = [e.path for e in raised.value.errors]
    assert paths == ["", "root:ops", "root:ops"]
    assert [e.reason for e in raised.value.errors][2] == "MISSING_REQUIRED_FIELD"


def test_secrets_of_the_environment_are_not_in_the_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOKEN_OF_TEST", "hush")

    seen = []

    @dg.asset
    def model(config: Training) -> None:
        seen.append(config.token)

    instance = dg.DagsterInstance.ephemeral()
    result = dg.materialize(
        [model],
        instance=instance,
        run_config=dg.RunConfig(ops={"model": Training(token=dg.EnvVar("TOKEN_OF_TEST"))}),
    )
    assert seen == ["hush"]
    run = instance.get_run_by_id(result.run_id)
    assert run is not None
    assert run.run_config["ops"]["model"]["config"] == {"token": {"env": "TOKEN_OF_TEST"}}


def test_the_sample_of_a_schema_is_yaml_that_fits_it() -> None:
    schema = dg.Shape(
        {
            "name": str,
            "trees": dg.Field(int, default_value=3, description="How many."),
            "rate": dg.Field(float, is_required=False),
            "maybe": dg.Field(dg.Noneable(int), is_required=True),
            "store": dg.Selector({"local": {"path": str}, "bucket": str}),
            "kind": dg.Enum("Kind", [dg.EnumValue("yes"), dg.EnumValue("no")]),
            "many": [{"a": int}],
            "odd: key": bool,
            "url": dg.StringSource,
        }
    )
    sample = schema.core.sample_yaml()
    assert "trees: 3  # Int, optional: How many." in sample
    result = process_config(schema, yaml.safe_load(sample))
    assert result.success, result.errors
    assert result.value["store"] == {"local": {"path": "..."}}


def test_configuration_deeper_than_any_schema_is_handed_through() -> None:
    deep: Any = 1
    for _ in range(3000):
        deep = [deep]
    found = process_config(dg.Permissive(), {"deep": deep}).value["deep"]
    for _ in range(3000):
        (found,) = found
    assert found == 1


def test_a_list_may_be_the_default_of_a_field_of_objects() -> None:
    @dg.op
    def net(config: Net) -> list[int]:
        return [layer.size for layer in config.layers]

    @dg.job
    def train() -> None:
        net()

    assert train.execute_in_process().output_for_node("net") == [3]


def test_scalars_are_types_of_inputs_and_of_configuration() -> None:
    @dg.op(
        ins={"n": dg.In(dg.Int)},
        config_schema={"f": dg.Float, "s": dg.String, "b": dg.Field(dg.Bool, default_value=True)},
    )
    def takes(context: dg.OpExecutionContext, n: int) -> Any:
        return n, context.op_config

    @dg.job
    def run() -> None:
        takes()

    config = {"ops": {"takes": {"inputs": {"n": 4}, "config": {"f": 1, "s": "x"}}}}
    assert run.execute_in_process(run_config=config).output_for_node("takes") == (
        4,
        {"f": 1.0, "s": "x", "b": True},
    )


def test_pydantic_is_loaded_only_when_a_class_needs_it() -> None:
    program = """
import sys, treadle as dg
@dg.resource(config_schema={"a": int})
def r(context): return context.resource_config["a"]
@dg.asset(required_resource_keys={"r"}, config_schema={"n": int})
def a(context): return context.resources.r + context.op_execution_context.op_config["n"]
config = {"ops": {"a": {"config": {"n": 1}}}, "resources": {"r": {"config": {"a": 2}}}}
assert dg.materialize([a], resources={"r": r}, run_config=config).output_for_node("a") == 3
assert "pydantic" not in sys.modules and "yaml" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_resource_that_makes_something_else_is_no_parameter() -> None:
    class Factory(dg.ConfigurableResourceFactory[str]):
        def create_resource(self, context: dg.InitResourceContext) -> str:
            return "made"

    def takes(f: Any) -> None: ...

    takes.__annotations__["f"] = Factory
    with pytest.raises(dg.DagsterInvalidDefinitionError, match="should instead be 'ResourceParam"):
        dg.asset(takes)
