"""What the step of an asset is known as: Dagster's `assets_def.op`."""

from __future__ import annotations

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet
    from typing import Any

    from treadle._assets.definition import AssetsDefinition
    from treadle._config.definition import IDefinitionConfigSchema
    from treadle._ops.ops import In, OpInput, OpOutput, Out
    from treadle._run.policies import RetryPolicy


class OpRef:
    """The op that a decorated function would be, if it made no assets: its inputs are what the assets are
    made from, with and without a value.
    """

    __slots__ = ("_owner", "description", "name", "tags")

    def __init__(self, owner: AssetsDefinition) -> None:
        self._owner = owner
        self.name = owner._name
        self.tags = dict(owner._op_tags)
        self.description = owner._fn.__doc__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OpRef) and other._owner is self._owner

    def __hash__(self) -> int:
        return hash(id(self._owner))

    @property
    def retry_policy(self) -> RetryPolicy | None:
        return self._owner._retry_policy

    @property
    def required_resource_keys(self) -> AbstractSet[str]:
        return self._owner._required_resource_keys

    @property
    def config_schema(self) -> IDefinitionConfigSchema:
        from treadle._config.definition import schema_of

        return schema_of(self._owner._config_schema or self._owner._takes_config)

    @property
    def compute_fn(self) -> Any:
        from treadle._ops.compute import DecoratedFunction

        return DecoratedFunction(self._owner._fn)

    @property
    def ins(self) -> Mapping[str, In]:
        from treadle._assets.specs import Nothing, NoValue
        from treadle._ops.ops import In

        return {
            i.name or i.key.to_python_identifier(): In(
                Nothing if not i.name else NoValue if i.type is None else i.type,
                metadata=i.metadata,
                input_manager_key=i.manager_key or None,
            )
            for i in self._owner._inputs
        }

    @property
    def outs(self) -> Mapping[str, Out]:
        from treadle._assets.specs import Nothing, NoValue
        from treadle._ops.ops import Out

        made = {
            o.name: Out(
                Nothing if not o.stores_value else NoValue if o.type is None else o.type,
                o.description,
                o.required,
                o.io_manager_key,
                o.metadata,
                o.code_version,
            )
            for o in self._owner._outputs
        }
        checks = {c.get_python_identifier(): Out(Nothing) for c in self._owner._check_specs}
        return {**made, **checks}

    @property
    def input_defs(self) -> list[OpInput]:
        from treadle._ops.ops import OpInput

        return [OpInput(name, one, None, one.default_value) for name, one in self.ins.items()]

    @property
    def output_defs(self) -> list[OpOutput]:
        from treadle._ops.ops import OpOutput

        return [OpOutput(name, one, None) for name, one in self.outs.items()]

    def input_def_named(self, name: str) -> OpInput:
        return next(i for i in self.input_defs if i.name == name)

    def output_def_named(self, name: str) -> OpOutput:
        return next(o for o in self.output_defs if o.name == name)
