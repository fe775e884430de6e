"""memoize=True: what was made of the same code, configuration and inputs is linked, not made again."""

from __future__ import annotations

from typing import Any

import pytest

import treadle as dg


@pytest.fixture
def instance() -> dg.DagsterInstance:
    return dg.DagsterInstance.ephemeral()


class Counted:
    """Two assets whose functions say how often they ran; what `raw` gives is `value`."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.value = 1

    def assets(self, version: str = "1") -> list[Any]:
        @dg.asset(code_version="1")
        def raw() -> int:
            self.ran.append("raw")
            return self.value

        @dg.asset(code_version=version, memoize=True)
        def model(raw: int) -> int:
            self.ran.append("model")
            return raw * 10

        return [raw, model]


def test_the_same_bytes_upstream_cut_off_what_is_downstream(instance: dg.DagsterInstance) -> None:
    counted = Counted()
    first = dg.materialize(counted.assets(), instance=instance)
    second = dg.materialize(counted.assets(), instance=instance)
    assert counted.ran == ["raw", "model", "raw"]
    assert second.success
    assert second.output_for_node("model") == 10
    [linked] = second.asset_materializations_for_node("model")
    assert linked.tags["treadle/memoized_from"] == first.run_id
    said = [e.user_message for e in instance.all_logs(second.run_id)]
    assert any(first.run_id in s and s.startswith("Not run:") for s in said)


def test_another_input_or_code_version_runs_it(instance: dg.DagsterInstance) -> None:
    counted = Counted()
    dg.materialize(counted.assets(), instance=instance)
    counted.value = 2
    assert dg.materialize(counted.assets(), instance=instance).output_for_node("model") == 20
    dg.materialize(counted.assets("2"), instance=instance)
    assert counted.ran == ["raw", "model"] * 3
    counted.value = 1
    # Seen in the first run, with the first version of the code.
    assert dg.materialize(counted.assets(), instance=instance).output_for_node("model") == 10
    assert counted.ran == [*["raw", "model"] * 3, "raw"]


def test_each_partition_is_seen_by_itself(instance: dg.DagsterInstance) -> None:
    ran = []

    @dg.asset(partitions_def=dg.StaticPartitionsDefinition(["a", "b"]), code_version="1", memoize=True)
    def letter(context: dg.AssetExecutionContext) -> str:
        ran.append(context.partition_key)
        return context.partition_key * 2

    for key in ("a", "b", "a", "b"):
        dg.materialize([letter], partition_key=key, instance=instance)
    assert ran == ["a", "b"]
    assert instance.load_asset_value("letter", partition_key="b") == "bb"


def test_what_was_in_memory_only_is_made_again(instance: dg.DagsterInstance) -> None:
    counted = Counted()
    for _ in range(2):
        assert dg.materialize_to_memory(counted.assets(), instance=instance).output_for_node("model") == 10
    assert counted.ran == ["raw", "model"] * 2


class Scale(dg.ConfigurableResource):
    factor: int = 1


class Rate(dg.ConfigurableResource):
    scale: Scale


def test_what_resources_are_counts(instance: dg.DagsterInstance) -> None:
    ran: list[int] = []

    @dg.asset(memoize=True, code_version="1")
    def scaled(scale: Scale) -> int:
        ran.append(scale.factor)
        return scale.factor

    @dg.asset(memoize=True, code_version="1")
    def rated(rate: Rate) -> int:
        ran.append(rate.scale.factor * 100)
        return 1

    @dg.asset(memoize=True, code_version="1", required_resource_keys={"plain"})
    def plainly(context: dg.AssetExecutionContext) -> int:
        ran.append(context.resources.plain * 10)
        return 1

    def run(scale: int, plain: int, rate: int) -> list[int]:
        ran.clear()
        resources = {"scale": Scale(factor=scale), "plain": plain, "rate": Rate(scale=Scale(factor=rate))}
        dg.materialize([scaled, plainly, rated], instance=instance, resources=resources)
        return sorted(ran)

    assert run(1, 1, 1) == [1, 10, 100]
    assert run(1, 1, 1) == []
    assert run(2, 1, 1) == [2]
    assert run(2, 2, 1) == [20]
    assert run(2, 2, 2) == [200]
    assert run(1, 1, 1) == [], "all of it was seen before"


def test_configuration_counts(instance: dg.DagsterInstance) -> None:
    ran = []

    @dg.asset(code_version="1", memoize=True, config_schema={"size": int})
    def sized(context: dg.AssetExecutionContext) -> int:
        ran.append(context.op_config["size"])
        return int(context.op_config["size"])

    for size in (1, 2, 1):
        config = {"ops": {"sized": {"config": {"size": size}}}}
        dg.materialize([sized], run_config=config, instance=instance)
    assert ran == [1, 2]
