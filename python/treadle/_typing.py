"""What the package needs of `typing` without importing it: the import costs more than the rest of the package
together.
"""

from __future__ import annotations

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any, TypeAlias, cast, overload

    from treadle._assets.definition import AssetsDefinition
    from treadle._assets.keys import AssetKey
    from treadle._assets.selection import AssetSelection
    from treadle._assets.specs import AssetDep, AssetSpec, SourceAsset
    from treadle._events.metadata import MetadataValue, RawMetadataValue

    CoercibleToAssetKey: TypeAlias = AssetKey | str | Sequence[str]
    CoercibleToAssetKeyPrefix: TypeAlias = str | Sequence[str]
    CoercibleToAssetDep: TypeAlias = (
        CoercibleToAssetKey | AssetSpec | AssetsDefinition | SourceAsset | AssetDep
    )
    CoercibleToAssetSelection: TypeAlias = (
        str | Sequence[str] | Sequence[AssetKey] | Sequence[AssetsDefinition | SourceAsset] | AssetSelection
    )
    RawMetadataMapping: TypeAlias = Mapping[str, RawMetadataValue]
    MetadataMapping: TypeAlias = Mapping[str, MetadataValue]
    UserFn: TypeAlias = Callable[..., Any]

    __all__ = [
        "Any",
        "Callable",
        "CoercibleToAssetDep",
        "CoercibleToAssetKey",
        "CoercibleToAssetKeyPrefix",
        "CoercibleToAssetSelection",
        "Iterable",
        "Mapping",
        "MetadataMapping",
        "RawMetadataMapping",
        "Sequence",
        "UserFn",
        "cast",
        "overload",
    ]
else:

    def overload(fn):
        return fn
