"""Finds the definitions of a file or module, as Dagster does: its Definitions object, else its loose assets,
checks and jobs.
"""

from __future__ import annotations

import os
import sys

from treadle._assets.definition import AssetChecksDefinition, AssetsDefinition
from treadle._assets.jobs import JobDefinition, UnresolvedAssetJobDefinition
from treadle._assets.specs import AssetSpec, SourceAsset
from treadle._definitions.definitions import Definitions
from treadle._errors import DagsterInvalidDefinitionError, DagsterInvariantViolationError
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import ModuleType
    from typing import Any

    from treadle._typing import CoercibleToAssetKeyPrefix


def load(file: str, module: str, working_dir: str) -> tuple[Definitions, str]:
    """The definitions of a Python file or module, and how to load them again (JSON). Raises what the user's
    code raises.
    """
    import json

    working_dir = os.path.abspath(working_dir or os.getcwd())
    from treadle._dagster import fallback

    _bring_dagster(working_dir)
    try:
        if file:
            path = os.path.abspath(os.path.join(working_dir, file))
            loaded = load_file(path, working_dir)
            origin = {"kind": "python", "file": path, "module": "", "working_dir": working_dir}
        else:
            if working_dir not in sys.path:
                sys.path.insert(0, working_dir)
            loaded = _import(module, working_dir)
            origin = {"kind": "python", "file": "", "module": module, "working_dir": working_dir}
    finally:
        fallback.remove()
    return definitions_of(loaded), json.dumps(origin)


def _bring_dagster(working_dir: str) -> None:
    """`import dagster` means Treadle when the project's settings say so, or when no Dagster is installed."""
    from treadle import _core
    from treadle._dagster import fallback

    if _core.wants_dagster(working_dir):
        from treadle._dagster import finder

        finder.install()
    else:
        fallback.install()


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


def definitions_of(module: ModuleType) -> Definitions:
    """The module's Definitions object (several are merged when none would win); else its loose
    definitions.
    """
    found = _unique(v for v in vars(module).values() if isinstance(v, Definitions))
    if len(found) == 1:
        only: Definitions = found[0]
        return only
    if len(found) > 1:
        names = sorted(n for n, v in vars(module).items() if isinstance(v, Definitions))
        raise DagsterInvariantViolationError(
            "Cannot have more than one Definitions object defined at module scope. Found Definitions objects:"
            f" {', '.join(names)}. Combine them with Definitions.merge, and keep the parts out of the"
            " module's scope."
        )
    assets, checks, jobs = _loose(module)
    if not assets and not checks:
        raise DagsterInvariantViolationError(
            f"{module.__name__!r} has no Definitions object, asset, asset check or job at module scope."
        )
    return Definitions(assets=assets, asset_checks=checks, jobs=jobs)


def _unique(items: Iterable[Any]) -> list[Any]:
    return list({id(i): i for i in items}.values())


def _loose(module: ModuleType) -> tuple[list[Any], list[Any], list[Any]]:
    assets: list[Any] = []
    checks: list[Any] = []
    jobs: list[Any] = []
    for value in list(vars(module).values()):
        for item in value if isinstance(value, (list, tuple)) else (value,):
            if isinstance(item, AssetChecksDefinition):
                checks.append(item)
            elif isinstance(item, (AssetsDefinition, SourceAsset, AssetSpec)):
                assets.append(item)
            elif isinstance(item, (UnresolvedAssetJobDefinition, JobDefinition)):
                jobs.append(item)
    return _unique(assets), _unique(checks), _unique(jobs)


def load_assets_from_modules(
    modules: Iterable[ModuleType],
    group_name: str | None = None,
    key_prefix: CoercibleToAssetKeyPrefix | None = None,
    *,
    source_key_prefix: CoercibleToAssetKeyPrefix | None = None,
    include_specs: bool = False,
) -> Sequence[Any]:
    """The assets at the scope of modules, in one group or below a prefix when given."""
    found: list[Any] = []
    owners: dict[Any, str] = {}
    for module in modules:
        for item in _loose(module)[0]:
            if isinstance(item, AssetSpec) and not include_specs:
                continue
            if isinstance(item, AssetsDefinition):
                for key in item.keys:
                    known = owners.setdefault(key, module.__name__)
                    if known != module.__name__ and item not in found:
                        raise DagsterInvalidDefinitionError(
                            f"Asset key {key.to_user_string()} is defined multiple times. Definitions found"
                            f" in modules: {known}, {module.__name__}."
                        )
            found.append(item)
    return [
        i.with_prefix_or_group(key_prefix, group_name) if isinstance(i, AssetsDefinition) else i
        for i in _unique(found)
    ]


def load_assets_from_current_module(
    group_name: str | None = None,
    key_prefix: CoercibleToAssetKeyPrefix | None = None,
    *,
    include_specs: bool = False,
) -> Sequence[Any]:
    caller = sys.modules[sys._getframe(1).f_globals["__name__"]]
    return load_assets_from_modules([caller], group_name, key_prefix, include_specs=include_specs)


def load_asset_checks_from_modules(
    modules: Iterable[ModuleType], asset_key_prefix: CoercibleToAssetKeyPrefix | None = None
) -> Sequence[AssetChecksDefinition]:
    return _unique(c for m in modules for c in _loose(m)[1])


def load_asset_checks_from_current_module(
    asset_key_prefix: CoercibleToAssetKeyPrefix | None = None,
) -> Sequence[AssetChecksDefinition]:
    return load_asset_checks_from_modules([sys.modules[sys._getframe(1).f_globals["__name__"]]])


def load_for_core(file: str, module: str, working_dir: str) -> tuple[Any, str]:
    """For the command line: the core's definitions, and their origin."""
    definitions, origin = load(file, module, working_dir)
    return definitions._core(), origin


def tell_load_error(exception: BaseException) -> str:
    """Why definitions could not be loaded, as a person reads it: our own errors by what they say, the
    user's with their traceback.
    """
    if isinstance(exception, (DagsterInvalidDefinitionError, DagsterInvariantViolationError)):
        return str(exception)
    import traceback

    from treadle._run.steps import stack_of

    stack = stack_of(exception)
    if not isinstance(exception, SyntaxError):
        stack += "".join(traceback.format_exception_only(type(exception), exception))
    return "Traceback (most recent call last):\n" + stack.rstrip("\n")
