"""Python objects as bytes and back: pickle, dill, cloudpickle and joblib, under the peer's file names."""

from __future__ import annotations

from treadle._typing import TYPE_CHECKING
from treadle.wandb._errors import WandbArtifactsIOManagerError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

PICKLE_FILENAME = "output.pickle"
DILL_FILENAME = "output.dill"
CLOUDPICKLE_FILENAME = "output.cloudpickle"
JOBLIB_FILENAME = "output.joblib"
ACCEPTED_SERIALIZATION_MODULES = ["dill", "cloudpickle", "joblib", "pickle"]
# In the order in which they are looked for.
FILE_NAMES = {
    "dill": DILL_FILENAME,
    "cloudpickle": CLOUDPICKLE_FILENAME,
    "joblib": JOBLIB_FILENAME,
    "pickle": PICKLE_FILENAME,
}


def dump(
    value: Any, name: str, parameters: Mapping[str, Any]
) -> tuple[bytes, dict[str, Any], dict[str, Any]]:
    """(content, metadata of the artifact, all arguments of the module's `dump`)."""
    import io
    import pickle

    if name not in FILE_NAMES:
        raise WandbArtifactsIOManagerError(
            f"Oops! It looks like the value you provided, '{name}', isn't recognized as a valid serialization"
            f" module. Here are the ones we do support: {ACCEPTED_SERIALIZATION_MODULES}."
        )
    arguments = {"protocol": pickle.HIGHEST_PROTOCOL, **parameters}
    metadata: dict[str, Any] = {"source_serialization_module": name}
    module = _module(name, reading=False)
    if name != "pickle":
        metadata[f"source_{name}_version_used"] = module.__version__
    metadata["source_pickle_protocol_used"] = arguments["protocol"]
    file = io.BytesIO()
    try:
        try:
            module.dump(value, file, **arguments)
        except pickle.PicklingError:
            if name != "joblib":
                raise
            # joblib refuses what has no importable name (a lambda), though it carries what can write it.
            file = io.BytesIO()
            wrap = getattr(module, "wrap_non_picklable_objects")  # noqa: B009
            module.dump(wrap(value, keep_wrapper=False), file, **arguments)
    except Exception as error:
        advice = (
            " Otherwise consider using another module. Supported serialization:"
            f" {ACCEPTED_SERIALIZATION_MODULES}."
            if name == "pickle"
            else ""
        )
        raise WandbArtifactsIOManagerError(
            f"An error occurred in the {name} serialization process. Please, verify that the passed"
            " arguments are"
            " correct and your data is compatible with"
            f" {'pickle' if name == 'pickle' else 'the module'}.{advice}"
            f" ({type(error).__name__}: {error})"
        ) from error
    return file.getvalue(), metadata, arguments


def find(paths: Iterable[str]) -> tuple[str, str] | None:
    """(module, file) of the pickle among the files of an artifact."""
    names = set(paths)
    for module, file in FILE_NAMES.items():
        if file in names:
            return module, file
    return None


def load(content: bytes, name: str) -> Any:
    """The value again. The caller has checked the signature: this runs the code in it."""
    import io

    return _module(name, reading=True).load(io.BytesIO(content))


def _module(name: str, *, reading: bool) -> Any:
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError as error:
        raise WandbArtifactsIOManagerError(
            f"An object pickled with '{name}' was found in the Artifact. But the module was not found."
            " Please, make"
            " sure it's installed."
            if reading
            else f"No module named '{name}' found. Please, make sure that the module is installed."
        ) from error
