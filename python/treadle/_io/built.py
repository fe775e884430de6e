"""Contexts of IO managers for tests, made by hand: `build_output_context` and `build_input_context`."""

from __future__ import annotations

from treadle._assets.keys import AssetKey
from treadle._errors import DagsterInvariantViolationError
from treadle._io.managers import InputContext, OutputContext
from treadle._resources.building import ResourceScope
from treadle._resources.context import Resources
from treadle._resources.definition import definitions_of
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from typing_extensions import Self

    from treadle._assets.specs import AssetSpec
    from treadle._partitions.slices import Slice
    from treadle._typing import RawMetadataMapping


class _Built:
    """Its resources are set up with it. Those that are to be torn down ask for `with`."""

    _made_by = ""
    _scope: ResourceScope | None = None
    _entered = False
    _resources: Any

    def open(self, resources: Any) -> None:
        if resources is None or isinstance(resources, Resources):
            self._resources = resources
            return
        self._scope = ResourceScope(definitions_of(resources), {})
        self._resources = self._scope.open(list(resources))

    def __enter__(self) -> Self:
        self._entered = True
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def __del__(self) -> None:
        self._close()

    def _close(self) -> None:
        if self._scope is not None:
            self._scope.close()

    @property
    def resources(self) -> Any:
        if self._scope is not None and self._scope.cleans_up and not self._entered:
            raise DagsterInvariantViolationError(
                "At least one provided resource is a generator, but attempting to access resources outside of"
                " context manager scope. You can use the following syntax to open a context manager: `with"
                f" {self._made_by}(...) as context:`"
            )
        return super().resources  # type: ignore[misc]


class BuiltOutputContext(_Built, OutputContext):
    _made_by = "build_output_context"


class BuiltInputContext(_Built, InputContext):
    _made_by = "build_input_context"


def build_output_context(
    step_key: str | None = None,
    name: str | None = None,
    definition_metadata: Mapping[str, Any] | None = None,
    run_id: str | None = None,
    mapping_key: str | None = None,
    config: Any = None,
    dagster_type: Any = None,
    version: str | None = None,
    resource_config: Mapping[str, object] | None = None,
    resources: Mapping[str, object] | None = None,
    op_def: Any = None,
    asset_key: AssetKey | str | Sequence[str] | None = None,
    partition_key: str | None = None,
    metadata: Mapping[str, Any] | None = None,
    output_metadata: RawMetadataMapping | None = None,
    asset_partitions_def: Any = None,
    asset_partition_key_range: Any = None,
    instance: Any = None,
    asset_spec: AssetSpec | None = None,
) -> OutputContext:
    """A context for calling `handle_output` in tests."""
    context = BuiltOutputContext(
        step_key=step_key,
        name=name,
        run_id=run_id if run_id is not None else "__EPHEMERAL_RUN_ID",
        definition_metadata=definition_metadata if definition_metadata is not None else metadata,
        mapping_key=mapping_key,
        config=config,
        dagster_type=dagster_type,
        version=version,
        resource_config=resource_config,
        op_def=op_def,
        asset_key=AssetKey.from_coercible(asset_key) if asset_key is not None else None,
        output_metadata=output_metadata,
        asset_spec=asset_spec,
        instance=instance,
        partition_key=partition_key,
        partitions=_given_slice(asset_partitions_def, partition_key, asset_partition_key_range, asset_key),
    )
    context.open(resources)
    return context


def build_input_context(
    name: str | None = None,
    config: Any = None,
    definition_metadata: Mapping[str, Any] | None = None,
    upstream_output: OutputContext | None = None,
    dagster_type: Any = None,
    resource_config: Mapping[str, Any] | None = None,
    resources: Mapping[str, Any] | None = None,
    op_def: Any = None,
    asset_key: AssetKey | str | Sequence[str] | None = None,
    partition_key: str | None = None,
    instance: Any = None,
    metadata: Mapping[str, Any] | None = None,
    asset_partitions_def: Any = None,
    asset_partition_key_range: Any = None,
) -> InputContext:
    """A context for calling `load_input` in tests."""
    context = BuiltInputContext(
        name=name,
        config=config,
        definition_metadata=definition_metadata if definition_metadata is not None else metadata,
        upstream_output=upstream_output,
        dagster_type=dagster_type,
        resource_config=resource_config,
        op_def=op_def,
        asset_key=AssetKey.from_coercible(asset_key) if asset_key is not None else None,
        instance=instance,
        partition_key=partition_key,
        partitions=_given_slice(asset_partitions_def, partition_key, asset_partition_key_range, asset_key),
    )
    context.open(resources)
    return context


def _given_slice(definition: Any, key: str | None, key_range: Any, asset_key: Any) -> Slice | None:
    """The partitions that a context built by hand is told of."""
    if asset_key is None or (key is None and key_range is None):
        return None
    from treadle._partitions.definitions import StaticPartitionsDefinition
    from treadle._partitions.slices import Slice

    if definition is None:
        definition = StaticPartitionsDefinition([key] if key is not None else sorted(set(key_range)))
    of = definition._set()
    subset = of.subset([key]) if key_range is None else of.range(key_range.start, key_range.end)
    return Slice((of, subset), definition)
