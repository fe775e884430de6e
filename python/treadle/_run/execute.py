"""`materialize` and its kin: runs assets in this process."""

from __future__ import annotations

import os

from treadle import _clock, _errors
from treadle._assets.definition import AssetsDefinition
from treadle._assets.selection import AssetSelection, selection_text
from treadle._assets.specs import AssetSpec, SourceAsset
from treadle._assets.tags import normalize_tags
from treadle._config.run_schema import as_dict, checked_config
from treadle._definitions.to_core import flatten, retry_to_core, to_core
from treadle._errors import (
    CheckError,
    DagsterError,
    DagsterExecutionStepExecutionError,
    DagsterInvalidDefinitionError,
    DagsterInvalidSubsetError,
    DagsterMaxRetriesExceededError,
    RetryRequested,
)
from treadle._run import capture, log, steps
from treadle._run.executors import InProcessExecutor
from treadle._run.results import ExecuteInProcessResult
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any

    from treadle._assets.jobs import JobDefinition, UnresolvedAssetJobDefinition
    from treadle._run.executors import Executor
    from treadle._run.instance import DagsterInstance
    from treadle._run.policies import RetryPolicy
    from treadle._typing import CoercibleToAssetSelection


def materialize(
    assets: Sequence[AssetsDefinition | AssetSpec | SourceAsset],
    run_config: Any = None,
    instance: DagsterInstance | None = None,
    resources: Mapping[str, object] | None = None,
    partition_key: str | None = None,
    raise_on_error: bool = True,
    tags: Mapping[str, str] | None = None,
    selection: CoercibleToAssetSelection | None = None,
) -> ExecuteInProcessResult:
    """Makes the (selected) assets and evaluates the checks on them, in this process. Without an instance, in
    a home that is gone together with the result. What a failing function raised is raised again here, unless
    `raise_on_error=False`."""
    return execute(
        assets,
        resources=resources or {},
        selection=selection_text(selection),
        run_config=run_config,
        instance=instance,
        raise_on_error=raise_on_error,
        tags=with_partition(tags, partition_key),
        job_name="__ephemeral_asset_job__",
    )


def with_partition(tags: Mapping[str, str] | None, partition_key: str | None) -> Mapping[str, str]:
    if partition_key is None:
        return tags or {}
    return {**(tags or {}), "dagster/partition": str(partition_key)}


def materialize_to_memory(
    assets: Sequence[AssetsDefinition | AssetSpec | SourceAsset],
    run_config: Any = None,
    instance: DagsterInstance | None = None,
    resources: Mapping[str, object] | None = None,
    partition_key: str | None = None,
    raise_on_error: bool = True,
    tags: Mapping[str, str] | None = None,
    selection: CoercibleToAssetSelection | None = None,
) -> ExecuteInProcessResult:
    """As `materialize`, but values stay in memory: nothing is kept."""
    for item in flatten(assets):
        for key in getattr(item, "_resource_defs", None) or ():
            if key.endswith("io_manager") or any(o.io_manager_key == key for o in item._outputs):
                raise _errors.DagsterInvariantViolationError(
                    "Attempted to call `materialize_to_memory` with a resource provided for a required io"
                    " manager."
                    f" The asset {item!r} brings its own; use `materialize`."
                )
    return execute(
        assets,
        resources=resources or {},
        selection=selection_text(selection),
        run_config=run_config,
        instance=instance,
        raise_on_error=raise_on_error,
        tags=with_partition(tags, partition_key),
        job_name="__ephemeral_asset_job__",
        in_memory=True,
    )


def observe(
    assets: Sequence[AssetsDefinition | SourceAsset],
    run_config: Any = None,
    instance: DagsterInstance | None = None,
    resources: Mapping[str, object] | None = None,
    partition_key: str | None = None,
    raise_on_error: bool = True,
    tags: Mapping[str, str] | None = None,
) -> ExecuteInProcessResult:
    """Looks at observable source assets, in this process."""
    return execute(
        assets,
        resources=resources or {},
        selection=AssetSelection.all(include_sources=True),
        run_config=run_config,
        instance=instance,
        raise_on_error=raise_on_error,
        tags=with_partition(tags, partition_key),
        job_name="in_process_observation_job",
    )


def execute(
    assets: Iterable[Any],
    *,
    resources: Mapping[str, object],
    selection: AssetSelection,
    run_config: Any,
    instance: DagsterInstance | None,
    raise_on_error: bool,
    tags: Mapping[str, str],
    job_name: str,
    jobs: Iterable[JobDefinition | UnresolvedAssetJobDefinition] = (),
    in_memory: bool = False,
    run_id: str | None = None,
    retry_policy: RetryPolicy | None = None,
    executor: Executor | None = None,
    loggers: Mapping[str, Any] | None = None,
    job: JobDefinition | None = None,
    parent: str = "",
    again: Sequence[str] | None = None,
) -> ExecuteInProcessResult:
    """Plans and runs a selection of assets, and says how it went. `parent`: the run that is executed again:
    the steps `again`, or from where it failed."""
    items = list(flatten(assets))
    for item in items:
        if isinstance(item, (AssetsDefinition, AssetSpec, SourceAsset)):
            continue
        if callable(item):
            raise CheckError(f"{item!r} is a plain function: decorate it with @asset.")
        raise CheckError(
            f"{item!r} is no asset. Give what @asset and its kin return, an AssetSpec or a SourceAsset."
        )
    _clock.sync()
    config = _config(run_config)
    # Made for this run alone: another thread may run the same declarations.
    core = to_core(items, resources, jobs, config)
    definitions = [i for i in items if isinstance(i, AssetsDefinition)]
    complete = checked_config(
        definitions, resources, config, job_name, lambda: core.select(selection._text), loggers
    )
    if instance is None:
        from treadle._run.instance import DagsterInstance

        instance = DagsterInstance.ephemeral()
    tags = normalize_tags(tags)
    run_id = run_id or _new_run_id()
    if executor is None:
        executor = InProcessExecutor()
    here = not executor._processes
    state = steps.states[run_id] = steps.RunState(instance, tags, config, capture=here, checked=complete)
    state.declared = items, resources
    state.job = job
    state.executes_again(parent)
    log.begin_run(state, instance, loggers or {}, config, None, run_id)
    if here:
        capture.install(instance._home.logs_folder, run_id)
    try:
        outcome = core.materialize(
            instance._home,
            selection._text,
            selection.told_checks(items, core),
            in_memory,
            run_id,
            job_name,
            dict(tags),
            _dumps(config),
            retry_to_core(retry_policy),
            executor._told({}, raise_on_error),
            parent,
            again,
        )
    except DagsterInvalidSubsetError as e:
        if "Could not find a partition" in str(e):
            raise _errors.DagsterUnknownPartitionError(str(e)) from None
        if "nothing in it is partitioned" in str(e):
            raise CheckError(
                f"Failure condition: There is no PartitionsDefinition shared by all the provided assets. {e}"
            ) from None
        if "depends on invalid partitions" in str(e):
            raise _errors.DagsterInvariantViolationError(str(e)) from None
        raise DagsterInvalidDefinitionError(f"Failed to resolve asset job {job_name}: {e}") from e
    finally:
        if here:
            capture.remove(run_id)
        del steps.states[run_id]
        log.end_run(state)
        forget_config(run_id)
        core.close_io_managers()
    status, step_keys, failure = outcome
    result = ExecuteInProcessResult(run_id, status, instance, definitions, step_keys, state.capture or {})
    result._job = job
    if raise_on_error and not result.success and here:
        _raise(failure, status, result)
    return result


def forget_config(run_id: str) -> None:
    """Of steps that are ops, whose module knows the configuration of each run."""
    import sys

    module = sys.modules.get("treadle._ops.steps")
    if module is not None:
        module.configs.pop(run_id, None)


def _raise(
    failure: tuple[str, str, str, BaseException | None] | None, status: str, result: ExecuteInProcessResult
) -> None:
    run_id = result.run_id
    if failure is None:
        if status == "CANCELED":
            raise KeyboardInterrupt(f"Run {run_id} was canceled.")
        raise DagsterError(f"Run {run_id} did not succeed: {status}.")
    message, error_class, stack, origin = failure
    if isinstance(origin, RetryRequested):
        raise DagsterMaxRetriesExceededError(f"Exceeded max_retries of {origin.max_retries}") from origin
    exceeded = _retries_exceeded(result)
    if exceeded:
        raise DagsterMaxRetriesExceededError(exceeded) from origin
    if isinstance(origin, _errors.DagsterTypeCheckError) and origin.user_exception is not None:
        raise origin.user_exception
    if origin is not None:
        raise origin
    if status == "CANCELED":
        raise KeyboardInterrupt(message)
    known = getattr(_errors, error_class, None)
    if (
        isinstance(known, type)
        and issubclass(known, DagsterError)
        and known not in (DagsterExecutionStepExecutionError,)
    ):
        raise known(message)
    raise DagsterExecutionStepExecutionError(
        f"{error_class}: {message}" + (f"\n\nStack Trace:\n{stack}" if stack else "")
    )


def _retries_exceeded(result: ExecuteInProcessResult) -> str:
    """What is to be said when a step failed once more than its policy allows; else ""."""
    events = result.all_events
    if not any(e.is_step_restarted for e in events):
        return ""
    for event in events:
        error = event.event_specific_data.error if event.is_step_failure else None
        if error is not None and error.message.startswith("Exceeded max_retries of "):
            cause = "" if error.cause is None else error.cause.to_string()
            return f"{error.message}\nStack Trace:\n{''.join(error.stack)}{cause}"
    return ""


def _config(run_config: Any) -> Mapping[str, Any]:
    return as_dict(run_config)


def _dumps(config: Mapping[str, Any]) -> str:
    if not config:
        return ""
    import json

    return json.dumps(config, default=repr)


def _new_run_id() -> str:
    """A random UUID; `import uuid` would cost more than the run."""
    raw = bytearray(os.urandom(16))
    raw[6] = raw[6] & 0x0F | 0x40
    raw[8] = raw[8] & 0x3F | 0x80
    h = raw.hex()
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"
