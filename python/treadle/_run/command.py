"""A run that the command line starts: its configuration, given or its job's own, checked as a whole; and the
executor and hooks of its job."""

from __future__ import annotations

import json

from treadle._run import steps
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from treadle._definitions.definitions import Definitions


def configurer(
    definitions: Definitions,
) -> Callable[..., tuple[str, str, Any, Sequence[Any], Mapping[str, str]]]:
    """What the command line calls before a run: (the configuration to record, what is wrong with it, the
    executor or None, the hooks of steps, the tags of its partition)."""
    from treadle._errors import DagsterInvalidConfigError

    def configure(
        given: str, job_name: str, assets: Sequence[str], tags: Mapping[str, str]
    ) -> tuple[str, str, Any, Sequence[Any], Mapping[str, str]]:
        job = next((j for j in definitions._jobs if j.name == job_name), None)
        own = getattr(job, "_partitioned_config", None) or getattr(job, "_config", None)
        own = own or getattr(getattr(job, "_declared", job), "config", None)
        config = json.loads(given) if given else _own(own, tags)
        try:
            if hasattr(job, "_checked"):
                _configure_ops(job, config, definitions)
            elif config is not None or not hasattr(own, "get_run_config_for_partition_key"):
                _configure_assets(config or {}, job_name, assets, definitions)
            executor = _executor(job, config, definitions)
        except DagsterInvalidConfigError as e:
            return "", str(e), None, (), {}
        return (
            json.dumps(config) if config else "",
            "",
            executor,
            _hooks(job, definitions),
            _tags(own, tags, job_name),
        )

    return configure


def _executor(job: Any, config: Any, definitions: Definitions) -> Any:
    """The core's form of the executor that a job or its definitions ask for, or the configuration does."""
    from treadle._run.executors import multi_or_in_process_executor

    declared = getattr(job, "_declared", job)
    named = "_executor" if hasattr(job, "_checked") else "executor_def"
    asked: Any = getattr(declared, named, None) or definitions._executor
    given = ((config or {}).get("execution") or {}).get("config")
    if asked is None and given is None:
        return None
    return (asked or multi_or_in_process_executor)._make(job, given, None)._told({}, False)


def _hooks(job: Any, definitions: Definitions) -> Sequence[Any]:
    """[(step, hooks)] of a job of assets, which join those that the assets have."""
    from treadle._assets.definition import AssetsDefinition
    from treadle._ops.hooks import told_hooks

    declared = getattr(job, "_declared", job)
    hooks = getattr(declared, "hooks", None)
    if not hooks or hasattr(job, "_checked"):
        return ()
    told: list[Any] = []
    for item in (*definitions._assets, *definitions._asset_checks):
        if not isinstance(item, AssetsDefinition):
            continue
        ops: Mapping[str, Any] = item._ops_by_step() if hasattr(item, "_ops_by_step") else {}
        if ops:
            told += [(key, told_hooks(hooks)) for key in ops]
        else:
            told.append((item._name, told_hooks(hooks, item)))
    return told


def _own(own: Any, tags: Mapping[str, str]) -> Any:
    """The configuration of a job, where it needs nothing more to say it."""
    from treadle._config.run_schema import as_dict

    if hasattr(own, "get_run_config_for_partition_key"):
        key = tags.get("dagster/partition")
        return as_dict(own.get_run_config_for_partition_key(key)) if key else None
    return None if own is None or hasattr(own, "config_fn") else as_dict(own)


def _tags(own: Any, tags: Mapping[str, str], job_name: str) -> Mapping[str, str]:
    """Those that a partitioned configuration says of the run's partition."""
    key = tags.get("dagster/partition")
    if key is None or not hasattr(own, "get_tags_for_partition_key"):
        return {}
    told: Mapping[str, str] = own.get_tags_for_partition_key(key, job_name=job_name)
    return told


def _configure_ops(job: Any, given: Any, definitions: Definitions) -> None:
    from treadle._ops.config_tree import run_config_of

    config = run_config_of(job, given if given is not None or hasattr(job._config, "config_fn") else {})
    checked = job._checked(config, {**definitions._resources, **(job._resource_defs or {})})
    steps.set_config(config, checked)


def _configure_assets(
    config: Mapping[str, Any], job_name: str, assets: Sequence[str], definitions: Definitions
) -> None:
    from treadle._assets.definition import AssetsDefinition
    from treadle._config.run_schema import checked_config

    items = [*definitions._assets, *definitions._asset_checks]
    made = [item for item in items if isinstance(item, AssetsDefinition)]
    name = job_name or "__ASSET_JOB"
    checked_config(made, definitions._resources, config, name, lambda: assets, definitions._loggers)
    steps.set_config(config, None)
