"""The resources of some definitions, as the core takes them: those that steps ask for, and IO managers."""

from __future__ import annotations

from treadle._resources.building import ResourceHolder
from treadle._resources.definition import definitions_of
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet
    from typing import Any


def holders(
    resources: Mapping[str, Any],
    used_as_io: AbstractSet[str],
    wanted: AbstractSet[str],
    by_step: Any,
    run_config: Mapping[str, Any] | None = None,
) -> tuple[list[tuple[str, Any, list[str]]], list[tuple[str, Any, list[str]]]]:
    """(resources, IO managers), each as (key, holder, required keys). A resource may be both."""
    from treadle._io.managers import IOManagerHolder, is_io_manager

    config = (run_config or {}).get("resources") or {}
    definitions = definitions_of(resources)
    plain: list[tuple[str, Any, list[str]]] = []
    managers: list[tuple[str, Any, list[str]]] = []
    # What another resource asks for is a resource, whatever else it is.
    inner = {k for d in definitions.values() for k in d.required_resource_keys}
    for key, definition in definitions.items():
        own = config.get(key) if isinstance(config.get(key), dict) else None
        is_io = key in used_as_io or is_io_manager(definition)
        if is_io or key == "io_manager":
            manager = IOManagerHolder(key, definition, by_step, own, definitions)
            managers.append((key, manager, manager.required))
        if key in wanted or key in inner or not is_io:
            holder = ResourceHolder(key, definition, own, definitions)
            plain.append((key, holder, holder.required))
    return plain, managers
