"""Programs made at random: a graph, conditions, and a history; what each evaluation requests. Run as
`python condition_parity_programs.py dagster|treadle FIRST LAST`, it prints JSON: the evaluations by seed.
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


def condition(dg: Any, rng: random.Random, depth: int, on_dep: bool = False) -> Any:
    ac = dg.AutomationCondition
    if depth == 0 or rng.random() < 0.25:
        plain = ["missing", "newly_updated", "newly_requested", "initial_evaluation", "newly_missing"]
        plain += ["will_be_requested"] if on_dep else ["any_deps_updated", "any_deps_missing"]
        kind = rng.choice([*plain, "window", "cron"])
        if kind == "window":
            return ac.in_latest_time_window()
        if kind == "cron":
            return ac.cron_tick_passed("0 * * * *")
        return getattr(ac, kind)()
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
    kind = rng.randrange(8)
    if kind == 0:
        return ac.eager()
    if kind == 1:
        return ac.on_cron("0 * * * *")
    if kind == 2:
        return ac.on_missing()
    if kind == 3:
        return ac.eager().without(~ac.any_deps_missing())
    return condition(dg, rng, 3)


def graph(dg: Any, rng: random.Random) -> list[Any]:
    kinds = [
        None,
        dg.StaticPartitionsDefinition(["a", "b", "c"]),
        dg.DailyPartitionsDefinition("2026-01-01"),
        dg.HourlyPartitionsDefinition("2026-01-04-00:00"),
    ]
    one_kind = rng.random() < 0.5
    common = rng.choice(kinds)
    assets: list[Any] = []
    for i in range(rng.randint(2, 5)):
        deps = rng.sample(assets, rng.randint(0, min(2, len(assets))))
        partitions = common if one_kind else rng.choice(kinds[:3])
        if any(d.partitions_def is not None and d.partitions_def != partitions for d in deps):
            partitions = None

        def one() -> None: ...

        declare = dg.asset(
            name=f"asset_{i}",
            deps=deps,
            partitions_def=partitions,
            automation_condition=whole(dg, rng) if deps or rng.random() < 0.5 else None,
        )
        assets.append(declare(one))
    return assets


def keys_of(asset: Any, now: datetime.datetime) -> list[Any]:
    if asset.partitions_def is None:
        return [None]
    return list(asset.partitions_def.get_partition_keys(current_time=now))[-6:]


def history(dg: Any, seed: int) -> list[Any]:
    rng = random.Random(seed)
    assets = graph(dg, rng)
    instance = dg.DagsterInstance.ephemeral()
    cursor, told = None, []
    now = datetime.datetime(2026, 1, 5, 0, 30, tzinfo=UTC)

    def make(asset: Any, key: Any) -> None:
        instance.report_runless_asset_event(dg.AssetMaterialization(asset.key, partition=key))

    for _ in range(7):
        for asset in assets:
            for key in keys_of(asset, now):
                if rng.random() < 0.3:
                    make(asset, key)
        result = dg.evaluate_automation_conditions(
            assets, instance, evaluation_time=now, cursor=cursor if rng.random() < 0.97 else None
        )
        cursor = result.cursor
        requested = {}
        for asset in assets:
            keys = result.get_requested_partitions(asset.key)
            if keys:
                requested[asset.key.to_user_string()] = sorted(str(k) for k in keys)
        told.append([result.total_requested, requested])
        for asset in assets:
            for text in requested.get(asset.key.to_user_string(), []):
                if rng.random() < 0.5:
                    make(asset, None if asset.partitions_def is None else text)
        now += datetime.timedelta(minutes=rng.choice([10, 30, 60, 90, 1440]))
    return told


def main(module: str, first: int, last: int) -> None:
    warnings.simplefilter("ignore")
    dg = importlib.import_module(module)
    print(json.dumps({seed: history(dg, seed) for seed in range(first, last)}))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
