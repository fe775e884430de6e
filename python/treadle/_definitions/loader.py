"""Finds the definitions of a file or module, as Dagster does: its Definitions object, else its loose assets,
checks and jobs.
"""

from __future__ import annotations

import os
import sys

from treadle._definitions.definitions import Definitions
from treadle._errors import DagsterInvalidDefinitionError, DagsterInvariantViolationError
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any


# What this process runs steps of, where the command line started it.
latest: Definitions | None = None


def load(
    file: str,
    module: str,
    working_dir: str,
    as_dagster: bool = False,
    attribute: str = "",
    workspace: str = "",
    location: str = "",
) -> tuple[Definitions, str]:
    """The definitions of a Python file or module (or of a code location of a workspace.yaml), and how to load
    them again (JSON). `as_dagster`: `import dagster` means Treadle, whatever the settings say. Raises what
    the user's code raises.
    """
    import json

    if workspace:
        from treadle._definitions.workspace import find_location

        place = find_location(workspace, location)
        file, module, working_dir = place.file, place.module, working_dir or place.working_dir
        attribute = attribute or place.attribute

    working_dir = os.path.abspath(working_dir or os.getcwd())
    from treadle._dagster import fallback

    origin: dict[str, Any] = {"kind": "python", "file": "", "module": "", "working_dir": working_dir}
    if as_dagster or _is_to_bring_dagster(working_dir):
        from treadle._dagster import finder

        finder.install()
        origin["as_dagster"] = True
    else:
        fallback.install()
    try:
        if file:
            path = os.path.abspath(os.path.join(working_dir, file))
            loaded = load_file(path, working_dir)
            origin["file"] = path
        else:
            if working_dir not in sys.path:
                sys.path.insert(0, working_dir)
            loaded = _import(module, working_dir)
            origin["module"] = module
    finally:
        fallback.remove()
    global latest
    if attribute:
        origin["attribute"] = attribute
    latest = definitions_of(loaded, attribute)
    return latest, json.dumps(origin)


def _is_to_bring_dagster(working_dir: str) -> bool:
    """Whether the project's settings or TREADLE_AS_DAGSTER=1 say that `import dagster` means Treadle. It does
    without being told where no Dagster is installed.
    """
    from treadle import _core

    return os.environ.get("TREADLE_AS_DAGSTER") == "1" or _core.wants_dagster(working_dir)


def load_file(path: str, working_dir: str) -> ModuleType:
    """Imports a file under its own name, its folder first on the import path, so that its neighbours can be
    imported.
    """
    if not os.path.isfile(path):
        raise FileNotFoundError(f"There is no file {path!r}.")
    folder, base = os.path.split(path)
    for entry in (working_dir, folder):
        if entry not in sys.path:
            sys.path.insert(0, entry)
    name = base[:-3] if base.endswith(".py") else base
    known = sys.modules.get(name)
    if known is not None and getattr(known, "__file__", None) == path:
        return known
    if known is not None or not name.isidentifier():
        name = f"treadle_file_{name}" if name.isidentifier() else "treadle_file"
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path!r} is no Python file.")
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name, None)
        raise
    return module


def _import(name: str, working_dir: str) -> ModuleType:
    try:
        __import__(name)
    except ModuleNotFoundError as e:
        if e.name is None or not f"{name}.".startswith(f"{e.name}."):
            raise  # it is there, and imports what is not
        raise DagsterInvariantViolationError(
            f"There is no Python module {name!r}: neither in {working_dir} nor among the packages of"
            f" {sys.executable}. --module takes a name such as package.module, --working-directory the folder"
            " to look in, --file the path of a file."
        ) from None
    return sys.modules[name]


def definitions_of(module: ModuleType, attribute: str = "") -> Definitions:
    """The module's Definitions object, its function decorated with `definitions`, or its repository; else
    what it declares loose. With `attribute` what has this name.
    """
    from treadle._definitions.lazy import LazyDefinitions
    from treadle._definitions.repository import RepositoryDefinition

    if attribute:
        from treadle._definitions.workspace import definitions_named

        return definitions_named(module, attribute)
    whole = (Definitions, LazyDefinitions, RepositoryDefinition)
    found = list({id(v): v for v in vars(module).values() if isinstance(v, whole)}.values())
    ready: list[Any] = [v for v in found if isinstance(v, Definitions)]
    if len(ready) > 1:
        names = sorted(n for n, v in vars(module).items() if isinstance(v, Definitions))
        raise DagsterInvariantViolationError(
            "Cannot have more than one Definitions object defined at module scope. Found Definitions objects:"
            f" {', '.join(names)}. Combine them with Definitions.merge, and keep the parts out of the"
            f" module's scope, or name the one that is meant: --attribute {names[0]}."
        )
    chosen = ready or [v for v in found if isinstance(v, LazyDefinitions)] or found
    if len(chosen) > 1:
        names = sorted(n for n, v in vars(module).items() if v in chosen)
        raise DagsterInvariantViolationError(
            f"Found more than one place in {module.__name__!r} that makes its definitions:"
            f" {', '.join(names)}. Keep one of them at module scope, or name it: --attribute {names[0]}."
        )
    if chosen:
        one: Any = chosen[0]() if isinstance(chosen[0], LazyDefinitions) else chosen[0]
        all_of_it: Definitions = one._definitions if isinstance(one, RepositoryDefinition) else one
        return all_of_it
    from treadle._definitions.modules import Scope

    scope = Scope([module])
    _refuse_real_dagster(module)
    if not (scope.assets or scope.checks or scope.jobs or scope.schedules or scope.sensors):
        raise DagsterInvariantViolationError(
            f"{module.__name__!r} has no Definitions object, asset, asset check or job at module scope."
        )
    return Definitions(
        assets=scope.assets,
        asset_checks=scope.checks,
        jobs=scope.jobs,
        schedules=scope.schedules,
        sensors=scope.sensors,
    )


def _refuse_real_dagster(module: ModuleType) -> None:
    """Definitions that the installed Dagster made are none of ours: tells how to make them so."""
    real = sys.modules.get("dagster")
    where = getattr(real, "__file__", None)
    if where is None:
        return  # not imported, or a view of Treadle
    made = [n for n, v in vars(module).items() if type(v).__module__.startswith("dagster.")]
    if made:
        raise DagsterInvariantViolationError(
            f"{', '.join(sorted(made))} of {module.__name__!r} are made by the Dagster that is installed"
            f" ({os.path.dirname(where)}). To have them on Treadle, give --as-dagster, or say it once for the"
            " project in pyproject.toml:\n  [tool.treadle]\n  as_dagster = true"
        )


def load_for_core(
    file: str,
    module: str,
    working_dir: str,
    as_dagster: bool = False,
    attribute: str = "",
    workspace: str = "",
    location: str = "",
) -> tuple[Any, str, Any, Any, Any, Any]:
    """For the command line: the core's definitions, their origin, what ticks schedules and sensors, what
    checks the configuration of a run, what tells the one that a job takes, and which schedules and sensors
    there are.
    """
    from treadle._automation.tick import listed, ticker
    from treadle._run.command import configurer

    definitions, origin = load(file, module, working_dir, as_dagster, attribute, workspace, location)

    def sample(job: str) -> str:
        from treadle._config.sample import sample_config

        return sample_config(definitions, job)

    core = definitions._core()
    return core, origin, ticker(definitions), configurer(definitions), sample, listed(definitions)


def tell_load_error(exception: BaseException) -> str:
    """Why definitions could not be loaded, as a person reads it: our own errors by what they say, the
    user's with their traceback.
    """
    if isinstance(exception, (DagsterInvalidDefinitionError, DagsterInvariantViolationError)):
        return str(exception)
    import traceback

    from treadle._run.failures import stack_of

    stack = stack_of(exception)
    if not isinstance(exception, SyntaxError):
        stack += "".join(traceback.format_exception_only(type(exception), exception))
    return "Traceback (most recent call last):\n" + stack.rstrip("\n")
