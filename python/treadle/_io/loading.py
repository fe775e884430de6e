"""The value of an asset outside of a run, through its own IO manager."""

from __future__ import annotations

from treadle._assets.definition import AssetsDefinition
from treadle._assets.keys import AssetKey
from treadle._errors import CheckError
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from typing_extensions import Self

    from treadle._run.instance import DagsterInstance
    from treadle._typing import CoercibleToAssetKey


class AssetValueLoader:
    """Loads values of assets one after the other; resources are set up once, and torn down at the end:

    with defs.get_asset_value_loader() as loader:
        loader.load_asset_value("iris")
    """

    def __init__(
        self,
        assets: Iterable[Any],
        resource_defs: Mapping[str, Any],
        instance: DagsterInstance | None = None,
    ) -> None:
        from treadle._resources.building import ResourceScope

        self._instance = instance
        self._made: dict[AssetKey, tuple[Any, Any]] = {}
        resources: dict[str, Any] = dict(resource_defs)
        for item in assets:
            if isinstance(item, AssetsDefinition):
                resources.update(item._resource_defs)
                self._made.update({o.key: (item, o) for o in item._outputs})
            else:
                manager = getattr(item, "io_manager_def", None)
                if manager is not None:
                    resources[item.get_io_manager_key()] = manager
                self._made[item.key] = (item, None)
        self._given = resources
        self._scopes: list[ResourceScope] = []

    def load_asset_value(
        self,
        asset_key: CoercibleToAssetKey,
        *,
        python_type: type | None = None,
        partition_key: str | None = None,
        partition_key_range: Any = None,
        input_definition_metadata: dict[str, Any] | None = None,
        resource_config: Mapping[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> Any:
        """The value of an asset, as its IO manager loads it."""
        if partition_key is not None and partition_key_range is not None:
            raise CheckError(
                "Invariant failed. Description: Cannot specify both partition_key and partition_key_range"
            )
        key = AssetKey.from_coercible(asset_key)
        found = self._made.get(key)
        if found is None:
            raise CheckError(f"Failure condition: Asset key {key} not found")
        item, output = found
        if output is not None:
            manager_key = output.io_manager_key
        else:
            manager_key = getattr(item, "get_io_manager_key", lambda: "io_manager")()
        if manager_key not in self._given:
            if partition_key is not None or partition_key_range is not None:
                return self._home().load_asset_value(key, partition_key=partition_key)
            return self._home().load_asset_value(key)
        manager = self._manager(manager_key, resource_config)
        return manager.load_input(
            self._context(
                key,
                item,
                output,
                python_type,
                partition_key,
                input_definition_metadata if input_definition_metadata is not None else metadata,
            )
        )

    def _home(self) -> DagsterInstance:
        if self._instance is None:
            from treadle._run.instance import DagsterInstance

            self._instance = DagsterInstance.get()
        return self._instance

    def _manager(self, key: str, config: Mapping[str, Any] | None) -> Any:
        from treadle._resources.building import ResourceScope, check_resource_config
        from treadle._resources.definition import definitions_of

        if config or not self._scopes:
            definitions = definitions_of(self._given)
            if config:
                check_resource_config(definitions, dict(config))
            self._scopes.append(ResourceScope(definitions, config or {}, self._instance))
        return getattr(self._scopes[-1].open([key]), key)

    def _context(
        self,
        key: AssetKey,
        item: Any,
        output: Any,
        python_type: type | None,
        partition_key: str | None,
        metadata: dict[str, Any] | None,
    ) -> Any:
        from treadle._io.built import build_input_context, build_output_context
        from treadle._io.type_ref import DagsterTypeRef

        upstream = build_output_context(
            name=output.name if output is not None else None,
            definition_metadata=output.metadata if output is not None else getattr(item, "metadata", None),
            asset_key=key,
            op_def=item.op if output is not None else None,
            partition_key=partition_key,
        )
        label = python_type.__name__ if python_type is not None else "Any"
        return build_input_context(
            asset_key=key,
            dagster_type=DagsterTypeRef(label, python_type),
            upstream_output=upstream,
            definition_metadata=metadata,
            partition_key=partition_key,
            instance=self._instance,
        )

    def close(self) -> None:
        while self._scopes:
            self._scopes.pop().close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
