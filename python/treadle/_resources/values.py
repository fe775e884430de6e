"""make_values_resource: a resource that is its configuration."""

from __future__ import annotations

from treadle._resources.resources import InitResourceContext, ResourceDefinition
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any


def make_values_resource(**kwargs: Any) -> ResourceDefinition:
    """A resource whose value is its configuration, a dictionary with these names and types; any configuration
    when none are given.
    """

    def values(context: InitResourceContext) -> Any:
        if not kwargs:
            return context.resource_config
        from treadle._config.check import check_config

        return check_config("values", context.resource_config, kwargs, tuple(kwargs))

    return ResourceDefinition(values, kwargs or None)
