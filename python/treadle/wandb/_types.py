"""Types of the configuration dictionaries, for type checkers."""

from __future__ import annotations

from typing import Any, TypedDict


class SerializationModule(TypedDict, total=False):
    """Which module pickles, and the arguments of its `dump`."""

    name: str
    parameters: dict[str, Any]


class WandbArtifactConfiguration(TypedDict, total=False):
    """What stands under "wandb_artifact_configuration" in the metadata of an output or input."""

    name: str
    type: str
    description: str
    aliases: list[str]
    add_dirs: list[dict[str, Any]]
    add_files: list[dict[str, Any]]
    add_references: list[dict[str, Any]]
    serialization_module: SerializationModule
    partitions: dict[str, dict[str, Any]]
