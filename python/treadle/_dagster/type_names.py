"""Names of types that libraries for Dagster annotate with."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from treadle._assets.keys import AssetKey
from treadle._events.metadata import MetadataValue

RawMetadataValue = Any
RawMetadataMapping = Mapping[str, Any]
ArbitraryMetadataMapping = Mapping[str, Any]
MetadataMapping = Mapping[str, MetadataValue]
PackableValue = Any
CoercibleToAssetKey = AssetKey | str | Sequence[str]
CoercibleToAssetKeyPrefix = str | Sequence[str]
CoercibleToAssetDep = Any
UserConfigSchema = Any
PipesParams = Mapping[str, Any]
PipesMessage = Mapping[str, Any]
TypeCheckFn = Callable[[Any, Any], Any]
OpComputeFunction = Callable[..., Iterable[Any]]
