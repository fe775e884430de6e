"""make_values_resource: a resource that is its configuration."""

from __future__ import annotations

from treadle._resources.definition import ResourceDefinition
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any


def make_values_resource(**kwargs: Any) -> ResourceDefinition:
    """A resource whose value is its configuration, a dictionary with these names and types; any configuration
    when none are given.
    """
    return ResourceDefinition(lambda context: context.resource_config, kwargs or None)
