# mypy: ignore-errors
"""Programs that still say AutoMaterializePolicy. `python legacy_policy_programs.py dagster|treadle` prints
JSON: the conditions that policies become as trees of descriptions, and what evaluations request."""

from __future__ import annotations

import datetime
import importlib
import json
import sys
import warnings
from typing import Any


def tree(condition: Any) -> Any:
    """Rules by their descriptions; how a rule is decided is each engine's own."""
    if hasattr(condition, "rule"):
        return condition.rule.description
    if getattr(condition, "label", None) is not None:
        return condition.label
    name = type(condition).__name__
    return [name, *map(tree, condition.children)]


class Story:
    """Evaluates once after another."""

    def __init__(self, dg: Any, assets: list[Any]) -> None:
        self.dg, self.defs, self.instance = dg, dg.Definitions(assets), dg.DagsterInstance.ephemeral()
        self.names = [a.key.to_user_string() for a in assets]
        self.now = datetime.datetime.now(datetime.timezone.utc).replace(minute=10)
        self.cursor: Any = None
        self.told: list[Any] = []

    def tick(self, minutes: float = 1) -> None:
        self.now += datetime.timedelta(minutes=minutes)
        result = self.dg.evaluate_automation_conditions(
            self.defs, self.instance, cursor=self.cursor, evaluation_time=self.now
        )
        self.cursor = result.cursor
        requested = {n: result.get_requested_partitions(self.dg.AssetKey(n)) for n in self.names}
        self.told.append({n: sorted(map(str, p)) for n, p in requested.items() if p})

    def make(self, *assets: Any, only: Any = None, **given: Any) -> None:
        self.dg.materialize(list(assets), instance=self.instance, selection=only, **given)


def eager(dg: Any) -> list[Any]:
    rule, policy = dg.AutoMaterializeRule, dg.AutoMaterializePolicy.eager()
    waiting = policy.with_rules(rule.skip_on_not_all_parents_updated())

    @dg.asset(auto_materialize_policy=policy)
    def root() -> None: ...

    @dg.asset(auto_materialize_policy=policy, deps=[root])
    def child() -> None: ...

    @dg.asset(auto_materialize_policy=policy, deps=["elsewhere"])
    def of_external() -> None: ...

    @dg.asset
    def by_hand() -> None: ...

    @dg.asset(auto_materialize_policy=waiting, deps=[by_hand, root])
    def of_both() -> None: ...

    @dg.asset(deps=[by_hand])
    def between() -> None: ...

    @dg.asset(auto_materialize_policy=policy, deps=[between])
    def last() -> None: ...

    story = Story(dg, [root, child, of_external, by_hand, of_both, between, last])
    story.tick()
    story.tick()
    story.make(by_hand)
    story.tick()  # between is missing, and of_both waits for root
    story.make(root)
    story.tick()
    story.make(between, only="between")
    story.tick()
    story.make(last, only="last")
    story.make(of_both, only="of_both")
    story.tick()
    story.make(by_hand)
    story.tick()  # of_both waits for root again; between is behind
    story.make(between, only="between")
    story.tick()
    story.make(root)
    story.tick()
    return story.told


def partitions(dg: Any) -> list[Any]:
    rule = dg.AutoMaterializeRule
    eager = dg.AutoMaterializePolicy.eager
    days = dg.DailyPartitionsDefinition("2026-01-01", end_date="2026-01-05")
    earlier = dg.DailyPartitionsDefinition("2025-12-30", end_date="2026-01-05")

    @dg.asset(partitions_def=days, auto_materialize_policy=eager())
    def daily() -> None: ...

    @dg.asset(partitions_def=days, auto_materialize_policy=eager(2), deps=[daily])
    def two() -> None: ...

    @dg.asset(partitions_def=earlier, auto_materialize_policy=eager(None), deps=[daily])
    def from_earlier() -> None: ...

    @dg.asset(
        auto_materialize_policy=eager().without_rules(rule.skip_on_parent_missing()),
        deps=[daily],
    )
    def total() -> None: ...

    story = Story(dg, [daily, two, from_earlier, total])
    story.tick()
    story.tick()
    for day in ("2026-01-01", "2026-01-02", "2026-01-03"):
        story.make(daily, partition_key=day)
    story.tick()
    story.tick()
    story.make(daily, partition_key="2026-01-01")
    story.tick()
    return story.told


def several_partitions_of_a_dependency(dg: Any) -> list[Any]:
    rule, letters = dg.AutoMaterializeRule, dg.StaticPartitionsDefinition(["a", "b"])
    eager = dg.AutoMaterializePolicy.eager(None)
    follows = eager.without_rules(rule.skip_on_parent_missing(), rule.materialize_on_missing())

    @dg.asset(partitions_def=letters)
    def parts() -> None: ...

    @dg.asset(
        auto_materialize_policy=follows.with_rules(rule.skip_on_not_all_parents_updated(True)), deps=[parts]
    )
    def of_all() -> None: ...

    @dg.asset(
        auto_materialize_policy=follows.with_rules(rule.skip_on_not_all_parents_updated()), deps=[parts]
    )
    def of_any() -> None: ...

    @dg.asset(
        partitions_def=letters,
        auto_materialize_policy=eager.with_rules(rule.skip_on_backfill_in_progress(all_partitions=True)),
        deps=[parts],
    )
    def of_each() -> None: ...

    story = Story(dg, [parts, of_all, of_any, of_each])
    story.tick()
    for letter in "ab":
        story.make(parts, partition_key=letter)
        story.tick()
    story.make(of_all, of_any, parts, only=["of_all", "of_any"])
    story.tick()
    for letter in "ba":
        story.make(parts, partition_key=letter)
        story.tick()
    return story.told


def schedules_and_tags(dg: Any) -> list[Any]:
    rule, policy = dg.AutoMaterializeRule, dg.AutoMaterializePolicy
    letters = dg.StaticPartitionsDefinition(["a", "b"])
    hourly = rule.materialize_on_cron("0 * * * *")
    every = rule.materialize_on_cron("0 * * * *", all_partitions=True)
    tagged = rule.materialize_on_parent_updated(dg.AutoMaterializeAssetPartitionsFilter({"x": "1"}))

    @dg.asset(
        auto_materialize_policy=policy.eager().without_rules(rule.materialize_on_missing()).with_rules(hourly)
    )
    def by_clock() -> None: ...

    @dg.asset(partitions_def=letters, auto_materialize_policy=policy({hourly}, None))
    def last_letter() -> None: ...

    @dg.asset(partitions_def=letters, auto_materialize_policy=policy({every}, None))
    def all_letters() -> None: ...

    @dg.asset(auto_materialize_policy=policy.lazy())
    def lazy() -> None: ...

    @dg.asset
    def source() -> None: ...

    @dg.asset(
        deps=[source],
        auto_materialize_policy=policy.eager()
        .without_rules(rule.materialize_on_missing())
        .with_rules(tagged),
    )
    def of_tagged() -> None: ...

    @dg.asset(
        deps=[source],
        auto_materialize_policy=policy(
            {hourly, rule.skip_on_not_all_parents_updated_since_cron("0 * * * *")}
        ),
    )
    def after_hour() -> None: ...

    story = Story(dg, [by_clock, last_letter, all_letters, lazy, source, of_tagged, after_hour])
    story.tick()
    story.make(source)
    story.tick()
    story.make(source, tags={"x": "1"})
    story.tick()
    story.tick()
    story.tick(60)
    story.tick()
    story.tick(60)
    story.tick(60)
    return story.told


def trees(dg: Any) -> list[Any]:
    rule, policy = dg.AutoMaterializeRule, dg.AutoMaterializePolicy
    cron = rule.materialize_on_cron("@daily", timezone="Europe/Berlin")
    policies = [
        policy.eager(),
        policy.eager(max_materializations_per_minute=None),
        policy.lazy(7).with_rules(cron, rule.skip_on_run_in_progress()),
        policy.eager().with_rules(
            rule.skip_on_not_all_parents_updated(require_update_for_all_parent_partitions=True),
            rule.skip_on_not_all_parents_updated_since_cron("@daily"),
            rule.skip_on_backfill_in_progress(all_partitions=True),
            rule.materialize_on_parent_updated(dg.AutoMaterializeAssetPartitionsFilter({"x": "1"})),
        ),
    ]
    kept = policy.eager().with_rules(cron).without_rules(cron) == policy.eager()
    told: list[Any] = [tree(p.to_automation_condition()) for p in policies]
    return [*told, [p.policy_type.value for p in policies], kept, policy.eager() == policy.eager(2)]


def refusals(dg: Any) -> list[Any]:
    policy, rule = dg.AutoMaterializePolicy, dg.AutoMaterializeRule
    both = {"automation_condition": dg.AutomationCondition.eager(), "auto_materialize_policy": policy.eager()}
    attempts = [
        lambda: dg.asset(**both)(lambda: None),
        lambda: dg.AssetSpec("a", **both),
        lambda: dg.AssetOut(**both),
        lambda: dg.graph_asset(name="a", **both)(lambda: None),
        lambda: dg.load_assets_from_modules([sys.modules[__name__]], **both),
        lambda: policy.eager(0),
        lambda: policy(set()),
        lambda: policy.eager().without_rules(rule.skip_on_run_in_progress()),
        lambda: rule.materialize_on_cron("never"),
        lambda: rule.materialize_on_cron("@daily", timezone="Nowhere"),
    ]
    told = []
    for attempt in attempts:
        try:
            attempt()
            told.append("accepted")
        except Exception as problem:
            told.append(type(problem).__name__)
    return told


def accepted(dg: Any) -> list[Any]:
    given = {"auto_materialize_policy": dg.AutoMaterializePolicy.eager()}

    @dg.op
    def one() -> int:
        return 1

    @dg.graph_asset(**given)
    def of_graph() -> Any:
        return one()

    @dg.multi_asset(outs={"a": dg.AssetOut(**given), "b": dg.AssetOut()})
    def several() -> tuple[int, int]:
        return 1, 2

    @dg.multi_asset(specs=[dg.AssetSpec("c", **given)])
    def told() -> None: ...

    of_op = dg.AssetsDefinition.from_op(
        one, auto_materialize_policies_by_output_name={"result": given["auto_materialize_policy"]}
    )
    found = []
    for assets in (of_graph, several, told, of_op):
        policies = assets.auto_materialize_policies_by_key
        found.append({k.to_user_string(): tree(p.to_automation_condition()) for k, p in policies.items()})
    return found


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    engine = importlib.import_module(sys.argv[1])
    programs = (
        eager,
        partitions,
        several_partitions_of_a_dependency,
        schedules_and_tags,
        trees,
        refusals,
        accepted,
    )
    print(json.dumps({program.__name__: program(engine) for program in programs}))
