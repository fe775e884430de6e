"""What can be wrong with a configuration of the IO manager; the sentences are the peer's."""

from __future__ import annotations

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any


class WandbArtifactsIOManagerError(Exception):
    """The W&B artifacts IO manager could not store or load something."""

    def __init__(self, message: str = "A W&B Artifacts IO Manager error occurred.") -> None:
        self.message = message
        super().__init__(message)


class ArtifactNotLoggedError(Exception):
    """What only a logged artifact has was asked of one that is not."""


SUPPORTED_READ_CONFIG_KEYS = ["alias", "get_path", "get", "name", "partitions", "version"]
SUPPORTED_WRITE_CONFIG_KEYS = [
    "add_dirs",
    "add_files",
    "add_references",
    "aliases",
    "description",
    "name",
    "partitions",
    "serialization_module",
    "type",
]
SUPPORTED_PARTITION_CONFIG_KEYS = ["get", "get_path", "version", "alias"]


def raise_on_empty_configuration(partition_key: object, dictionary: Mapping[str, Any] | None) -> None:
    """That of a partition which says nothing."""
    if dictionary is not None and len(dictionary) == 0:
        raise WandbArtifactsIOManagerError(
            f"The configuration is empty for the partition identified by the key '{partition_key}'."
            " This happened within the 'wandb_artifact_configuration' metadata dictionary."
        )


def raise_on_unknown_keys(
    supported_config_keys: Iterable[str], dictionary: Mapping[str, Any] | None, is_read_config: bool
) -> None:
    unknown = [key for key in dictionary or () if key not in supported_config_keys]
    if unknown:
        raise WandbArtifactsIOManagerError(
            f"The configuration keys '{unknown}' you are trying to use are not supported within the"
            f" 'wandb_artifact_configuration' metadata dictionary when"
            f" {'reading' if is_read_config else 'writing'} an Artifact."
        )


def raise_on_unknown_write_configuration_keys(dictionary: Mapping[str, Any] | None) -> None:
    raise_on_unknown_keys(SUPPORTED_WRITE_CONFIG_KEYS, dictionary, False)


def raise_on_unknown_read_configuration_keys(dictionary: Mapping[str, Any] | None) -> None:
    raise_on_unknown_keys(SUPPORTED_READ_CONFIG_KEYS, dictionary, True)


def raise_on_unknown_partition_keys(partition_key: object, dictionary: Mapping[str, Any] | None) -> None:
    unknown = [key for key in dictionary or () if key not in SUPPORTED_PARTITION_CONFIG_KEYS]
    if unknown:
        raise WandbArtifactsIOManagerError(
            f"The configuration keys '{unknown}' you are trying to use are not supported for the partition"
            f" identified by the key '{partition_key}'. This happened within the"
            " 'wandb_artifact_configuration' metadata dictionary."
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
    if reading:
        raise_on_unknown_read_configuration_keys(given)
    else:
        raise_on_unknown_write_configuration_keys(given)
    return dict(given)


def partition_configuration(key: str, given: Any) -> dict[str, Any]:
    """That of one partition, from `partitions` by its key or by "*", checked."""
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise WandbArtifactsIOManagerError(
            f"The configuration of the partition identified by the key '{key}' must be a dictionary, not"
            f" {given!r}."
        )
    raise_on_empty_configuration(key, given)
    raise_on_unknown_partition_keys(key, given)
    if given.get("version") is not None and given.get("alias") is not None:
        raise WandbArtifactsIOManagerError(
            f"You've provided both 'version' and 'alias' for the partition with key '{key}'. You should only"
            " use one of these properties at a time. If you choose not to use any, the latest version will be"
            " used by default. If this partition is configured with the '*' key, please correct the wildcard"
            " configuration."
        )
    if given.get("get") is not None and given.get("get_path") is not None:
        raise WandbArtifactsIOManagerError(
            "You've provided both 'get' and 'get_path' in the 'wandb_artifact_configuration' settings for the"
            f" partition with key '{key}'. Only one of these properties should be used. If you choose not to"
            " use any, the whole Artifact will be returned. If this partition is configured with the '*' key,"
            " please correct the wildcard configuration."
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
