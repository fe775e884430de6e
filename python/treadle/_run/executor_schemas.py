"""The configuration of the executors that come with the library."""

from __future__ import annotations

from treadle._config.fields import Field
from treadle._config.types import Array, Noneable, Permissive, ScalarUnion, Selector, Shape

_RETRIES = Field(
    Selector({"enabled": {}, "disabled": {}}),
    default_value={"enabled": {}},
    description="Whether retries are enabled or not. By default, retries are enabled.",
)
# What Dagster takes for its own run coordination, and means nothing here.
_DEPENDENCIES = Field(
    Permissive({"require_upstream_step_success": Field(bool, is_required=False)}), is_required=False
)

IN_PROCESS = Field(
    {
        "retries": _RETRIES,
        "marker_to_close": Field(str, is_required=False, description="[DEPRECATED]"),
        "step_dependency_config": _DEPENDENCIES,
    },
    description="Execute all steps in a single process.",
)

_TAG_LIMIT = Shape(
    {
        "key": str,
        "value": Field(ScalarUnion(str, Shape({"applyLimitPerUniqueValue": bool})), is_required=False),
        "limit": Field(int),
    }
)
_TAG_LIMITS = Field(
    Array(_TAG_LIMIT),
    is_required=False,
    description="How many steps with a tag, with a value of it, or with each value of it may run at once in"
    " the run.",
)

MULTIPROCESS = Field(
    {
        "max_concurrent": Field(
            Noneable(int),
            default_value=None,
            description="The number of processes that may run at once; by default the number of cores.",
        ),
        "tag_concurrency_limits": _TAG_LIMITS,
        "start_method": Field(
            Selector({"spawn": {}, "forkserver": {"preload_modules": Field([str], is_required=False)}}),
            is_required=False,
            description="Accepted; processes are always forked from one that has loaded the definitions.",
        ),
        "retries": _RETRIES,
        "step_dependency_config": _DEPENDENCIES,
    },
    description="Execute each step in an individual process.",
)

EITHER = Field(
    Selector({"multiprocess": MULTIPROCESS, "in_process": IN_PROCESS}), default_value={"multiprocess": {}}
)


def get_retries_config() -> Field:
    """For executors of one's own."""
    return _RETRIES


def get_tag_concurrency_limits_config() -> Field:
    """For executors of one's own."""
    return _TAG_LIMITS
