"""What Dagster's `workspace.yaml` and `--attribute` name."""

from __future__ import annotations

import os

from treadle._definitions.definitions import Definitions
from treadle._errors import DagsterInvariantViolationError
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any


class Place:
    """One code location: a file or a module."""

    __slots__ = ("attribute", "file", "module", "name", "working_dir")

    def __init__(self, kind: str, said: Any, folder: str) -> None:
        entry: dict[str, Any] = dict(said) if isinstance(said, dict) else {}
        if kind == "python_file":
            path = str(said if isinstance(said, str) else entry.get("relative_path", ""))
            self.file, self.module = os.path.join(folder, path) if path else "", ""
            usual = os.path.basename(path)
        else:
            key = "package_name" if kind == "python_package" else "module_name"
            self.file, self.module = "", str(said if isinstance(said, str) else entry.get(key, ""))
            usual = self.module
        self.attribute = str(entry.get("attribute") or "")
        self.name = str(
            entry.get("location_name") or (f"{usual}:{self.attribute}" if self.attribute else usual)
        )
        self.working_dir = os.path.join(folder, str(entry.get("working_directory") or ""))


def find_location(path: str, name: str = "") -> Place:
    """The code location of this name in a workspace file; without a name the only one there is."""
    import yaml

    with open(path, encoding="utf-8") as stream:
        content = yaml.safe_load(stream)
    said = content.get("load_from") if isinstance(content, dict) else None
    entries = [said] if isinstance(said, dict) else said
    if not isinstance(entries, list) or not all(isinstance(e, dict) and len(e) == 1 for e in entries):
        raise DagsterInvariantViolationError(
            f'{path}: a workspace has a list "load_from", each item of it one of python_file,'
            " python_module and python_package."
        )
    folder = os.path.dirname(os.path.abspath(path))
    places: list[Place] = []
    for kind, what in (next(iter(e.items())) for e in entries):
        if kind not in ("python_file", "python_module", "python_package"):
            raise DagsterInvariantViolationError(
                f"{path}: {kind!r} is not read here: Treadle loads code in its own process. Name the file or"
                " module: python_file, python_module, python_package, or -f and -m on the command line."
            )
        place = Place(kind, what, folder)
        if not place.file and not place.module:
            raise DagsterInvariantViolationError(f'{path}: the {kind} of "load_from" names nothing.')
        places.append(place)
    found = [p for p in places if p.name == name] if name else places
    if len(found) == 1:
        return found[0]
    names = ", ".join(p.name for p in places) or "none"
    if name:
        raise DagsterInvariantViolationError(
            f"{path} has no code location {name!r}, which --location asks for. It has: {names}."
        )
    raise DagsterInvariantViolationError(
        f"{path} has {len(places)} code locations; one is loaded at a time. Name it with --location: {names}."
    )


def definitions_named(module: ModuleType, attribute: str) -> Definitions:
    """What the module calls so: definitions, a repository, a job, assets, or a function that makes one."""
    from treadle._definitions.repository import RepositoryDefinition

    found: Any = module
    for part in attribute.split("."):
        if not hasattr(found, part):
            raise DagsterInvariantViolationError(
                f"{module.__name__!r} has no {attribute!r}, which --attribute names."
            )
        found = getattr(found, part)
    if callable(found) and not hasattr(found, "name") and not isinstance(found, Definitions):
        found = found()
    if isinstance(found, RepositoryDefinition):
        inner: Definitions = found._definitions
        return inner
    if isinstance(found, Definitions):
        return found
    from treadle._assets.definition import AssetsDefinition
    from treadle._assets.jobs import JobDefinition, UnresolvedAssetJobDefinition
    from treadle._ops.graphs import GraphDefinition

    if isinstance(found, AssetsDefinition):
        return Definitions(assets=[found])
    if isinstance(found, list) and found and all(isinstance(f, AssetsDefinition) for f in found):
        return Definitions(assets=found)
    if isinstance(found, GraphDefinition):
        found = found.to_job()
    if isinstance(found, JobDefinition):
        return Definitions(jobs=[found])
    if isinstance(found, UnresolvedAssetJobDefinition):
        from treadle._definitions.modules import Scope

        return Definitions(assets=Scope([module]).assets, jobs=[found])
    raise DagsterInvariantViolationError(
        f"{attribute!r} of {module.__name__!r} is of type {type(found).__name__}; --attribute names a"
        " Definitions object, a repository, a job, assets, or a function that makes one of them."
    )
