"""The modules `dagster`, `dagster_wandb` and `wandb` as views of Treadle, made when they are imported. A name
that Treadle does not have raises an error that says so; nothing is stubbed.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

from treadle._dagster import absent
from treadle._dagster.inner import NAMES as INNER_NAMES
from treadle._dagster.inner import WHOLE, is_inner
from treadle._dagster.private import private_name
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

# The release of Dagster whose names and behaviour these are.
DAGSTER_VERSION = "1.13.29"
PAGE = "docs/dagster-compatibility.md"


class NotInTreadleError(ImportError):
    """A name of Dagster or W&B that Treadle does not have."""


def _unchanged(thing: Any) -> Any:
    return thing


# Names of inner modules that are not at Dagster's top level: "module of Treadle:name", or the thing itself.
_DAGSTER: Mapping[str, Mapping[str, Any]] = {
    "dagster": {"__version__": DAGSTER_VERSION},
    "dagster._core.storage.io_manager": {"dagster_maintained_io_manager": _unchanged},
    "dagster._core.definitions.resource_definition": {"dagster_maintained_resource": _unchanged},
    "dagster._core.definitions.sensor_definition": {"DEFAULT_SENSOR_DAEMON_INTERVAL": 30},
    "dagster._utils.log": {"get_dagster_logger": "treadle:get_dagster_logger"},
}

_WANDB_MANAGER = ("ArtifactsIOManager", "WandbArtifactsIOManagerError", "wandb_artifacts_io_manager")
_RUN_ID = {"UNIT_TEST_RUN_ID": "treadle.wandb._io_manager:UNIT_TEST_RUN_ID"}
_LAUNCH = {n: f"treadle.wandb._launch:{n}" for n in ("run_launch_agent", "run_launch_job")}
_LAUNCH_CHECK = {"raise_on_invalid_config": "treadle.wandb._launch:raise_on_invalid_config"}
_TYPES = {n: f"treadle.wandb:{n}" for n in ("SerializationModule", "WandbArtifactConfiguration")}
_ERRORS = {"WandbArtifactsIOManagerError": "treadle.wandb:WandbArtifactsIOManagerError"}
_INTEGRATION: Mapping[str, Mapping[str, Any]] = {
    "dagster_wandb": {
        **{n: f"treadle.wandb:{n}" for n in ("wandb_artifacts_io_manager", "wandb_resource")},
        **_ERRORS,
        **_TYPES,
        **_LAUNCH,
        "__version__": "treadle.wandb._io_manager:INTEGRATION_VERSION",
    },
    "dagster_wandb.io_manager": {**{n: f"treadle.wandb:{n}" for n in _WANDB_MANAGER}, **_RUN_ID},
    "dagster_wandb.resources": {
        "WANDB_CLOUD_HOST": "treadle.wandb._host:WANDB_CLOUD_HOST",
        "wandb_resource": "treadle.wandb._resources:wandb_resource",
    },
    "dagster_wandb.types": _TYPES,
    "dagster_wandb.version": {"__version__": "treadle.wandb._io_manager:INTEGRATION_VERSION"},
    "dagster_wandb.launch": {},
    "dagster_wandb.launch.configs": {
        n: f"treadle.wandb._launch:{n}" for n in ("launch_agent_config", "launch_config")
    },
    "dagster_wandb.launch.ops": {**_LAUNCH, **_LAUNCH_CHECK},
    "dagster_wandb.utils": {},
    "dagster_wandb.utils.errors": {
        n: f"treadle.wandb._errors:{n}"
        for n in (
            "SUPPORTED_PARTITION_CONFIG_KEYS",
            "SUPPORTED_READ_CONFIG_KEYS",
            "SUPPORTED_WRITE_CONFIG_KEYS",
            "WandbArtifactsIOManagerError",
            "raise_on_empty_configuration",
            "raise_on_unknown_keys",
            "raise_on_unknown_partition_keys",
            "raise_on_unknown_read_configuration_keys",
            "raise_on_unknown_write_configuration_keys",
        )
    },
    "dagster_wandb.utils.pickling": {
        n: f"treadle.wandb._pickling:{n}"
        for n in (
            "ACCEPTED_SERIALIZATION_MODULES",
            "CLOUDPICKLE_FILENAME",
            "DILL_FILENAME",
            "JOBLIB_FILENAME",
            "PICKLE_FILENAME",
            "pickle_artifact_content",
            "unpickle_artifact_content",
        )
    },
}
# Modules of the SDK that are whole modules of ours, and what these have beside the SDK's names.
_SDK = {"wandb": "treadle.wandb", "wandb.data_types": "treadle.wandb.data_types"}
_SDK_VERSION = "0.31.0"  # whose names and files these are
_NO_NAMES_OF_THE_SDK = frozenset(
    (
        *(
            "ArtifactsIOManager",
            "SerializationModule",
            "WandbArtifactConfiguration",
            "WandbArtifactsIOManager",
        ),
        *("WandbArtifactsIOManagerError", "WandbResource", "run_launch_agent", "run_launch_job"),
        *("server_environment", "wandb_artifacts_io_manager", "wandb_resource"),
    )
)
_WANDB: Mapping[str, Mapping[str, Any]] = {
    **{name: {} for name in _SDK},
    "wandb.errors": {n: f"treadle.wandb:{n}" for n in ("CommError", "Error", "UsageError")},
    "wandb.apis": {},
    "wandb.apis.public": {"Api": "treadle.wandb:Api"},
    "wandb.sdk": {n: f"treadle.wandb:{n}" for n in ("Artifact", "init", "login", "setup")},
    "wandb.sdk.artifacts": {},
    "wandb.sdk.artifacts.artifact": {"Artifact": "treadle.wandb:Artifact"},
    "wandb.sdk.wandb_run": {"Run": "treadle.wandb:Run"},
}


class _View(ModuleType):
    """A module whose names are Treadle's."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name != "__version__":
            if name == "__all__" and self.__name__ in _public_names():
                return list(_public_names()[self.__name__])
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        full = f"{self.__name__}.{name}"
        if self.__name__ in _SDK and full not in _WANDB:
            return _of_the_sdk(self.__name__, name)
        whole = WHOLE.get(self.__name__)
        if whole is not None and hasattr(import_module(whole), name):
            return getattr(import_module(whole), name)  # also where a module has the same name
        if full in _modules() or is_inner(full):
            return import_module(full)
        try:
            value = _find(self.__name__, name)
        except AttributeError as e:
            if _is_of_dagster(self.__name__, name) and absent.is_for_installed_package():
                return absent.stand_in(full, str(e))
            if full.startswith(("dagster._", "dagster_shared.")):
                return private_name(name, str(e))
            raise
        self.__dict__[name] = value
        return value

    def __setattr__(self, name: str, value: Any) -> None:
        # The import of a module sets it at its parent, where a function of its name may be.
        whole = WHOLE.get(self.__name__)
        if isinstance(value, _View) and whole is not None and hasattr(import_module(whole), name):
            return
        super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        return sorted({*self.__dict__, *_public_names().get(self.__name__, ())})


def _of_the_sdk(module: str, name: str) -> Any:
    """Looked up each time: `wandb.run` is the run at work."""
    if name == "__version__":
        return _SDK_VERSION
    if name not in _NO_NAMES_OF_THE_SDK and not name.startswith("_"):
        try:
            return getattr(import_module(_SDK[module]), name)
        except AttributeError:
            pass
    raise AttributeError(_sentence(module, name), name=name, obj=sys.modules.get(module))


def _is_of_dagster(module: str, name: str) -> bool:
    """Whether Dagster may have the name. At its top level that is known: packages ask for names of other
    releases with `getattr(dagster, name, default)`.
    """
    from treadle._dagster.names import NAMES

    return name in NAMES if module == "dagster" else module.startswith("dagster")


def _find(module: str, name: str) -> Any:
    root = module.partition(".")[0]
    known = {**_DAGSTER, **_INTEGRATION, **_WANDB}.get(module, {})
    if name in known:
        found = known[name]
        if isinstance(found, str) and ":" in found:
            where, _, own = found.partition(":")
            return getattr(import_module(where), own)
        return found
    if root in ("dagster", "dagster_shared"):
        import treadle

        if name in treadle.__all__ and name not in _own_names():
            return getattr(treadle, name)
        if module in WHOLE:
            whole = import_module(WHOLE[module])
            if hasattr(whole, name):
                return getattr(whole, name)
        if module.startswith(("dagster._", "dagster_shared")) and name in INNER_NAMES:
            where, _, own = INNER_NAMES[name].partition(":")
            return getattr(import_module(where), own)
    raise AttributeError(_sentence(module, name), name=name, obj=sys.modules.get(module))


def _own_names() -> frozenset[str]:
    """What `treadle` has and Dagster has not."""
    return frozenset(
        (
            *("AssetState", "File", "Folder", "Json", "StaleReason", "TreadleError", "asset_status"),
            *("file_asset", "materialize_partitions"),
        )
    )


def _sentence(module: str, name: str) -> str:
    from treadle._dagster.names import NAMES, advice

    root = module.partition(".")[0]
    if root == "dagster_shared" or (
        root == "dagster" and (name in NAMES or module != "dagster" or name == "components")
    ):
        return f"{module}.{name} is not in Treadle. {advice(name)} What is there: {PAGE}."
    if root == "dagster":
        from difflib import get_close_matches

        near = get_close_matches(name, NAMES, 1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        return f"Neither Dagster {DAGSTER_VERSION} nor Treadle has the name 'dagster.{name}'.{hint}"
    return (
        f"{module}.{name} is not in Treadle, which has of W&B the runs, artifacts, tables and media."
        + (" Install the `wandb` package to use the rest of its SDK." if root == "wandb" else "")
        + " What is there: docs/wandb.md."
    )


def _public_names() -> Mapping[str, Sequence[str]]:
    import treadle

    names: dict[str, Sequence[str]] = {m: list(n) for m, n in {**_INTEGRATION, **_WANDB}.items()}
    for module, own in _SDK.items():
        names[module] = [n for n in import_module(own).__all__ if n not in _NO_NAMES_OF_THE_SDK]
    names["dagster"] = [n for n in treadle.__all__ if n not in _own_names()]
    return names


_known_modules: set[str] = set()


def _modules() -> set[str]:
    if not _known_modules:
        _known_modules.add("dagster")
        _known_modules.update(_INTEGRATION, _WANDB)
    return _known_modules


class _Loader:
    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _View(spec.name, f"{spec.name} as Treadle has it.")

    def exec_module(self, module: ModuleType) -> None:
        """Names are found when they are asked for."""


def find_spec(name: str) -> ModuleSpec:
    """The view of that name. Raises NotInTreadleError for what is neither a module nor a name of Treadle."""
    if name in _modules() or is_inner(name):
        return ModuleSpec(name, _Loader(), is_package=True)  # type: ignore[arg-type]
    if name.startswith("dagster.") and absent.is_for_installed_package():
        return ModuleSpec(name, _Loader(), is_package=True)  # type: ignore[arg-type]
    module, _, last = name.rpartition(".")
    raise NotInTreadleError(_sentence(module, last), name=name)


class _Finder:
    """First of all finders: `dagster` and `dagster_wandb`, even where they are installed."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        root = name.partition(".")[0]
        if root in ("dagster", "dagster_shared", "dagster_wandb"):
            return find_spec(name)
        if root == "wandb" and (
            isinstance(sys.modules.get("wandb"), _View) or (name == "wandb" and not _has_sdk())
        ):
            return find_spec(name)
        return None


def _has_sdk() -> bool:
    """Whether the `wandb` package is installed; the folder `wandb` that it leaves behind is none."""
    spec = PathFinder.find_spec("wandb")
    return spec is not None and spec.origin is not None


def install() -> None:
    """From here on the names mean Treadle. Refused once the real Dagster is loaded."""
    if any(isinstance(finder, _Finder) for finder in sys.meta_path):
        return
    for name in ("dagster", "dagster_shared", "dagster_wandb"):
        loaded = sys.modules.get(name)
        if loaded is not None and not isinstance(loaded, _View):
            where = getattr(loaded, "__file__", None) or "memory"
            raise ImportError(
                f"{name} is already imported, from {where}. Import treadle.as_dagster before it, or start the"
                " program with `python -m treadle.as_dagster`."
            )
    sys.meta_path.insert(0, _Finder())
