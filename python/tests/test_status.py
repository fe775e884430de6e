"""asset_status: what is stale and why, from Python; runs over many partitions; memoized jobs."""

from __future__ import annotations

import datetime

import pytest

import treadle as dg


def chain(version: str, value: int) -> list[dg.AssetsDefinition]:
    @dg.asset(code_version=version)
    def raw() -> int:
        return value

    @dg.asset(code_version="1")
    def clean(raw: int) -> int:
        return raw

    @dg.asset(code_version="1")
    def model(clean: int) -> int:
        return clean

    return [raw, clean, model]


def test_the_reason_tree_goes_down_to_what_has_changed(instance: dg.DagsterInstance) -> None:
    dg.materialize(chain("1", 7), instance=instance)
    (model,) = dg.asset_status(chain("2", 8), instance, selection="model")
    assert model.status == "stale"
    assert str(model.why[0]).splitlines() == [
        "upstream 'clean' is stale",
        "  clean: upstream 'raw' is stale",
        "    raw: code version changed from 1 to 2",
    ]


def test_a_change_names_the_versions(instance: dg.DagsterInstance) -> None:
    dg.materialize(chain("1", 7), instance=instance)
    dg.materialize(chain("2", 8), instance=instance, selection="raw")
    (clean,) = dg.asset_status(chain("2", 8), instance, selection="clean")
    (reason,) = clean.reasons
    assert (reason.kind, reason.upstream) == ("upstream_changed", dg.AssetKey("raw"))
    assert reason.from_version
    assert reason.to_version
    assert reason.from_version != reason.to_version


def test_what_is_read_is_not_unneeded(instance: dg.DagsterInstance) -> None:
    assets = chain("1", 7)
    dg.materialize(assets, instance=instance)
    at_once = datetime.timedelta(microseconds=1)
    states = {s.asset_key.to_user_string(): s for s in dg.asset_status(assets, instance, None, at_once)}
    assert (states["raw"].status, states["model"].status) == ("fresh", "unneeded")
    assert states["raw"].consumed is not None
    assert states["model"].consumed is None
    (text,) = [w.text for w in states["model"].why]
    assert text.startswith("nothing here reads it, and it was not consumed since it was made")


def test_a_run_of_another_program_consumes_too(instance: dg.DagsterInstance) -> None:
    assets = chain("1", 7)
    dg.materialize(assets, instance=instance)

    @dg.asset
    def elsewhere(model: int) -> int:
        return model

    dg.materialize([elsewhere, dg.AssetSpec("model")], instance=instance, selection="elsewhere")
    (model,) = dg.asset_status(assets, instance, selection="model")
    assert model.consumed is not None
    assert model.made is not None
    assert model.consumed > model.made


def test_partitions_are_split_by_their_backfill_policy(instance: dg.DagsterInstance) -> None:
    seen: list[list[str]] = []

    @dg.asset(
        partitions_def=dg.StaticPartitionsDefinition(list("abcde")),
        backfill_policy=dg.BackfillPolicy.multi_run(2),
    )
    def letters(context: dg.AssetExecutionContext) -> None:
        seen.append(list(context.partition_keys))

    results = dg.materialize_partitions([letters], "all", instance=instance)
    assert [r.success for r in results] == [True, True, True]
    assert seen == [["a", "b"], ["c", "d"], ["e"]]
    assert dg.materialize_partitions([letters], "missing", instance=instance) == []


def test_a_job_runs_over_a_range_of_partitions(instance: dg.DagsterInstance) -> None:
    seen: list[str] = []

    @dg.asset(partitions_def=dg.StaticPartitionsDefinition(list("abc")))
    def letters(context: dg.AssetExecutionContext) -> None:
        seen.append(context.partition_key)

    definitions = dg.Definitions([letters], jobs=[dg.define_asset_job("all_letters", "letters")])
    job = definitions.get_job_def("all_letters")
    results = job.execute_partitions(dg.PartitionKeyRange("a", "b"), instance)
    assert len(results) == 2
    assert seen == ["a", "b"]
    with pytest.raises(dg.DagsterInvalidSubsetError, match="Did you mean"):
        job.execute_partitions(["z"], instance)


def test_stale_partitions_make_stale_what_is_made_of_them(instance: dg.DagsterInstance) -> None:
    regions = dg.StaticPartitionsDefinition(["eu", "us"])

    def declare(version: str) -> list[dg.AssetsDefinition]:
        @dg.asset(partitions_def=regions, code_version=version)
        def sales(context: dg.AssetExecutionContext) -> str:
            return context.partition_key

        @dg.asset(partitions_def=regions, code_version="1")
        def report(sales: str) -> str:
            return sales

        return [sales, report]

    dg.materialize_partitions(declare("1"), "all", instance=instance)
    report = dg.asset_status(declare("2"), instance, selection="report")[0]
    assert (report.status, report.reasons[0].kind) == ("stale", "upstream_stale")
    assert report.partitions is not None
    assert report.partitions.stale == (("eu", "us"),)
    dg.materialize_partitions(declare("2"), "stale", instance=instance)
    assert [s.status for s in dg.asset_status(declare("2"), instance)] == ["fresh", "fresh"]


def test_a_memoized_job_links_what_was_made_before(instance: dg.DagsterInstance) -> None:
    calls: list[str] = []

    @dg.asset(code_version="1")
    def raw() -> int:
        calls.append("raw")
        return 7

    @dg.asset(code_version="1")
    def model(raw: int) -> int:
        calls.append("model")
        return raw

    job = dg.define_asset_job("all", memoize=True)
    resolved = dg.Definitions([raw, model], jobs=[job]).get_job_def("all")
    resolved.execute_in_process(instance=instance)
    assert resolved.execute_in_process(instance=instance).success
    assert calls == ["raw", "model"]


@pytest.fixture
def instance() -> dg.DagsterInstance:
    return dg.DagsterInstance.ephemeral()
