"""The configuration of a run that the command line starts: given, or its job's own, checked as a whole."""

from __future__ import annotations

import json

from treadle._run import steps
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from treadle._definitions.definitions import Definitions


def configurer(definitions: Definitions) -> Callable[..., tuple[str, str]]:
    """What the command line calls before a run: (the configuration to record, what is wrong with it)."""
    from treadle._errors import DagsterInvalidConfigError

    def configure(
        given: str, job_name: str, assets: Sequence[str], tags: Mapping[str, str]
    ) -> tuple[str, str]:
        job = next((j for j in definitions._jobs if j.name == job_name), None)
        own = getattr(job, "_config", None) or getattr(getattr(job, "_declared", job), "config", None)
        config = json.loads(given) if given else _own(own, tags)
        try:
            if hasattr(job, "_checked"):
                _configure_ops(job, config, definitions)
            elif config is not None or not hasattr(own, "get_run_config_for_partition_key"):
                _configure_assets(config or {}, job_name, assets, definitions)
        except DagsterInvalidConfigError as e:
            return "", str(e)
        return json.dumps(config) if config else "", ""

    return configure


def _own(own: Any, tags: Mapping[str, str]) -> Any:
    """The configuration of a job, where it needs nothing more to say it."""
    from treadle._config.run_schema import as_dict

    if hasattr(own, "get_run_config_for_partition_key"):
        key = tags.get("dagster/partition")
        return as_dict(own.get_run_config_for_partition_key(key)) if key else None
    return None if own is None or hasattr(own, "config_fn") else as_dict(own)


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
    checked_config(made, definitions._resources, config, job_name or "__ASSET_JOB", lambda: assets)
    steps.set_config(config, None)
