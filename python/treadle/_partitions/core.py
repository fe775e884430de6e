"""Tells the core which assets are partitioned, and how they depend on each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from treadle._partitions.mappings import remember

if TYPE_CHECKING:
    from collections.abc import Iterable

    from treadle import _core
    from treadle._assets.definition import AssetsDefinition
    from treadle._assets.specs import AssetSpec, SourceAsset
    from treadle._definitions.to_core import Names


def partitioning(
    steps: Iterable[AssetsDefinition],
    sources: Iterable[AssetSpec | SourceAsset],
    names: Names,
    jobs: Iterable[Any] = (),
) -> tuple[Any, ...]:
    """(assets, inputs, checks, backfill policies, memoized steps, jobs of ops)."""
    assets: list[tuple[str, _core.Partitions]] = []
    inputs: list[tuple[str, str, tuple[Any, ...]]] = []
    checks: list[tuple[str, str, _core.Partitions]] = []
    policies: list[tuple[str, int]] = []
    memoized: list[str] = []
    for step in steps:
        for output in step._outputs:
            if output.partitions_def is not None:
                remember(output.partitions_def)
                assets.append((output.key.to_user_string(), output.partitions_def._of_run))
        for given in step._inputs:
            if given.partition_mapping is not None:
                key = names.resolve(given, step).to_user_string()
                inputs.append((step._name, key, given.partition_mapping._told()))
        for check in step._check_specs:
            if check.partitions_def is not None:
                definition = check.partitions_def._of_run
                checks.append((check.asset_key.to_user_string(), check.name, definition))
        if step._backfill_policy is not None:
            policies.append((step._name, step._backfill_policy.max_partitions_per_run or 0))
        if step._memoize:
            memoized.append(step._name)
    for source in sources:
        if source.partitions_def is not None:
            remember(source.partitions_def)
            assets.append((source.key.to_user_string(), source.partitions_def._of_run))
    of_jobs: list[tuple[str, _core.Partitions]] = []
    for job in jobs:
        remember(job.partitions_def)
        of_jobs.append((job.name, job.partitions_def._of_run))
    return assets, inputs, checks, policies, memoized, of_jobs
