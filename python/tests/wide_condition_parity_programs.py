"""Programs made at random, as condition_parity_programs.py: with checks, runs that fail, tags, grids, dynamic
partitions, versions of code and data. `python wide_condition_parity_programs.py dagster|treadle FIRST LAST`
prints JSON: the evaluations by seed.
"""

from __future__ import annotations

import datetime
import importlib
import json
import random
import sys
import warnings
from typing import Any

UTC = datetime.timezone.utc
TAGS = {"team": "red"}
CHECKED = ("check_passed", "check_passed", "check_failed", "missing", "newly_updated")


def leaf(dg: Any, rng: random.Random, on_dep: bool) -> Any:
    ac = dg.AutomationCondition
    kind = rng.choice(
        ["missing", "newly_updated", "code_version_changed", "data_version_changed", "execution_failed"]
        + ["in_latest_time_window", "run_in_progress", "any_new", "all_new", "executed_with_tags", "checks"]
        + ["data_version_changed", "data_version_changed"]
        + ([] if on_dep else ["any_deps_updated", "any_downstream_conditions", "checks", "checks"])
    )
    if kind == "checks":
        match = rng.choice([ac.any_checks_match, ac.all_checks_match])
        return match(getattr(ac, rng.choice(CHECKED))())
    if kind == "any_new":
        return ac.any_new_update_has_run_tags(tag_values=TAGS)
    if kind == "all_new":
        return ac.all_new_updates_have_run_tags(tag_keys=set(TAGS))
    if kind == "executed_with_tags":
        return ac.executed_with_tags(tag_values=TAGS)
    return getattr(ac, kind)()


def condition(dg: Any, rng: random.Random, depth: int, on_dep: bool = False) -> Any:
    ac = dg.AutomationCondition
    if depth == 0 or rng.random() < 0.3:
        return leaf(dg, rng, on_dep)
    kind = rng.choice(["and", "or", "not", "since", "newly_true", "any", "all", "handled"])
    if kind in ("and", "or", "since"):
        one, two = condition(dg, rng, depth - 1, on_dep), condition(dg, rng, depth - 1, on_dep)
        return one & two if kind == "and" else one | two if kind == "or" else one.since(two)
    if kind in ("any", "all"):
        match = ac.any_deps_match if kind == "any" else ac.all_deps_match
        return match(condition(dg, rng, depth - 1, True))
    inner = condition(dg, rng, depth - 1, on_dep)
    if kind == "not":
        return ~inner
    return inner.newly_true() if kind == "newly_true" else inner.since_last_handled()


def whole(dg: Any, rng: random.Random) -> Any:
    ac = dg.AutomationCondition
    kind = rng.randrange(10)
    if kind == 0:
        return ac.eager() & ac.all_deps_blocking_checks_passed()
    if kind == 1:
        return ac.any_downstream_conditions()
    if kind == 2:
        return ac.eager() | ac.code_version_changed().since_last_handled()
    # Plain ones, too: what is deep inside often decides nothing.
    if kind < 6:
        return leaf(dg, rng, False)
    if kind == 6:
        return ac.any_deps_match(leaf(dg, rng, True))
    return condition(dg, rng, 3)


def of_check(dg: Any, rng: random.Random) -> Any:
    ac = dg.AutomationCondition
    kinds = [ac.eager(), ac.on_cron("0 * * * *"), ac.any_deps_updated(), ac.missing().newly_true(), None]
    return rng.choice(kinds)


class Program:
    """The same assets in every evaluation, but for the versions of their code."""

    def __init__(self, dg: Any, rng: random.Random) -> None:
        self.dg = dg
        self.failing: set[str] = set()
        days = dg.DailyPartitionsDefinition("2026-01-01")
        kinds = [
            None,
            dg.StaticPartitionsDefinition(["a", "b", "c"]),
            dg.DynamicPartitionsDefinition(name="files"),
            dg.MultiPartitionsDefinition({"d": days, "r": dg.StaticPartitionsDefinition(["x", "y"])}),
            days,
        ]
        common = rng.choice(kinds)
        self.plans: list[dict[str, Any]] = []
        for i in range(rng.randint(2, 4)):
            deps = rng.sample(range(i), rng.randint(0, min(2, i)))
            partitions = common if rng.random() < 0.8 else None
            self.plans.append(
                {
                    "name": f"asset_{i}",
                    "deps": [f"asset_{d}" for d in deps],
                    "partitions_def": partitions,
                    "automation_condition": whole(dg, rng) if deps or rng.random() < 0.6 else None,
                }
            )
        self.checks = [
            (plan["name"], f"check_{n}", of_check(dg, rng), rng.random() < 0.5)
            for plan in self.plans
            for n in range(rng.randint(0, 2))
        ]
        self.versions = {plan["name"]: "1" for plan in self.plans}

    def definitions(self) -> Any:
        dg = self.dg
        checks = []
        assets = [self._asset(plan) for plan in self.plans]
        for asset, name, condition_of_check, blocking in self.checks:
            declare = dg.asset_check(
                asset=asset, name=name, automation_condition=condition_of_check, blocking=blocking
            )
            checks.append(declare(self._check(f"{asset}:{name}")))
        return dg.Definitions(assets=assets, asset_checks=checks)

    def _check(self, name: str) -> Any:
        def check() -> Any:
            return self.dg.AssetCheckResult(passed=name not in self.failing)

        return check

    def _asset(self, plan: dict[str, Any]) -> Any:
        def one() -> None:
            if plan["name"] in self.failing:
                raise ValueError(plan["name"])

        return self.dg.asset(code_version=self.versions[plan["name"]], **plan)(one)


def keys_of(program: Program, plan: dict[str, Any], instance: Any, now: datetime.datetime) -> list[Any]:
    partitions = plan["partitions_def"]
    if partitions is None:
        return [None]
    if isinstance(partitions, program.dg.DynamicPartitionsDefinition):
        return list(instance.get_dynamic_partitions("files"))
    return list(partitions.get_partition_keys(current_time=now))[-4:]


def history(dg: Any, seed: int) -> list[Any]:
    rng = random.Random(seed)
    program = Program(dg, rng)
    instance = dg.DagsterInstance.ephemeral()
    instance.add_dynamic_partitions("files", ["f0", "f1"])
    cursor, told = None, []
    now = datetime.datetime(2026, 1, 5, 0, 30, tzinfo=UTC)

    def run(selection: Any, key: Any, tags: dict[str, str]) -> None:
        definitions = program.definitions()
        dg.materialize(
            [*definitions.assets, *definitions.asset_checks],
            selection=selection,
            instance=instance,
            partition_key=key,
            tags=tags,
            raise_on_error=False,
        )
        program.failing.clear()

    def make(plan: dict[str, Any], key: Any) -> None:
        way = rng.random()
        tags = dict(TAGS) if rng.random() < 0.4 else {}
        if way < 0.65:
            version = {"dagster/data_version": rng.choice("1112")}
            instance.report_runless_asset_event(
                dg.AssetMaterialization(dg.AssetKey(plan["name"]), partition=key, tags=version)
            )
            return
        if way > 0.85:
            program.failing.add(plan["name"])
        # Never with its checks: whether a run is over a check depends in Dagster on how the run was started.
        run(dg.AssetSelection.assets(plan["name"]).without_checks(), key, tags)

    for step in range(6):
        for plan in program.plans:
            for key in keys_of(program, plan, instance, now):
                if rng.random() < 0.35:
                    make(plan, key)
        for asset, name, _, _ in program.checks:
            if rng.random() < 0.4:
                program.failing = {f"{asset}:{name}"} if rng.random() < 0.5 else set()
                key = dg.AssetCheckKey(dg.AssetKey(asset), name)
                run(dg.AssetSelection.checks(key), None, {})
        if rng.random() < 0.3:
            program.versions[rng.choice(program.plans)["name"]] = str(step + 2)
        if rng.random() < 0.3:
            instance.add_dynamic_partitions("files", [f"f{step + 2}"])
        result = dg.evaluate_automation_conditions(
            program.definitions(), instance, evaluation_time=now, cursor=cursor
        )
        cursor = result.cursor
        requested = {}
        for plan in program.plans:
            keys = result.get_requested_partitions(dg.AssetKey(plan["name"]))
            if keys:
                requested[plan["name"]] = sorted(str(k) for k in keys)
        for one in result.results:
            if isinstance(one.key, dg.AssetCheckKey) and one.true_subset.size:
                requested[one.key.to_user_string()] = ["None"]
        told.append([result.total_requested, requested])
        for plan in program.plans:
            for text in requested.get(plan["name"], []):
                if rng.random() < 0.5:
                    make(plan, None if plan["partitions_def"] is None else text)
        now += datetime.timedelta(minutes=rng.choice([30, 60, 1440]))
    return told


def main(module: str, first: int, last: int) -> None:
    warnings.simplefilter("ignore")
    dg = importlib.import_module(module)
    print(json.dumps({seed: history(dg, seed) for seed in range(first, last)}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
