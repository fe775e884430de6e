"""What user code hands back or reports: outputs, materializations, observations, check results."""

from __future__ import annotations

from treadle._assets.keys import AssetCheckKey, AssetKey
from treadle._assets.specs import AssetCheckSeverity, NoValue
from treadle._errors import CheckError, DagsterInvalidMetadata, ParameterCheckError, wrong_type
from treadle._events.metadata import normalize_metadata
from treadle._events.record import Record
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Generic, TypeVar

    from typing_extensions import Self

    from treadle._events.metadata import MetadataValue
    from treadle._typing import CoercibleToAssetKey, RawMetadataMapping

    T = TypeVar("T")

    class _Generic(Record, Generic[T]):
        __slots__ = ()

else:

    class _Generic(Record):
        __slots__ = ()

        def __class_getitem__(cls, item):
            from types import GenericAlias

            return GenericAlias(cls, item)

    T = "T"


class DataVersion(Record):
    """What identifies the content of an asset."""

    __slots__ = _fields = ("value",)
    value: str

    def __init__(self, value: str) -> None:
        if not isinstance(value, str):
            raise ParameterCheckError(f"Param 'value' of DataVersion is not a str: {value!r}")
        self.value = value


class DataVersionsByPartition(Record):
    """What identifies the content of each partition of an asset."""

    __slots__ = _fields = ("data_versions_by_partition",)
    data_versions_by_partition: Mapping[str, DataVersion]

    def __init__(self, data_versions_by_partition: Mapping[str, str | DataVersion]) -> None:
        given = data_versions_by_partition.items()
        self.data_versions_by_partition = {
            k: v if isinstance(v, DataVersion) else DataVersion(v) for k, v in given
        }


class Output(_Generic[T]):
    """One output of a function, with metadata."""

    __slots__ = _fields = ("value", "output_name", "metadata", "data_version", "tags")
    value: T
    output_name: str
    metadata: Mapping[str, MetadataValue]
    data_version: DataVersion | None
    tags: Mapping[str, str]

    def __init__(
        self,
        value: T,
        output_name: str | None = "result",
        metadata: RawMetadataMapping | None = None,
        data_version: DataVersion | None = None,
        *,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        self.value = value
        self.output_name = output_name or "result"
        self.metadata = normalize_metadata(metadata)
        self.data_version = _version(data_version)
        self.tags = dict(tags or {})

    def with_metadata(self, metadata: RawMetadataMapping | None) -> Self:
        """The same with this metadata instead of its own."""
        return self._replace(metadata=normalize_metadata(metadata))


class _AssetFact(Record):
    __slots__ = _fields = ("asset_key", "description", "metadata", "partition", "tags")
    asset_key: AssetKey
    description: str | None
    metadata: Mapping[str, MetadataValue]
    partition: str | None
    tags: Mapping[str, str]

    def __init__(
        self,
        asset_key: CoercibleToAssetKey,
        description: str | None = None,
        metadata: RawMetadataMapping | None = None,
        partition: str | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        self.asset_key = AssetKey.from_coercible(asset_key)
        self.description = description
        self.metadata = normalize_metadata(metadata)
        self.partition = partition
        self.tags = dict(tags or {})

    def with_metadata(self, metadata: RawMetadataMapping | None) -> Self:
        """The same with this metadata instead of its own."""
        return self._replace(metadata=normalize_metadata(metadata))

    @property
    def label(self) -> str:
        return " ".join(self.asset_key.parts)

    @property
    def data_version(self) -> str | None:
        return self.tags.get("dagster/data_version")


class AssetMaterialization(_AssetFact):
    """An asset was written."""

    __slots__ = ()


class AssetObservation(_AssetFact):
    """Something was seen of an asset."""

    __slots__ = ()


class _AssetResult(_Generic[T]):
    """Metadata and tags are kept as they were given."""

    __slots__ = ("asset_key", "check_results", "data_version", "metadata", "tags")
    asset_key: AssetKey | None
    metadata: RawMetadataMapping | None
    check_results: Sequence[AssetCheckResult]
    data_version: DataVersion | None
    tags: Mapping[str, str] | None

    def _fill(
        self,
        asset_key: CoercibleToAssetKey | None,
        metadata: RawMetadataMapping | None,
        check_results: Sequence[AssetCheckResult] | None,
        data_version: DataVersion | None,
        tags: Mapping[str, str] | None,
    ) -> None:
        self.asset_key = AssetKey.from_coercible(asset_key) if asset_key is not None else None
        try:
            normalize_metadata(metadata)
        except DagsterInvalidMetadata as e:
            raise CheckError(str(e)) from None
        self.metadata = metadata
        for result in check_results or ():
            if not isinstance(result, AssetCheckResult):
                raise CheckError(f"check_results must hold AssetCheckResult objects, not {type(result)}")
        self.check_results = list(check_results or ())
        self.data_version = _version(data_version)
        self.tags = tags

    def check_result_named(self, check_name: str) -> AssetCheckResult:
        for result in self.check_results:
            if result.check_name == check_name:
                return result
        raise CheckError(f"Could not find check result named {check_name}")


class MaterializeResult(_AssetResult[T]):
    """An asset was materialized by the function itself (or with `value`: is to be kept)."""

    __slots__ = ("value",)
    _fields = ("asset_key", "metadata", "check_results", "data_version", "tags", "value")
    value: T | type[NoValue]

    def __init__(
        self,
        asset_key: CoercibleToAssetKey | None = None,
        metadata: RawMetadataMapping | None = None,
        check_results: Sequence[AssetCheckResult] | None = None,
        data_version: DataVersion | None = None,
        tags: Mapping[str, str] | None = None,
        value: T | type[NoValue] = NoValue,
    ) -> None:
        self._fill(asset_key, metadata, check_results, data_version, tags)
        self.value = value


class ObserveResult(_AssetResult[None]):
    """Something was seen of an asset that is made elsewhere."""

    __slots__ = ()
    _fields = ("asset_key", "metadata", "check_results", "data_version", "tags")

    def __init__(
        self,
        asset_key: CoercibleToAssetKey | None = None,
        metadata: RawMetadataMapping | None = None,
        check_results: Sequence[AssetCheckResult] | None = None,
        data_version: DataVersion | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        self._fill(asset_key, metadata, check_results, data_version, tags)


class AssetCheckResult(Record):
    """How a check went. The asset and the check may be left out where only one can be meant."""

    __slots__ = _fields = ("passed", "asset_key", "check_name", "metadata", "severity", "description")
    passed: bool
    asset_key: AssetKey | None
    check_name: str | None
    metadata: Mapping[str, MetadataValue]
    severity: AssetCheckSeverity
    description: str | None

    def __init__(
        self,
        *,
        passed: bool,
        asset_key: CoercibleToAssetKey | None = None,
        check_name: str | None = None,
        metadata: RawMetadataMapping | None = None,
        severity: AssetCheckSeverity = AssetCheckSeverity.ERROR,
        description: str | None = None,
    ) -> None:
        # numpy's booleans are welcome, other truthy things are a mistake
        if not isinstance(passed, bool) and type(passed).__name__ not in ("bool", "bool_"):
            raise wrong_type("passed", "a bool", passed)
        self.passed = bool(passed)
        self.asset_key = AssetKey.from_coercible(asset_key) if asset_key is not None else None
        self.check_name = check_name
        self.metadata = normalize_metadata(metadata)
        self.severity = AssetCheckSeverity(severity)
        self.description = description

    def with_metadata(self, metadata: RawMetadataMapping) -> Self:
        """The same with this metadata instead of its own."""
        return self._replace(metadata=normalize_metadata(metadata))


class AssetCheckEvaluationTargetMaterializationData(Record):
    """The materialization that a check looked at."""

    __slots__ = _fields = ("storage_id", "run_id", "timestamp")
    storage_id: int
    run_id: str
    timestamp: float

    def __init__(self, storage_id: int, run_id: str, timestamp: float) -> None:
        self.storage_id = storage_id
        self.run_id = run_id
        self.timestamp = timestamp


class AssetCheckEvaluation(Record):
    """A check result in the record."""

    __slots__ = _fields = (
        "asset_key",
        "check_name",
        "passed",
        "metadata",
        "severity",
        "target_materialization_data",
        "description",
        "blocking",
        "partition",
    )
    partition: str | None
    target_materialization_data: AssetCheckEvaluationTargetMaterializationData | None
    asset_key: AssetKey
    check_name: str
    passed: bool
    metadata: Mapping[str, MetadataValue]
    severity: AssetCheckSeverity
    description: str | None
    blocking: bool

    def __init__(
        self,
        asset_key: AssetKey,
        check_name: str,
        passed: bool,
        metadata: RawMetadataMapping | None = None,
        target_materialization_data: AssetCheckEvaluationTargetMaterializationData | None = None,
        severity: AssetCheckSeverity = AssetCheckSeverity.ERROR,
        description: str | None = None,
        blocking: bool = False,
        partition: str | None = None,
    ) -> None:
        self.target_materialization_data = target_materialization_data
        self.partition = partition
        self.asset_key = asset_key
        self.check_name = check_name
        self.passed = passed
        self.metadata = normalize_metadata(metadata)
        self.severity = severity
        self.description = description
        self.blocking = blocking

    @property
    def asset_check_key(self) -> AssetCheckKey:
        return AssetCheckKey(self.asset_key, self.check_name)

    def with_metadata(self, metadata: RawMetadataMapping) -> Self:
        """The same with this metadata instead of its own."""
        return self._replace(metadata=normalize_metadata(metadata))


def _version(version: DataVersion | None) -> DataVersion | None:
    if version is not None and not isinstance(version, DataVersion):
        raise CheckError(f"Param 'data_version' is not a DataVersion: {version!r}")
    return version
