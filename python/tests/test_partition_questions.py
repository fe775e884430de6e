"""What partitions definitions, subsets and mappings answer, and what they refuse."""

from __future__ import annotations

import copy
import datetime
import pickle
from typing import Any

import pytest

import treadle as dg
from treadle._partitions.time import PartitionLoadingContext, TemporalContext

DAYS = dg.DailyPartitionsDefinition("2026-01-01", end_date="2026-01-08")
REGIONS = dg.StaticPartitionsDefinition(["eu", "us"])
GRID = dg.MultiPartitionsDefinition({"day": DAYS, "region": REGIONS})
AT = PartitionLoadingContext(TemporalContext(datetime.datetime(2026, 6, 1, tzinfo=datetime.timezone.utc)))


def pages(definition: dg.PartitionsDefinition, ascending: bool, limit: int) -> list[list[str]]:
    found, cursor, more = [], None, True
    while more:
        page = definition.get_paginated_partition_keys(AT, limit, ascending, cursor)
        found.append(list(page.results))
        cursor, more = page.cursor, page.has_more
    return found


@pytest.mark.parametrize("definition", [DAYS, REGIONS, GRID])
@pytest.mark.parametrize("limit", [1, 3, 100])
def test_pages_together_are_all_keys(definition: dg.PartitionsDefinition, limit: int) -> None:
    keys = list(definition.get_partition_keys())
    assert [k for page in pages(definition, True, limit) for k in page] == keys
    assert [k for page in pages(definition, False, limit) for k in page] == keys[::-1]


def test_pages_go_on_after_a_key_that_is_gone() -> None:
    instance = dg.DagsterInstance.ephemeral()
    images = dg.DynamicPartitionsDefinition(name="images")
    instance.add_dynamic_partitions("images", ["a", "b", "c", "d"])
    context = PartitionLoadingContext(AT.temporal_context, instance)
    page = images.get_paginated_partition_keys(context, 2, True)
    assert (page.results, page.has_more) == (["a", "b"], True)
    instance.delete_dynamic_partition("images", "b")
    page = images.get_paginated_partition_keys(context, 2, True, page.cursor)
    assert (page.results, page.has_more) == (["c", "d"], False)
    assert images.get_paginated_partition_keys(context, 2, True, page.cursor).results == []


def test_keys_that_there_are() -> None:
    assert DAYS.filter_valid_partition_keys({"2026-01-02", "2025-12-31", "x"}) == {"2026-01-02"}
    assert GRID.filter_valid_partition_keys({"2026-01-02|eu", "eu", "2026-01-02|mars"}) == {"2026-01-02|eu"}
    assert GRID.is_valid_key_format("a|b")
    assert not GRID.is_valid_key_format("a")
    found = GRID.get_multipartition_keys_with_dimension_values("day", ["2026-01-01", "2026-01-02"])
    assert found == ["2026-01-01|eu", "2026-01-01|us", "2026-01-02|eu", "2026-01-02|us"]


def test_windows_and_ranges() -> None:
    week = DAYS.time_window_for_partition_key("2026-01-02")
    assert DAYS.has_any_partitions_in_window(week)
    assert DAYS.get_partition_key_range_for_time_window(week) == dg.PartitionKeyRange(
        "2026-01-02", "2026-01-02"
    )
    with pytest.raises(dg.CheckError, match="before the partitions definition start time"):
        DAYS.get_partition_keys_in_range(dg.PartitionKeyRange("2025-12-30", "2026-01-02"))
    with pytest.raises(dg.CheckError, match="after the partitions definition end time"):
        DAYS.get_partition_keys_in_range(dg.PartitionKeyRange("2026-01-02", "2026-01-09"))
    # Windows that have not ended yet are in a range, too.
    ahead = dg.DailyPartitionsDefinition("2999-01-01")
    keys = ahead.get_partition_keys_in_range(dg.PartitionKeyRange("2999-01-01", "2999-01-02"))
    assert keys == ["2999-01-01", "2999-01-02"]


@pytest.mark.parametrize("definition", [DAYS, REGIONS, GRID, dg.DynamicPartitionsDefinition(name="x")])
def test_definitions_are_pickled_and_copied(definition: Any) -> None:
    hash(definition)  # the core's side is there
    assert pickle.loads(pickle.dumps(definition)) == definition
    assert copy.deepcopy(definition) == definition


def test_subsets_compare_with_sets() -> None:
    subset = REGIONS.subset_with_partition_keys(["us", "eu"])
    assert subset.get_partition_keys() == {"eu", "us"}
    assert list(subset.get_partition_keys()) == ["eu", "us"]
    assert DAYS.subset_with_partition_keys(["2026-01-02"]).get_partition_keys() == ["2026-01-02"]
    assert subset.num_partitions == 2
    later = dg.StaticPartitionsDefinition(["eu", "us", "asia"])
    assert subset.get_partition_keys_not_in_subset(later) == ["asia"]


def test_what_does_not_exist_upstream_is_told_as_a_subset() -> None:
    only_eu = dg.StaticPartitionsDefinition(["eu"])
    both = REGIONS.subset_with_partition_keys(["eu", "us"])
    result = dg.IdentityPartitionMapping().get_upstream_mapped_partitions_result_for_partitions(
        both, REGIONS, only_eu
    )
    missing = result.required_but_nonexistent_subset
    assert missing.get_partition_keys() == {"us"}
    assert ("us" in missing, "eu" in missing, len(missing), missing.is_empty) == (True, False, 1, False)
    assert result.required_but_nonexistent_partition_keys == ["us"]
    assert result.partitions_subset.get_partition_keys() == {"eu"}


def test_mappings_say_what_they_do() -> None:
    lag = dg.TimeWindowPartitionMapping(start_offset=-1)
    grid = dg.MultiPartitionMapping({"day": dg.DimensionPartitionMapping("week", lag)})
    assert grid.description == (
        "Upstream dimension 'day' mapped to downstream dimension 'week' using TimeWindowPartitionMapping."
    )
    assert "moved by -1 and 0 partitions" in lag.description
    assert "['eu']" in dg.SpecificPartitionsPartitionMapping(["eu"]).description
    with pytest.raises(dg.CheckError, match="'eu' to 1"):
        dg.StaticPartitionMapping({"eu": 1})  # type: ignore[dict-item]
    extra = dg.StaticPartitionMapping({"eu": "mars"})
    for kind in (ValueError, dg.CheckError, dg.DagsterInvalidDefinitionError):
        with pytest.raises(kind, match="mars"):
            extra.validate_partition_mapping(REGIONS, REGIONS)
        with pytest.raises(kind, match="mars"):
            extra.get_downstream_partitions_for_partitions(REGIONS.empty_subset(), REGIONS, REGIONS)
    with pytest.raises(dg.CheckError, match="not the string 'eu'"):
        dg.SpecificPartitionsPartitionMapping("eu")


def test_how_an_asset_depends_on_another() -> None:
    yesterday = dg.TimeWindowPartitionMapping(start_offset=-1, end_offset=-1)

    @dg.asset(partitions_def=DAYS)
    def source() -> None: ...

    @dg.asset(partitions_def=DAYS, deps=[dg.AssetDep(source, partition_mapping=yesterday)])
    def lagging() -> None: ...

    @dg.asset(deps=[source])
    def plain() -> None: ...

    assert lagging.get_partition_mapping(source.key) == yesterday
    assert plain.get_partition_mapping(source.key) is None
    assert lagging.infer_partition_mapping(lagging.key, source.key, DAYS) == yesterday
    inferred = plain.infer_partition_mapping(plain.key, source.key, DAYS)
    assert type(inferred).__name__ == "AllPartitionMapping"
    assert source.to_source_asset().partitions_def == DAYS


def test_one_function_may_make_assets_with_different_partitions() -> None:
    seen: list[Any] = []

    @dg.multi_asset(
        specs=[
            dg.AssetSpec("by_day", partitions_def=DAYS),
            dg.AssetSpec("by_region", partitions_def=REGIONS),
        ],
        can_subset=True,
    )
    def both(context: dg.AssetExecutionContext) -> Any:
        seen.append(context.partition_keys)
        for key in context.selected_asset_keys:
            yield dg.MaterializeResult(asset_key=key)

    instance = dg.DagsterInstance.ephemeral()
    dg.materialize([both], partition_key="eu", selection="by_region", instance=instance)
    dg.materialize([both], partition_key="2026-01-02", selection="by_day", instance=instance)
    assert seen == [["eu"], ["2026-01-02"]]
    assert instance.get_materialized_partitions(dg.AssetKey("by_region")) == {"eu"}
    with pytest.raises(dg.DagsterInvalidDefinitionError, match="must have the same partitions definitions"):
        dg.materialize([both], partition_key="eu", instance=instance)
    with pytest.raises(dg.CheckError, match="different partitions definitions"):
        both.partitions_def  # noqa: B018
    job = dg.define_asset_job("regions", selection="by_region")
    definitions = dg.Definitions(assets=[both], jobs=[job])
    assert definitions.resolve_job_def("regions").partitions_def == REGIONS


def test_partitions_of_specs_and_of_the_whole_fit() -> None:
    def declared(*own: Any, **rest: Any) -> dg.AssetsDefinition:
        specs = [dg.AssetSpec(f"a{i}", partitions_def=p) for i, p in enumerate(own)]
        return dg.multi_asset(specs=specs, **rest)(lambda: None)

    with pytest.raises(dg.DagsterInvalidDefinitionError, match="can_subset must be True"):
        declared(DAYS, REGIONS, name="m")
    with pytest.raises(dg.CheckError, match="different than the partitions_def provided"):
        declared(DAYS, partitions_def=REGIONS, name="m")
    with pytest.raises(dg.CheckError, match="either all specs"):
        declared(DAYS, None, partitions_def=DAYS, name="m")
    assert declared(None, None, partitions_def=DAYS, name="m").partitions_def == DAYS


def test_an_asset_of_specs_may_read_its_own_earlier_windows() -> None:
    yesterday = dg.TimeWindowPartitionMapping(start_offset=-1, end_offset=-1)
    own = dg.AssetSpec("own", deps=[dg.AssetDep("own", partition_mapping=yesterday)])

    @dg.multi_asset(specs=[own], partitions_def=DAYS)
    def made(context: dg.AssetExecutionContext) -> None:
        assert context.asset_partition_key_for_input("own") == "2026-01-02"

    assert dg.materialize([made], partition_key="2026-01-03").success
    with pytest.raises(dg.DagsterInvalidDefinitionError, match="cannot depend on itself"):
        dg.multi_asset(specs=[dg.AssetSpec("own", deps=["own"])], name="m")(lambda: None)


def test_a_job_over_keys_that_a_function_gives() -> None:
    ran: list[str] = []

    @dg.op
    def work(context: dg.OpExecutionContext) -> None:
        ran.append(context.partition_key)

    @dg.dynamic_partitioned_config(lambda _: ["one", "two"])
    def by_name(key: str) -> dict[str, Any]:
        return {}

    @dg.job(config=by_name)
    def named() -> None:
        work()

    assert named.execute_in_process(partition_key="two").success
    assert ran == ["two"]
    with pytest.raises(dg.DagsterUnknownPartitionError):
        named.execute_in_process(partition_key="three")


def test_a_job_takes_as_few_partitions_at_once_as_its_assets() -> None:
    def made(name: str, policy: dg.BackfillPolicy | None, days: Any = DAYS) -> dg.AssetsDefinition:
        return dg.asset(name=name, partitions_def=days, backfill_policy=policy)(lambda: None)

    one, two = dg.BackfillPolicy.single_run(), dg.BackfillPolicy.multi_run(2)
    assets = [made("all", one), made("two", two), made("none", None), made("whole", None, None)]

    def policy(*names: str) -> dg.BackfillPolicy:
        job = dg.define_asset_job("j", selection=list(names), metadata={"a": 1})
        assert job.with_metadata({"b": 2}).metadata == {"b": 2}
        return job.resolve(dg.Definitions(assets=assets)).backfill_policy

    assert policy("all") == policy("all", "whole") == one
    assert policy("all", "two") == two
    assert policy("all", "two", "none") == policy("whole") == dg.BackfillPolicy.multi_run(1)


def test_requests_for_partitions_bring_the_config_of_the_job() -> None:
    config = {"ops": {"a": {"config": {"x": 1}}}}
    job = dg.define_asset_job("j", "*", config=config, partitions_def=REGIONS)
    request = job.run_request_for_partition("eu")
    assert (request.run_config, request.tags["dagster/partition"]) == (config, "eu")
    own = job.run_request_for_partition("eu", run_config={"ops": {}})
    assert own.run_config == {"ops": {}}


def test_contexts_without_partitions_say_so() -> None:
    @dg.asset
    def whole(context: dg.AssetExecutionContext) -> None:
        with pytest.raises(dg.CheckError, match="no asset partitions"):
            context.asset_partition_key_for_output()
        with pytest.raises(dg.CheckError, match="no asset partitions"):
            context.asset_partition_key_range_for_output()
        with pytest.raises(dg.DagsterInvariantViolationError, match="not partitioned"):
            context.asset_partition_keys_for_output()
        with pytest.raises(dg.DagsterInvariantViolationError, match="non-partitioned run"):
            context.partition_key  # noqa: B018

    dg.materialize([whole])

    @dg.asset
    def direct(context: dg.AssetExecutionContext) -> None:
        with pytest.raises(dg.CheckError, match="non-partitioned run"):
            context.partition_key  # noqa: B018

    direct(dg.build_asset_context())
    assert repr(dg.BackfillPolicy.single_run()) == "BackfillPolicy.single_run()"
    assert repr(dg.BackfillPolicy.multi_run(3)) == "BackfillPolicy.multi_run(max_partitions_per_run=3)"


def test_a_check_without_partitions_knows_the_partition_of_its_run() -> None:
    letters = dg.StaticPartitionsDefinition(["a", "b", "c"])
    seen: list[tuple[str, object]] = []

    @dg.asset(partitions_def=letters, backfill_policy=dg.BackfillPolicy.single_run())
    def raw() -> None: ...

    @dg.asset_check(asset=raw, partitions_def=letters)
    def each(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        seen.append(("each", list(context.partition_keys)))
        return dg.AssetCheckResult(passed="b" not in context.partition_keys)

    @dg.asset_check(asset=raw)
    def whole(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        seen.append(("whole", context.partition_key if context.has_partition_key else None))
        return dg.AssetCheckResult(passed=True)

    instance = dg.DagsterInstance.ephemeral()
    one = dg.materialize([raw, each, whole], instance=instance, partition_key="a")
    found = {(e.check_name, e.partition, e.passed) for e in one.get_asset_check_evaluations()}
    assert found == {("each", "a", True), ("whole", None, True)}
    assert sorted(seen, key=str) == [("each", ["a"]), ("whole", "a")]
    seen.clear()
    # In a run over many each partition has its evaluation.
    (many,) = dg.materialize_partitions([raw, each, whole], ["b", "c"], instance=instance)
    found = {(e.check_name, e.partition, e.passed) for e in many.get_asset_check_evaluations()}
    assert found == {("each", "b", False), ("each", "c", False), ("whole", None, True)}
    assert sorted(seen, key=str) == [("each", ["b", "c"]), ("whole", None)]
    (status,) = dg.asset_status([raw, each, whole], instance)
    assert "check 'each' failed: b, c" in [reason.text for reason in status.why]


def test_a_check_is_over_the_partitions_of_its_asset() -> None:
    @dg.asset
    def plain() -> None: ...

    @dg.asset_check(asset=plain, partitions_def=dg.StaticPartitionsDefinition(["a"]))
    def wrong() -> dg.AssetCheckResult:
        return dg.AssetCheckResult(passed=True)

    with pytest.raises(dg.DagsterInvalidDefinitionError, match=r"'plain:wrong'.*different partitions"):
        dg.Definitions.validate_loadable(dg.Definitions([plain], asset_checks=[wrong]))


def test_a_job_is_over_the_partitions_of_one_definition() -> None:
    @dg.asset(partitions_def=dg.StaticPartitionsDefinition(["a", "b"]))
    def x() -> None: ...

    @dg.asset(partitions_def=dg.StaticPartitionsDefinition(["c"]))
    def y() -> None: ...

    for selection in ("*", [x, y]):
        mixed = dg.Definitions([x, y], jobs=[dg.define_asset_job("mixed", selection)])
        with pytest.raises(dg.DagsterInvalidDefinitionError, match="must have the same partitions"):
            dg.Definitions.validate_loadable(mixed)
    fine = dg.Definitions([x, y], jobs=[dg.define_asset_job("fine", [y])])
    dg.Definitions.validate_loadable(fine)
    assert fine.resolve_job_def("fine").partitions_def == dg.StaticPartitionsDefinition(["c"])


@pytest.mark.parametrize(
    ("policy", "runs"),
    [
        (None, [["03"], ["04"], ["05"], ["07"]]),
        (dg.BackfillPolicy.multi_run(), [["03"], ["04"], ["05"], ["07"]]),
        (dg.BackfillPolicy.multi_run(3), [["03", "04", "05"], ["07"]]),
        (dg.BackfillPolicy.multi_run(2), [["03", "04"], ["05", "07"]]),
        (dg.BackfillPolicy.multi_run(100), [["03", "04", "05", "07"]]),
        (dg.BackfillPolicy.single_run(), [["03", "04", "05", "07"]]),
    ],
)
def test_a_backfill_is_split_as_its_policy_says(
    policy: dg.BackfillPolicy | None, runs: list[list[str]]
) -> None:
    seen: list[list[str]] = []

    @dg.asset(partitions_def=DAYS, backfill_policy=policy)
    def counted(context: dg.AssetExecutionContext) -> dict[str, str] | str:
        keys = context.partition_keys
        seen.append([key[-2:] for key in keys])
        return {key: key for key in keys} if len(keys) > 1 else keys[0]

    instance = dg.DagsterInstance.ephemeral()
    asked = "2026-01-03...2026-01-05,2026-01-07"
    results = dg.materialize_partitions([counted], asked, instance=instance)
    assert seen == runs
    assert len({r.dagster_run.tags["dagster/backfill"] for r in results}) == 1
    made = ["2026-01-03", "2026-01-04", "2026-01-05", "2026-01-07"]
    assert sorted(instance.get_materialized_partitions(counted.key)) == made
    assert [instance.load_asset_value(counted.key, partition_key=key) for key in made] == made
