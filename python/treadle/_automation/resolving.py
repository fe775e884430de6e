"""From what a schedule or sensor asked for to requests that can be carried out: the partitions are known, and
what the job says of them is filled in.
"""

from __future__ import annotations

from treadle._automation.requests import (
    AddDynamicPartitionsRequest,
    DeleteDynamicPartitionsRequest,
    RunRequest,
)
from treadle._errors import CheckError, DagsterInvalidSubsetError, DagsterInvariantViolationError
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from typing import Any

    from treadle._assets.keys import AssetKey
    from treadle._assets.selection import AssetSelection
    from treadle._definitions.definitions import Definitions


class KeysAfter:
    """The keys of dynamic partitions once a sensor's requests to add and remove some are carried out."""

    def __init__(self, instance: Any, requests: Sequence[Any]) -> None:
        self._instance = instance
        self._requests = requests

    def get_dynamic_partitions(self, name: str) -> Sequence[str]:
        keys = [] if self._instance is None else list(self._instance.get_dynamic_partitions(name))
        for request in self._requests:
            if request.partitions_def_name != name:
                continue
            given = set(request.partition_keys)
            keys = [k for k in keys if k not in given]
            if isinstance(request, AddDynamicPartitionsRequest):
                keys += request.partition_keys
        return keys


def check_requests(requests: Sequence[Any]) -> None:
    """A sensor asks at most once for each key, either to add it or to remove it."""
    asked: dict[tuple[str, str], type] = {}
    for request in requests:
        if not isinstance(request, (AddDynamicPartitionsRequest, DeleteDynamicPartitionsRequest)):
            raise CheckError(f"Unexpected dynamic partition request type: {request!r}")
        name, kind = request.partitions_def_name, type(request)
        before = {k: asked[name, k] for k in request.partition_keys if (name, k) in asked}
        asked.update(((name, k), kind) for k in request.partition_keys)
        if not before:
            continue
        rule = (
            "Dynamic partition requests cannot contain both add and delete requests for the same partition"
            " keys."
            if set(before.values()) != {kind}
            else "Cannot request to add duplicate dynamic partition keys:"
            if kind is AddDynamicPartitionsRequest
            else "Cannot request to delete duplicate dynamic partition keys:"
        )
        raise DagsterInvariantViolationError(
            f"{rule} partitions_def_name '{name}', partition_keys {sorted(before)}"
        )


def request_for_partition(
    job: Any,
    partition_key: str,
    run_key: str | None = None,
    tags: Mapping[str, str] | None = None,
    run_config: Any = None,
    current_time: datetime | None = None,
    dynamic_partitions_store: Any = None,
    asset_selection: Sequence[AssetKey] | None = None,
) -> RunRequest:
    """A request for one partition of a job, with the run config and tags that the job gives it."""
    from treadle._partitions.definitions import DynamicPartitionsDefinition

    partitions = job.partitions_def
    if partitions is None:
        raise CheckError(f"Called run_request_for_partition on a non-partitioned job, '{job.name}'.")
    if isinstance(partitions, DynamicPartitionsDefinition) and dynamic_partitions_store is None:
        raise CheckError(
            "run_request_for_partition is not supported for dynamic partitions. Instead, use"
            " RunRequest(partition_key=...)"
        )
    request = RunRequest(
        run_key, run_config, tags, job.name, asset_selection=asset_selection, partition_key=partition_key
    )
    return of_partition(request, partitions, job, dynamic_partitions_store, current_time)


def partitioned_config_of(job: Any) -> Any:
    declared = getattr(job, "_declared", job)
    for config in (getattr(declared, "partitioned_config", None), getattr(declared, "config", None)):
        if hasattr(config, "get_run_config_for_partition_key"):
            return config
    return None


def resolve_partition(
    request: RunRequest, jobs: Sequence[Any], definitions: Any, instance: Any, what: str, at: datetime | None
) -> RunRequest:
    """A request for a partition, checked and filled in by the job it is of. `jobs`: those that `what`
    may run, by object or name."""
    if request.partition_key is None or request.has_resolved_partition():
        return request
    if definitions is None:
        raise DagsterInvariantViolationError(
            f"Must provide repository def to {what} when partitions are asked for: give repository_def, with"
            " the jobs and assets that they are of."
        )
    partitions, job = _target(request, jobs, definitions)
    if partitions is None:
        raise DagsterInvariantViolationError(
            f"The request for partition '{request.partition_key}' is for something without partitions."
        )
    return of_partition(request, partitions, job, instance, at)


def of_partition(
    request: RunRequest, partitions: Any, job: Any, instance: Any, at: datetime | None = None
) -> RunRequest:
    """The request with the tags of its partition, and the run config that its job gives it."""
    key = request.partition_key
    if key is None:
        raise CheckError("Cannot resolve partition for run request without partition key")
    _check_key(partitions, key, at, instance)
    own = dict(partitions.get_tags_for_partition_key(key))
    run_config: Mapping[str, Any] = request.run_config
    config = None if job is None else partitioned_config_of(job)
    if config is not None:
        own = dict(config.get_tags_for_partition_key(key, job_name=job.name))
        run_config = run_config or config.get_run_config_for_partition_key(key)
    elif job is not None:
        if hasattr(job, "_declared"):  # not one that still lacks its assets
            own["dagster/partition_set"] = f"{job.name}_partition_set"
        run_config = run_config or _config_of(job)
    return request._replace(run_config=run_config, tags={**request.tags, **own})


def _config_of(job: Any) -> Mapping[str, Any]:
    """What a job is run with, whichever the partition."""
    import copy

    given = getattr(getattr(job, "_declared", job), "config", None)
    to_dict = getattr(given, "to_config_dict", None)
    found: Any = to_dict() if to_dict is not None else given
    return copy.deepcopy(found) if isinstance(found, dict) else {}


def within_selection(request: RunRequest, selection: AssetSelection, definitions: Definitions) -> RunRequest:
    """The request of a sensor that has an asset selection: for all of it, or for the part of it that the
    request names; with the checks of those assets, unless it names checks. The job is that of all assets.
    """
    selected = selection.resolve(definitions)
    assets = request.asset_selection
    if assets is None:
        assets = sorted(selected, key=_text)
    elif unexpected := [k for k in assets if k not in selected]:
        raise DagsterInvalidSubsetError(
            "RunRequest includes asset keys that are not part of sensor's asset_selection:"
            f" {', '.join(_text(k) for k in unexpected)}"
        )
    checks = request.asset_check_keys
    if checks is None:
        checks = [c.key for c in definitions._check_specs() if c.asset_key in set(assets)]
    elif outside := [c.to_user_string() for c in checks if c.asset_key not in selected]:
        import warnings

        warnings.warn(
            "Including asset check keys in a sensor RunRequest that are not a subset of the sensor"
            f" asset_selection is deprecated. Unexpected asset check keys: {', '.join(outside)}.",
            DeprecationWarning,
            stacklevel=2,
        )
    return request._replace(
        job_name="__ASSET_JOB", asset_selection=list(assets), asset_check_keys=list(checks)
    )


def _text(key: AssetKey) -> str:
    return key.to_user_string()


def _target(request: RunRequest, jobs: Sequence[Any], definitions: Any) -> tuple[Any, Any]:
    """The partitions that a request is over, and its job if it has one."""
    name = request.job_name
    if name is None and len(jobs) == 1:
        name = jobs[0] if isinstance(jobs[0], str) else jobs[0].name
    if name is None or name == "__ASSET_JOB":
        every = definitions_of(definitions).resolve_job_def(name) if name is not None else None
        for key in request.asset_selection or ():
            partitions = getattr(definitions_of(definitions).get_assets_def(key), "partitions_def", None)
            if partitions is not None:
                return partitions, every
        return None, None
    for one in jobs:
        if not isinstance(one, str) and one.name == name:
            job = one.resolve(definitions_of(definitions))
            return job.partitions_def, job
    job = definitions_of(definitions).resolve_job_def(name)
    return job.partitions_def, job


def definitions_of(definitions: Any) -> Definitions:
    """Of a repository its definitions."""
    found: Definitions = getattr(definitions, "_definitions", definitions)
    return found


def _check_key(partitions: Any, key: str, at: datetime | None, instance: Any) -> None:
    from treadle._partitions.time import partition_loading_context

    with partition_loading_context(at, instance):
        partitions.validate_partition_key(str(key), dynamic_partitions_store=instance)
