# mypy: ignore-errors
"""What conditions find over graphs of every kind, and the runs that schedules and sensors ask for. Run as
`python evaluation_parity_programs.py dagster|treadle`, it prints JSON: what each program was told.
"""

from __future__ import annotations

import datetime
import importlib
import json
import logging
import sys
import warnings
from collections.abc import Callable
from typing import Any

UTC = datetime.timezone.utc
AUGUST = datetime.datetime(2024, 8, 16, 1, 1, tzinfo=UTC)


def tree(result: Any) -> Any:
    condition = result.condition
    name = condition.get_label() or condition.name or condition.description
    return [name, result.true_subset.size, [tree(child) for child in result.child_results]]


class Ticks:
    """Evaluations one after the other."""

    def __init__(self, dg: Any, defs: Any) -> None:
        self.dg, self.defs, self.cursor = dg, defs, None
        self.instance = dg.DagsterInstance.ephemeral()
        self.told: list[Any] = []

    def made(self, *keys: str, partition: str | None = None) -> None:
        for key in keys:
            self.instance.report_runless_asset_event(self.dg.AssetMaterialization(key, partition=partition))

    def __call__(self, explain: str | None = None, at: datetime.datetime | None = None) -> None:
        result = self.dg.evaluate_automation_conditions(
            defs=self.defs, instance=self.instance, cursor=self.cursor, evaluation_time=at
        )
        self.cursor = result.cursor
        found = sorted([r.key.to_user_string(), r.true_subset.size] for r in result.results)
        trees = [tree(r) for r in result.results if r.key.to_user_string() == explain]
        self.told.append([result.total_requested, found, trees])


def an_asset_that_follows_itself(dg: Any) -> Any:
    yesterday = dg.TimeWindowPartitionMapping(start_offset=-1, end_offset=-1)

    @dg.asset
    def root() -> None: ...

    @dg.asset(
        deps=[root, dg.AssetDep("balance", partition_mapping=yesterday)],
        automation_condition=dg.AutomationCondition.eager(),
        partitions_def=dg.DailyPartitionsDefinition("2024-01-01"),
    )
    def balance() -> None: ...

    tick = Ticks(dg, dg.Definitions(assets=[root, balance]))
    tick(at=AUGUST)
    tick.made("root")
    tick.made("balance", partition="2024-08-14")
    for _ in range(2):
        tick("balance", at=AUGUST)
    tick.made("balance", partition="2024-08-14")
    for _ in range(2):
        tick("balance", at=AUGUST)
    return tick.told


def a_grid_that_follows_itself(dg: Any) -> Any:
    yesterday = dg.TimeWindowPartitionMapping(start_offset=-1, end_offset=-1)
    grid = dg.MultiPartitionsDefinition(
        {
            "day": dg.DailyPartitionsDefinition("2024-08-01"),
            "letter": dg.StaticPartitionsDefinition(["a", "b", "c"]),
        }
    )
    before = dg.MultiPartitionMapping({"day": dg.DimensionPartitionMapping("day", yesterday)})
    ac = dg.AutomationCondition

    @dg.asset(partitions_def=grid)
    def parent() -> None: ...

    @dg.asset(
        deps=[parent, dg.AssetDep("child", partition_mapping=before)],
        partitions_def=grid,
        automation_condition=ac.eager().without(ac.in_latest_time_window()),
    )
    def child() -> None: ...

    tick = Ticks(dg, dg.Definitions(assets=[parent, child]))
    tick(at=AUGUST)
    tick.made("parent", partition="2024-08-14|a")
    tick("child", at=AUGUST)
    return tick.told


def checks_that_are_evaluated_with_their_asset(dg: Any) -> Any:
    ac = dg.AutomationCondition
    condition = ac.eager() & ac.all_deps_blocking_checks_passed()

    @dg.asset
    def root() -> None: ...

    @dg.asset(
        deps=[root],
        automation_condition=condition,
        check_specs=[dg.AssetCheckSpec("fine", asset="up", blocking=True)],
    )
    def up(): ...

    @dg.asset(deps=[up], automation_condition=condition)
    def down() -> None: ...

    tick = Ticks(dg, dg.Definitions(assets=[root, up, down]))
    tick()
    tick.made("root")
    tick("down")
    return tick.told


def a_job_beside_assets(dg: Any) -> Any:
    ac = dg.AutomationCondition

    def asset(name: str, *deps: str, condition: Any = None) -> Any:
        def fn() -> None: ...

        return dg.asset(name=name, deps=list(deps), automation_condition=condition)(fn)

    sources = [asset("one"), asset("two")]
    made = [asset("x", "one", condition=ac.eager()), asset("y", "two", condition=ac.eager())]
    within = [asset("both", "x", "y"), asset("last", "both")]
    job = dg.define_asset_job(
        "job", selection=within, automation_condition=ac.all_job_root_assets_match(ac.eager())
    )
    tick = Ticks(dg, dg.Definitions(assets=[*sources, *made, *within], jobs=[job]))
    tick()
    for done in (["one"], ["x", "two"], ["y"], []):
        tick.made(*done)
        tick("job")
    return tick.told


def observed_and_external_assets(dg: Any) -> Any:
    hourly = dg.AutomationCondition.on_cron("@hourly")

    @dg.observable_source_asset(automation_condition=hourly)
    def source() -> Any:
        return dg.DataVersion("1")

    @dg.asset(deps=[source], automation_condition=dg.AutomationCondition.eager())
    def down() -> None: ...

    outside = dg.AssetSpec("outside", automation_condition=hourly)
    tick = Ticks(dg, dg.Definitions(assets=[source, down, outside]))
    for hour in range(4):
        tick("down", at=AUGUST + datetime.timedelta(hours=hour))
        if hour == 2:
            seen = dg.AssetObservation("source", tags={"dagster/data_version": "2"})
            tick.instance.report_runless_asset_event(seen)
    return tick.told


def conditions_further_down(dg: Any) -> Any:
    ac = dg.AutomationCondition
    below = ac.any_downstream_conditions()

    def asset(name: str, dep: str | None, condition: Any) -> Any:
        def fn() -> None: ...

        return dg.asset(name=name, deps=[dep] if dep else [], automation_condition=condition)(fn)

    assets = [
        asset("a", None, below),
        asset("b", "a", ac.missing()),
        asset("c", "b", ac.in_progress()),
        asset("d", "a", ac.missing()),
        asset("e", "a", ac.missing().with_label("label") | below),
    ]
    tick = Ticks(dg, dg.Definitions(assets=assets))
    tick("a")
    return tick.told


def a_check_of_one_partition(dg: Any) -> Any:
    ac = dg.AutomationCondition
    letters = dg.StaticPartitionsDefinition(["a", "b"])

    @dg.asset(partitions_def=letters)
    def up() -> None: ...

    @dg.asset_check(asset=up, partitions_def=letters)
    def fine() -> Any:
        return dg.AssetCheckResult(passed=True)

    failed = ac.any_deps_match(ac.any_checks_match(ac.check_failed()))

    @dg.asset(deps=[up], partitions_def=letters, automation_condition=failed)
    def down() -> None: ...

    tick = Ticks(dg, dg.Definitions(assets=[up, down], asset_checks=[fine]))
    evaluation = dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey("up"), check_name="fine", passed=False, partition="a"
    )
    tick.instance.report_runless_asset_event(evaluation)
    tick()
    return tick.told


def a_condition_of_ones_own_asks_for_partitions(dg: Any) -> Any:
    class LastLetter(dg.AutomationCondition):
        @property
        def description(self) -> str:
            return "the last letter, or the whole"

        def evaluate(self, context: Any) -> Any:
            subset = context.candidate_subset
            if context.partitions_def is not None:
                keys = set(context.partitions_def.get_partition_keys()[-1:])
                subset = subset.compute_intersection_with_partition_keys(keys)
            return dg.AutomationResult(context, true_subset=subset)

    @dg.asset(partitions_def=dg.StaticPartitionsDefinition(["a", "b"]), automation_condition=LastLetter())
    def sliced() -> None: ...

    @dg.asset(automation_condition=LastLetter())
    def whole() -> None: ...

    tick = Ticks(dg, dg.Definitions(assets=[sliced, whole]))
    tick()
    return tick.told


def tags_of_runs(dg: Any) -> Any:
    ac = dg.AutomationCondition
    letters = dg.StaticPartitionsDefinition(["a", "b"])

    @dg.asset
    def up() -> None: ...

    @dg.asset(partitions_def=letters)
    def sliced() -> None: ...

    filters: list[dict[str, Any]] = [
        {"tag_keys": {"x", "y"}},
        {"tag_values": {"x": "1", "y": "2"}},
        {"tag_keys": {"y"}, "tag_values": {"x": "1"}},
        {"tag_keys": {"x"}},
        {"tag_values": {"x": "1"}},
    ]
    asked: dict[str, Callable[..., Any]] = {
        "any": ac.any_new_update_has_run_tags,
        "all": ac.all_new_updates_have_run_tags,
        "latest": ac.executed_with_tags,
    }
    down = []
    for i, given in enumerate(filters):
        for name, condition in asked.items():
            for of in (up, sliced):

                def fn() -> None: ...

                of_deps = ac.any_deps_match(condition(**given))
                declare = dg.asset(
                    name=f"{of.key.to_user_string()}_{name}_{i}",
                    deps=[of],
                    automation_condition=of_deps,
                    partitions_def=of.partitions_def,
                )
                down.append(declare(fn))
    tick = Ticks(dg, dg.Definitions(assets=[up, sliced, *down]))
    tick()
    histories: list[list[tuple[Any, str | None, dict[str, str]]]] = [
        [(up, None, {"x": "1", "y": "2"}), (sliced, "a", {"x": "1"})],
        [(up, None, {"x": "9", "y": "2"}), (up, None, {"x": "1"}), (sliced, "b", {"x": "1", "y": "2"})],
        [(up, None, {"y": "2"}), (sliced, "a", {"x": "1", "y": "3"}), (sliced, "a", {})],
        [],
    ]
    for history in histories:
        for asset, key, tags in history:
            dg.materialize([asset], instance=tick.instance, partition_key=key, tags=tags)
        tick()
    return tick.told


def request(one: Any) -> Any:
    checks = None if one.asset_check_keys is None else sorted(c.name for c in one.asset_check_keys)
    assets = None if one.asset_selection is None else sorted(k.to_user_string() for k in one.asset_selection)
    return [one.run_key, one.job_name, one.partition_key, assets, checks, dict(sorted(one.tags.items()))]


def what_a_sensor_of_conditions_requests(dg: Any) -> Any:
    letters, others = dg.StaticPartitionsDefinition(["a", "b"]), dg.StaticPartitionsDefinition(["a", "c"])
    ac = dg.AutomationCondition

    def asset(name: str, partitions: Any = None, condition: Any = None, checks: Any = ()) -> Any:
        def fn(): ...

        return dg.asset(
            name=name, partitions_def=partitions, automation_condition=condition, check_specs=list(checks)
        )(fn)

    def check(of: str, name: str, partitions: Any = None, condition: Any = None) -> Any:
        def fn() -> Any:
            return dg.AssetCheckResult(passed=True)

        return dg.asset_check(asset=of, name=name, partitions_def=partitions, automation_condition=condition)(
            fn
        )

    @dg.multi_asset(
        specs=[dg.AssetSpec("m", automation_condition=ac.missing()), dg.AssetSpec("n")],
        check_specs=[dg.AssetCheckSpec("of_n", asset="n")],
    )
    def both(): ...

    one = asset("one", condition=ac.missing())
    two = asset("two", condition=ac.missing(), checks=[dg.AssetCheckSpec("inside", asset="two")])
    p, q = asset("p", letters, ac.missing()), asset("q", others, ac.missing())
    still = asset("still", letters)
    always, eager = check("one", "always"), check("one", "eager", condition=ac.eager())
    of_p, of_still = check("p", "of_p", None, ac.missing()), check("still", "of_still", letters, ac.missing())
    groups: list[tuple[list[Any], list[Any]]] = [
        ([one], []),
        ([one], [always]),
        ([one], [always, eager]),
        ([two], []),
        ([p, q], []),
        ([still], [of_still]),
        ([p], [of_p]),
        ([both], []),
        ([one, two, p, q, still, both], [always, eager, of_p, of_still]),
    ]
    told = []
    for assets, checks in groups:
        sensor = dg.AutomationConditionSensorDefinition(
            "sensor", target="*", use_user_code_server=True, emit_backfills=False, run_tags={"team": "x"}
        )
        defs = dg.Definitions(assets=assets, asset_checks=checks)
        instance, cursor = dg.DagsterInstance.ephemeral(), None
        for _ in range(2):
            context = dg.build_sensor_context(
                instance=instance, repository_def=defs.get_repository_def(), cursor=cursor
            )
            data = sensor.evaluate_tick(context)
            cursor = data.cursor
            told.append(sorted(map(request, data.run_requests), key=str))
    return told


def asking(ask: Callable[[], Any]) -> Callable[[Any], Any]:
    return lambda context: ask()


def requests_of_jobs_and_targets(dg: Any) -> Any:
    """Where both refuse, the sentences may differ."""
    days = dg.DailyPartitionsDefinition("2026-01-01")

    @dg.asset
    def a() -> None: ...

    @dg.asset(partitions_def=days)
    def p() -> None: ...

    @dg.asset_check(asset=a)
    def fine() -> Any:
        return dg.AssetCheckResult(passed=True)

    job = dg.define_asset_job("job", selection=[a])
    daily = dg.define_asset_job("daily", selection=[p], partitions_def=days)
    asked: list[Callable[[], Any]] = [
        lambda: dg.RunRequest(run_key="1"),
        lambda: dg.RunRequest(job_name="job"),
        lambda: dg.RunRequest(job_name="daily", partition_key="2026-01-02"),
        lambda: dg.RunRequest(job_name="__ASSET_JOB", asset_selection=[a.key]),
        lambda: dg.RunRequest(partition_key="2026-01-02", asset_selection=[p.key]),
        lambda: dg.RunRequest(asset_selection=[a.key]),
        lambda: dg.RunRequest(job_name="unknown"),
    ]
    targets: list[dict[str, Any]] = [
        {"target": "*"},
        {"asset_selection": dg.AssetSelection.all()},
        {"job": job},
        {"jobs": [job, daily]},
        {"job_name": "job"},
        {},
    ]
    instance = dg.DagsterInstance.ephemeral()
    told: list[Any] = []
    for ask in asked:
        for target in targets:
            sensor = dg.sensor(name="sensor", **target)(asking(ask))
            defs = dg.Definitions([a, p], jobs=[job, daily], asset_checks=[fine], sensors=[sensor])
            context = dg.build_sensor_context(instance=instance, repository_def=defs.get_repository_def())
            try:
                told.append([request(r) for r in sensor.evaluate_tick(context).run_requests])
            except Exception:
                told.append("refused")
    at = datetime.datetime(2026, 2, 1, tzinfo=UTC)
    schedule = dg.build_schedule_from_partitioned_job(daily)
    defs = dg.Definitions([a, p], jobs=[job, daily], schedules=[schedule])
    context = dg.build_schedule_context(instance, at, repository_def=defs.get_repository_def())
    declared = defs.get_repository_def().get_schedule_def("daily_schedule")
    told.append([request(r) for r in declared.evaluate_tick(context).run_requests])
    resolved = defs.resolve_job_def("daily")
    told.append(request(resolved.run_request_for_partition("2026-01-03", run_key="k")))
    run = resolved.execute_in_process(partition_key="2026-01-03", instance=instance)
    tags = instance.get_run_by_id(run.run_id).tags
    told.append(sorted([k, v] for k, v in tags.items() if k.startswith("dagster/partition")))
    return told


def jobs_over_partitions(dg: Any) -> Any:
    """What jobs of assets are over, and what is refused: the sentences differ, the errors do not."""
    abc, abcd = dg.StaticPartitionsDefinition(["a", "b", "c"]), dg.StaticPartitionsDefinition([*"abcd"])
    days = dg.DailyPartitionsDefinition("2026-01-01")

    @dg.asset(partitions_def=abc)
    def x() -> None: ...

    @dg.asset(partitions_def=abcd)
    def y() -> None: ...

    @dg.asset
    def plain() -> None: ...

    @dg.asset(partitions_def=days, config_schema={"day": int})
    def z(context) -> None:
        assert context.op_execution_context.op_config["day"] > 0

    def configured(of: Any, start: str) -> Any:
        def config(begin: datetime.datetime, end: datetime.datetime) -> Any:
            return {"ops": {"z": {"config": {"day": begin.day}}}}

        return of(start_date=start)(config)

    daily = configured(dg.daily_partitioned_config, "2026-01-01")
    hourly = configured(dg.hourly_partitioned_config, "2026-01-01-00:00")
    cases: list[dict[str, Any]] = [
        {"selection": [x]},
        {"selection": [x, y]},
        {"selection": [x, plain]},
        {"selection": [plain]},
        {"selection": [plain], "partitions_def": abc},
        {"selection": [x], "partitions_def": abc},
        {"selection": [x], "partitions_def": abcd},
        {"selection": [x], "partitions_def": days},
        {"selection": [z], "config": hourly},
        {"selection": [z], "config": daily},
        {"selection": [z], "config": daily, "partitions_def": days},
        {"selection": [z], "config": daily, "partitions_def": abc},
        {"selection": "*"},
    ]

    def answer(ask: Callable[[], Any]) -> Any:
        try:
            return ask()
        except Exception as error:
            return type(error).__name__

    def resolved(case: dict[str, Any]) -> Any:
        jobs = [dg.define_asset_job("job", **case)]
        return dg.Definitions(assets=[x, y, plain, z], jobs=jobs).resolve_job_def("job")

    def run(case: dict[str, Any], key: str | None) -> Any:
        result = resolved(case).execute_in_process(partition_key=key)
        made = [e.materialization for e in result.get_asset_materialization_events()]
        return sorted([m.asset_key.to_user_string(), str(m.partition)] for m in made)

    told: list[Any] = []
    for case in cases:
        told.append(answer(lambda case=case: type(resolved(case).partitions_def).__name__))
        told += [answer(lambda case=case, key=key: run(case, key)) for key in (None, "a", "2026-01-02")]
    dynamic = dg.DynamicPartitionsDefinition(name="files")
    for case in (*cases[3:6], {"partitions_def": dynamic}):
        job = dg.define_asset_job("job", **case)
        told.append(answer(lambda job=job: dict(job.run_request_for_partition("a").tags)))

    def several(first: int, second: int) -> Any:
        def spec(name: str, offset: int) -> Any:
            mapping = dg.TimeWindowPartitionMapping(start_offset=offset, end_offset=offset)
            return dg.AssetSpec(name, deps=[dg.AssetDep(z, partition_mapping=mapping)])

        def fn(): ...

        specs = [spec("one", first), spec("two", second)]
        made = dg.multi_asset(name="several", specs=specs, partitions_def=days)(fn)
        return sorted(k.to_user_string() for k in made.keys)

    told += [answer(lambda: several(-1, -1)), answer(lambda: several(-1, -3))]
    return told


def freshness_declared_wrongly(dg: Any) -> Any:
    def minutes(n: float) -> datetime.timedelta:
        return datetime.timedelta(minutes=n)

    policy = dg.FreshnessPolicy
    asked: list[Callable[[], Any]] = [
        lambda: policy.cron("0 10 * * *", minutes(60), "Nowhere/City"),
        lambda: policy.cron("sometimes", minutes(60)),
        lambda: policy.cron("0 10 * * *", minutes(0.5)),
        lambda: policy.cron("0 10 * * *", minutes(1500)),
        lambda: policy.time_window(minutes(0.5)),
        lambda: policy.time_window(minutes(5), minutes(6)),
        lambda: policy.time_window(minutes(5), minutes(0.1)),
        lambda: dg.apply_freshness_policy(dg.AssetSpec("a"), None),
        lambda: dg.AutomationCondition.on_cron("sometimes"),
        lambda: dg.AutomationCondition.cron_tick_passed("* /15 * * *"),
        lambda: policy.cron("0 10 * * *", minutes(60)),
    ]
    told = []
    for ask in asked:
        try:
            ask()
            told.append("made")
        except Exception as error:
            told.append(type(error).__name__)
    return told


def checks_of_freshness(dg: Any) -> Any:
    """The names of their functions, and what they find."""
    days = dg.DailyPartitionsDefinition("2026-01-01")
    letters = dg.StaticPartitionsDefinition(["2026-01-01", "2026-01-02"])

    @dg.asset
    def plain() -> None: ...

    @dg.asset(partitions_def=days)
    def daily() -> None: ...

    @dg.asset(partitions_def=letters)
    def of_letters() -> None: ...

    hour = datetime.timedelta(hours=1)
    old = (datetime.datetime.now(UTC) - 2 * hour).timestamp()
    last_update = dg.build_last_update_freshness_checks(assets=[plain], lower_bound_delta=hour)
    told: list[Any] = [
        c.node_def.name
        for c in (
            *last_update,
            *dg.build_last_update_freshness_checks(assets=[plain, daily], lower_bound_delta=hour),
            *dg.build_time_partition_freshness_checks(assets=[daily], deadline_cron="0 9 * * *"),
        )
    ]

    def evaluated(asset: Any, checks: Any, *events: Any) -> Any:
        instance = dg.DagsterInstance.ephemeral()
        for event in events:
            instance.report_runless_asset_event(event)
        job = dg.define_asset_job("job", selection=dg.AssetSelection.checks(*checks))
        defs = dg.Definitions(assets=[asset], asset_checks=checks, jobs=[job])
        try:
            result = defs.resolve_job_def("job").execute_in_process(instance=instance)
        except Exception as error:
            return type(error).__name__
        return [[e.passed, sorted(e.metadata)] for e in result.get_asset_check_evaluations()]

    said = {"dagster/last_updated_timestamp": dg.MetadataValue.timestamp(old)}
    told.append(evaluated(plain, last_update))
    told.append(evaluated(plain, last_update, dg.AssetMaterialization("plain")))
    told.append(evaluated(plain, last_update, dg.AssetMaterialization("plain", metadata=said)))
    told.append(evaluated(plain, last_update, dg.AssetObservation("plain", metadata=said)))
    for asset in (plain, of_letters, daily):
        checks = dg.build_time_partition_freshness_checks(assets=[asset], deadline_cron="0 9 * * *")
        told.append(evaluated(asset, checks))
    return told


PROGRAMS = (
    tags_of_runs,
    jobs_over_partitions,
    freshness_declared_wrongly,
    checks_of_freshness,
    an_asset_that_follows_itself,
    a_grid_that_follows_itself,
    checks_that_are_evaluated_with_their_asset,
    a_job_beside_assets,
    observed_and_external_assets,
    conditions_further_down,
    a_check_of_one_partition,
    a_condition_of_ones_own_asks_for_partitions,
    what_a_sensor_of_conditions_requests,
    requests_of_jobs_and_targets,
)

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    engine = importlib.import_module(sys.argv[1])
    print(json.dumps({program.__name__: program(engine) for program in PROGRAMS}))
