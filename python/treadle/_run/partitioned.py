"""Runs over many partitions, split as backfill policies say. Treadle's own; in Dagster a backfill does it."""

from __future__ import annotations

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from treadle import _core
    from treadle._assets.definition import AssetsDefinition
    from treadle._assets.specs import AssetSpec, SourceAsset
    from treadle._partitions.keys import PartitionKeyRange
    from treadle._run.instance import DagsterInstance
    from treadle._run.results import ExecuteInProcessResult
    from treadle._typing import CoercibleToAssetSelection


def materialize_partitions(
    assets: Sequence[AssetsDefinition | AssetSpec | SourceAsset],
    partitions: str | Sequence[str] | PartitionKeyRange,
    *,
    instance: DagsterInstance | None = None,
    run_config: Any = None,
    resources: Mapping[str, object] | None = None,
    raise_on_error: bool = True,
    tags: Mapping[str, str] | None = None,
    selection: CoercibleToAssetSelection | None = None,
) -> list[ExecuteInProcessResult]:
    """Makes partitions of the (selected) assets, in as many runs as their backfill policies ask for, one
    after the other: with none a run for each partition.

    `partitions` is a list of keys, a PartitionKeyRange, or a text as on the command line: "all", "missing",
    "failed", "stale", "2026-01-01...2026-03-31,2026-04-05".
    """
    from treadle._assets.selection import selection_text
    from treadle._definitions.to_core import flatten, to_core
    from treadle._run.execute import materialize

    core = to_core(list(flatten(assets)), resources or {}, (), {})

    def one(instance: DagsterInstance, own: Mapping[str, str]) -> ExecuteInProcessResult:
        return materialize(
            assets, run_config, instance, resources, None, raise_on_error, {**(tags or {}), **own}, selection
        )

    return runs_over(core, selection_text(selection)._text, partitions, instance, one)


def runs_over(
    core: _core.Definitions,
    selection: str,
    partitions: str | Sequence[str] | PartitionKeyRange,
    instance: DagsterInstance | None,
    run: Callable[[DagsterInstance, Mapping[str, str]], ExecuteInProcessResult],
) -> list[ExecuteInProcessResult]:
    """One run after the other; each is given the tags that say which partitions it is over."""
    from treadle._partitions.keys import PartitionKeyRange

    if instance is None:
        from treadle._run.instance import DagsterInstance

        instance = DagsterInstance.ephemeral()
    if isinstance(partitions, PartitionKeyRange):
        partitions = f"{partitions.start}...{partitions.end}"
    which = partitions if isinstance(partitions, str) else [str(k) for k in partitions]
    return [run(instance, tags) for tags in core.partition_runs(instance._home, selection, which)]
