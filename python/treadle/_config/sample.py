"""The configuration that a job takes, as YAML to start from: `treadle config JOB`."""

from __future__ import annotations

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from treadle._definitions.definitions import Definitions


def sample_config(definitions: Definitions, job: str) -> str:
    """Of the job, or ("") of a run of all assets and checks."""
    from treadle._assets.definition import AssetsDefinition
    from treadle._config.run_schema import asset_shape
    from treadle._ops.config_schema import job_shape
    from treadle._ops.jobs import OpJobDefinition
    from treadle._resources.definition import definitions_of

    resources = definitions._resources
    found: Any = definitions.get_job_def(job) if job else None
    if isinstance(found, OpJobDefinition):
        own = {**definitions_of(resources), **definitions_of(found._resource_defs)}
        return job_shape(found, own).core.sample_yaml()
    items = [*definitions._assets, *definitions._asset_checks]
    steps = [i for i in items if isinstance(i, AssetsDefinition)]
    if found is not None:
        selected = set(definitions._core().select(found.selection._text))
        steps = [s for s in steps if any(o.key.to_user_string() in selected for o in s._outputs)]
    return asset_shape(steps, definitions_of(resources)).core.sample_yaml()
