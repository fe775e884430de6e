"""`definitions`: a function that makes the Definitions when they are asked for, and `load_from_defs_folder`,
which gathers a folder of modules.
"""

from __future__ import annotations

import sys

from treadle._definitions.definitions import Definitions
from treadle._errors import DagsterError, DagsterInvalidDefinitionError, DagsterInvariantViolationError
from treadle._events.record import Record
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType
    from typing import Any


class ComponentLoadContext(Record):
    """Where in a project a function decorated with `definitions` is loaded from."""

    __slots__ = _fields = ("path", "project_root", "defs_module_path", "defs_module_name")
    path: Path
    project_root: Path
    defs_module_path: Path
    defs_module_name: str

    def __init__(self, path: Path, project_root: Path, defs_module_path: Path, defs_module_name: str) -> None:
        self.path = path
        self.project_root = project_root
        self.defs_module_path = defs_module_path
        self.defs_module_name = defs_module_name


class LazyDefinitions:
    """What `definitions` makes of a function. Calling it gives the Definitions."""

    __slots__ = ("__name__", "__wrapped__", "has_context_arg", "load_fn")

    def __init__(self, load_fn: Callable[..., Any], has_context_arg: bool) -> None:
        self.load_fn = load_fn
        self.has_context_arg = has_context_arg
        self.__wrapped__ = load_fn
        self.__name__ = getattr(load_fn, "__name__", "definitions")

    def __call__(self, context: ComponentLoadContext | None = None) -> Definitions:
        from treadle._definitions.repository import RepositoryDefinition

        if self.has_context_arg and context is None:
            raise DagsterInvariantViolationError(
                "Function requires a ComponentLoadContext but none was provided"
            )
        result = self.load_fn(context) if self.has_context_arg else self.load_fn()
        if not isinstance(result, (Definitions, RepositoryDefinition)):
            raise DagsterInvariantViolationError(
                "Function must return a Definitions or RepositoryDefinition object"
            )
        return result  # type: ignore[return-value]


def definitions(fn: Callable[..., Definitions]) -> Callable[..., Definitions]:
    """Declares a function that makes the Definitions when the project is loaded, not when its module is
    imported.
    """
    import inspect

    parameters = list(inspect.signature(fn).parameters.values())
    wants_context = len(parameters) == 1 and parameters[0].annotation in (
        ComponentLoadContext,
        "ComponentLoadContext",
        "dg.ComponentLoadContext",
        "dagster.ComponentLoadContext",
    )
    if parameters and not wants_context:
        raise DagsterInvariantViolationError(
            "Function must accept either no parameters or exactly one ComponentLoadContext parameter"
        )
    return LazyDefinitions(fn, wants_context)


# --- a folder of definitions


def load_from_defs_folder(
    *, path_within_project: Path | None = None, project_root: Path | None = None
) -> Definitions:
    """Everything below the project's `defs` folder, as `[tool.dg.project]` of its `pyproject.toml` (or
    `dg.toml`) names it.
    """
    from pathlib import Path

    given = path_within_project if path_within_project is not None else project_root
    if given is None:
        raise DagsterInvariantViolationError("Must provide path_within_project")
    root, settings = _project(Path(given).resolve())
    module_name = settings.get("defs_module") or f"{_root_module(root, settings)}.defs"
    for entry in (root / "src", root):
        if entry.is_dir() and str(entry) not in sys.path:
            sys.path.insert(0, str(entry))
    from importlib import import_module

    return _of_module(import_module(module_name), root)


def load_defs(
    defs_root: ModuleType,
    project_root: Path | None = None,
    terminate_autoloading_on_keyword_files: bool = True,
) -> Definitions:
    """Everything below a package, each module on its own, as `load_from_defs_folder` does it."""
    return _of_module(defs_root, project_root)


def _project(start: Path) -> tuple[Path, dict[str, Any]]:
    """The folder, here or above, whose settings make it a project, and those settings."""
    for folder in (start, *start.parents):
        for name, path in (("dg.toml", ("project",)), ("pyproject.toml", ("tool", "dg", "project"))):
            file = folder / name
            if not file.is_file():
                continue
            found: Any = _toml(file)
            for part in path:
                found = found.get(part) if isinstance(found, dict) else None
            if isinstance(found, dict):
                return folder, found
    raise DagsterError(
        f"There is no project at or above {start}: no dg.toml and no pyproject.toml with a section"
        " [tool.dg.project]. Name there root_module, the package whose `defs` folder is to be loaded."
    )


def _toml(file: Path) -> dict[str, Any]:
    from importlib import import_module

    with file.open("rb") as stream:
        read: dict[str, Any] = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli").load(
            stream
        )
    return read


def _root_module(root: Path, settings: dict[str, Any]) -> str:
    name = settings.get("root_module")
    if not name:
        raise DagsterError(
            f"The project at {root} does not name its package: set root_module in [tool.dg.project]."
        )
    return str(name)


def _of_module(module: ModuleType, root: Path | None) -> Definitions:
    from pathlib import Path

    folders = [Path(p) for p in module.__path__]
    loaded = [
        d
        for folder in folders
        for d in _of_folder(folder, module.__name__, _Place(root or folder, folder, module.__name__))
    ]
    return Definitions.merge(*loaded)


class _Place:
    def __init__(self, root: Path, folder: Path, name: str) -> None:
        self.root, self.folder, self.name = root, folder, name

    def context(self, path: Path) -> ComponentLoadContext:
        return ComponentLoadContext(path, self.root, self.folder, self.name)


def _of_folder(folder: Path, package: str, place: _Place) -> list[Definitions]:
    """A `definitions.py` speaks for its folder; else each module and each folder below it for itself."""
    for name in ("defs.yaml", "component.yaml"):
        if (folder / name).is_file():
            raise DagsterInvalidDefinitionError(
                f"{folder / name} declares a component. Dagster's components are not part of Treadle: declare"
                " the assets in a Python module of the folder."
            )
    own = folder / "definitions.py"
    if own.is_file():
        return [_of_file(own, f"{package}.definitions", place)]
    found: list[Definitions] = []
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name != "__pycache__" and not path.name.startswith("."):
            found += _of_folder(path, f"{package}.{path.name}", place)
        elif path.suffix == ".py":
            name = package if path.name == "__init__.py" else f"{package}.{path.stem}"
            found.append(_of_file(path, name, place))
    return found


def _of_file(path: Path, name: str, place: _Place) -> Definitions:
    from importlib import import_module

    from treadle._definitions.modules import load_definitions_from_module

    module = import_module(name)
    values = list({id(v): v for v in vars(module).values()}.values())
    ready = [v for v in values if isinstance(v, Definitions)]
    lazy = [v for v in values if isinstance(v, LazyDefinitions)]
    if ready and lazy:
        raise DagsterInvalidDefinitionError(
            f"Found both @definitions-decorated functions and Definitions objects in {path}. At most one may"
            " be specified per module."
        )
    if len(ready) > 1:
        raise DagsterInvalidDefinitionError(
            f"Found multiple Definitions objects in {path}. At most one Definitions object may be specified"
            " per module."
        )
    if ready:
        return ready[0]
    if lazy:
        return Definitions.merge(*[one(place.context(path)) for one in lazy])
    return load_definitions_from_module(module)
