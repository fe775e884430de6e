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


def check_module(name: object) -> None:
    if name not in FILE_NAMES:
        raise WandbArtifactsIOManagerError(
            f"Oops! It looks like the value you provided, '{name}', isn't recognized as a valid serialization"
            f" module. Here are the ones we do support: {ACCEPTED_SERIALIZATION_MODULES}."
        )


def pickle_artifact_content(
    context: Any,
    serialization_module_name: str,
    serialization_module_parameters_with_protocol: Mapping[str, Any],
    artifact: Any,
    obj: object,
) -> None:
    """Adds the pickled object to a draft, and to its metadata what pickled it. In an Artifact of ours the
    pickle is signed when it is logged.
    """
    import pickle

    name, arguments = serialization_module_name, serialization_module_parameters_with_protocol
    check_module(name)
    module = _module(name, reading=False)
    said: dict[str, Any] = {"source_serialization_module": name}
    if name != "pickle":
        said[f"source_{name}_version_used"] = module.__version__
    said["source_pickle_protocol_used"] = arguments["protocol"]
    artifact.metadata = {**artifact.metadata, **said}
    with artifact.new_file(FILE_NAMES[name], "wb") as file:
        try:
            try:
                module.dump(obj, file, **arguments)
            except pickle.PicklingError:
                if name != "joblib":
                    raise
                # joblib refuses what has no importable name (a lambda), though it carries what can write it.
                file.seek(0)
                file.truncate()
                wrap = getattr(module, "wrap_non_picklable_objects")  # noqa: B009
                module.dump(wrap(obj, keep_wrapper=False), file, **arguments)
        except Exception as error:
            raise WandbArtifactsIOManagerError(
                f"An error occurred in the {name} serialization process. Please, verify that the passed"
                " arguments are correct and your data is compatible with"
                + (
                    " pickle. Otherwise consider using another module. Supported serialization:"
                    f" {ACCEPTED_SERIALIZATION_MODULES}."
                    if name == "pickle"
                    else " the module."
                )
            ) from error
    context.log.info(f"Output serialized using {name} with parameters={arguments}")
    from treadle.wandb._artifact import Artifact

    if isinstance(artifact, Artifact):
        artifact._sign(FILE_NAMES[name])


def unpickle_artifact_content(artifact_dir: str) -> Any:
    """The object pickled in the folder that `Artifact.download` wrote; None when there is none. Opened is
    what the artifact's signature vouches for.
    """
    import io
    import os

    from treadle.wandb import _artifact

    found = find(os.listdir(artifact_dir)) if os.path.isdir(artifact_dir) else None
    if found is None:
        return None
    name, file = found
    module = _module(name, reading=True)
    return module.load(io.BytesIO(_artifact.trusted_bytes(artifact_dir, file)))


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
            " Please, make sure it's installed."
            if reading
            else f"No module named '{name}' found. Please, make sure that the module is installed."
        ) from error
