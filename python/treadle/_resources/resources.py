"""Where resources used to be declared: names that moved to the modules beside this one."""

from __future__ import annotations

from treadle._config.env import EnvVar, IntEnvVar
from treadle._resources.building import ResourceHandle, ResourceHolder
from treadle._resources.context import InitResourceContext, Resources, build_init_resource_context
from treadle._resources.definition import ResourceDefinition, resource

__all__ = [
    "EnvVar",
    "InitResourceContext",
    "IntEnvVar",
    "ResourceDefinition",
    "ResourceHandle",
    "ResourceHolder",
    "Resources",
    "build_init_resource_context",
    "resource",
]
