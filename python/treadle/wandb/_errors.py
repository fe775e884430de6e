"""What can be wrong with a configuration of the IO manager; the sentences are the peer's."""

from __future__ import annotations

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class WandbArtifactsIOManagerError(Exception):
    """The W&B artifacts IO manager could not store or load something."""

    def __init__(self, message: str = "A W&B Artifacts IO Manager error occurred.") -> None:
        self.message = message
        super().__init__(message)


class ArtifactNotLoggedError(Exception):
    """What only a logged artifact has was asked of one that is not."""


READ_KEYS = ("alias", "get_path", "get", "name", "partitions", "version")
WRITE_KEYS = (
    "add_dirs",
    "add_files",
    "add_references",
    "aliases",
    "description",
    "name",
    "partitions",
    "serialization_module",
    "type",
)


def configuration_of(metadata: Mapping[str, Any] | None, *, reading: bool) -> dict[str, Any]:
    """The configuration in the metadata of an output or input, under either of its names, checked."""
    found = dict(metadata or {})
    names = [n for n in ("wandb_artifact_configuration", "wandb_artifact_arguments") if n in found]
    if len(names) == 2:
        raise WandbArtifactsIOManagerError(
            "The metadata has both 'wandb_artifact_configuration' and its other spelling"
            " 'wandb_artifact_arguments'. Keep one of them."
        )
    if not names:
        return {}
    given = found[names[0]]
    given = getattr(given, "value", given)  # a JSON metadata value
    if not isinstance(given, dict):
        raise WandbArtifactsIOManagerError(f"'{names[0]}' must be a dictionary, not {given!r}.")
    known = READ_KEYS if reading else WRITE_KEYS
    unknown = [key for key in given if key not in known]
    if unknown:
        raise WandbArtifactsIOManagerError(
            f"The configuration keys '{unknown}' you are trying to use are not supported within the"
            f" 'wandb_artifact_configuration' metadata dictionary when {'reading' if reading else 'writing'}"
            " an"
            " Artifact."
        )
    return dict(given)


class Error(Exception):
    """Base of what tracking raises."""

    def __init__(self, message: str = "", context: dict[str, Any] | None = None) -> None:
        self.message = message
        super().__init__(message)


class CommError(Error):
    """A run or artifact could not be found or written."""


class UsageError(Error):
    """A call that cannot be right."""


class ConfigError(Error):
    """A key of the config would change its value."""


_PARTITION_KEYS = ("alias", "get", "get_path", "version")


def partition_configuration(key: str, given: Any) -> dict[str, Any]:
    """That of one partition, from `partitions` by its key or by "*", checked."""
    if given is None:
        return {}
    where = " This happened within the 'wandb_artifact_configuration' metadata dictionary."
    if not isinstance(given, dict) or not given:
        raise WandbArtifactsIOManagerError(
            f"The configuration is empty for the partition identified by the key '{key}'.{where}"
        )
    unknown = [k for k in given if k not in _PARTITION_KEYS]
    if unknown:
        raise WandbArtifactsIOManagerError(
            f"The configuration keys '{unknown}' you are trying to use are not supported for the partition"
            f" identified by the key '{key}'.{where}"
        )
    for first, second, otherwise in (
        ("version", "alias", "the latest version will be used by default"),
        ("get", "get_path", "the whole Artifact will be returned"),
    ):
        if given.get(first) is not None and given.get(second) is not None:
            raise WandbArtifactsIOManagerError(
                f"You've provided both '{first}' and '{second}' for the partition with key '{key}'. You"
                " should only use one of these properties at a time. If you choose not to use any,"
                f" {otherwise}. If this partition is configured with the '*' key, please correct the wildcard"
                " configuration."
            )
    return dict(given)
