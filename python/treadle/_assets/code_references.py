"""Where the code of assets is: as metadata `dagster/code_references`, on disk or in a hosted repository."""

from __future__ import annotations

import os

from treadle._assets.definition import AssetsDefinition
from treadle._events.code_reference import (
    CodeReferencesMetadataValue,
    LocalFileCodeReference,
    UrlCodeReference,
)
from treadle._events.record import Record
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import Any

KEY = "dagster/code_references"


class FilePathMapping:
    """From a path on disk to one in the repository."""

    def convert_to_source_control_path(self, local_path: Path) -> str:
        raise NotImplementedError


class AnchorBasedFilePathMapping(Record, FilePathMapping):
    """By one file of which both paths are known."""

    __slots__ = _fields = ("local_file_anchor", "file_anchor_path_in_repository")

    def __init__(self, local_file_anchor: Path, file_anchor_path_in_repository: str) -> None:
        self.local_file_anchor = local_file_anchor
        self.file_anchor_path_in_repository = file_anchor_path_in_repository

    def convert_to_source_control_path(self, local_path: Path) -> str:
        way = os.path.relpath(local_path, self.local_file_anchor)
        return os.path.normpath(os.path.join(self.file_anchor_path_in_repository, way))


def with_source_code_references(assets_defs: Sequence[Any]) -> Sequence[Any]:
    """The same definitions with the file and line of their functions as metadata."""

    def placed(definition: Any) -> Any:
        return _mapped(definition, lambda known: [*known, *_place_of(definition)])

    return [placed(a) for a in assets_defs]


def _place_of(definition: AssetsDefinition) -> list[LocalFileCodeReference]:
    file, line = definition._place
    return [LocalFileCodeReference(os.path.abspath(file), line)] if file else []


def link_code_references_to_git(
    assets_defs: Sequence[Any],
    git_url: str,
    git_branch: str,
    file_path_mapping: FilePathMapping,
    platform: str | None = None,
) -> Sequence[Any]:
    """The same definitions with their references on disk replaced by links into a hosted repository."""
    from pathlib import Path

    base = _base_url(git_url, git_branch, platform)

    def linked(known: list[Any]) -> list[Any]:
        links = []
        for one in known:
            if not isinstance(one, LocalFileCodeReference):
                links.append(one)
                continue
            path = file_path_mapping.convert_to_source_control_path(Path(one.file_path))
            line = f"#L{one.line_number}" if one.line_number else ""
            links.append(UrlCodeReference(f"{base}/{path}{line}", one.label))
        return links

    return [_mapped(a, linked, only_known=True) for a in assets_defs]


def _mapped(definition: Any, change: Callable[[list[Any]], list[Any]], only_known: bool = False) -> Any:
    if not isinstance(definition, AssetsDefinition):
        return definition

    def changed(spec: Any) -> Any:
        known = spec.metadata.get(KEY)
        references = list(known.code_references) if known is not None else []
        if only_known and not references:
            return spec
        value = CodeReferencesMetadataValue(change(references))
        return spec.replace_attributes(metadata={**spec.metadata, KEY: value})

    return definition.map_asset_specs(changed)


def _base_url(url: str, branch: str, platform: str | None) -> str:
    if platform is None:
        platform = next((p for p in ("gitlab", "github") if p in url), None)
        if platform is None:
            raise ValueError(
                "Invalid `git_url`. Unable to infer the source control platform from the `git_url`. Please"
                " supply a `platform`."
            )
    if platform == "gitlab":
        return f"{url}/-/tree/{branch}"
    if platform == "github":
        return f"{url}/tree/{branch}"
    raise ValueError(
        "Invalid `platform`. Only gitlab and github are supported for linking to source control at this time."
    )
