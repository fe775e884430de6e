"""What is the same in every execution of a definition: the types, labels and context of its function."""

from __future__ import annotations

from treadle._assets.signature import context_annotation, resolve
from treadle._errors import DagsterInvalidDefinitionError
from treadle._events.events import MaterializeResult, Output
from treadle._run.context import AssetCheckExecutionContext, AssetExecutionContext, OpExecutionContext
from treadle._types.types import label_of, value_type
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from treadle._assets.definition import AssetsDefinition
    from treadle._types.types import ValueType


class StepPlan:
    """What is the same in every execution of a definition; made when it first runs."""

    __slots__ = ("config", "context_class", "input_types", "labels", "output_types", "resources", "values")

    def __init__(self, definition: AssetsDefinition) -> None:
        scope = getattr(definition._fn, "__globals__", {})
        self.values = [(i, d.name) for i, d in enumerate(definition._inputs) if d.name]
        self.input_types = [value_type(d.type, scope) if d.name else None for d in definition._inputs]
        self.resources = list((definition._resource_params or {}).items())
        self.context_class = _context_class(definition)
        self.output_types = [output_type(o.type, scope) for o in definition._outputs]
        self.labels = [
            label_of(t) if o.stores_value else "Nothing"
            for t, o in zip(self.output_types, definition._outputs)
        ]
        self.config = None
        if definition._takes_config is not None:
            found = resolve(definition._takes_config, scope)
            self.config = found if found is not None else dict


def _context_class(definition: AssetsDefinition) -> Any:
    """As the function's annotation asks for it."""
    check = definition._is_check
    asked = context_annotation(definition._fn) if definition._takes_context else None
    if asked is OpExecutionContext:
        return OpExecutionContext
    if asked is (AssetExecutionContext if check else AssetCheckExecutionContext):
        own = "AssetCheckExecutionContext" if check else "AssetExecutionContext"
        raise DagsterInvalidDefinitionError(
            f"Cannot annotate {'@asset_check' if check else '@asset'} `context` parameter with type"
            f" {asked.__name__}. `context` must be annotated with {own}, OpExecutionContext, or left blank."
        )
    return AssetCheckExecutionContext if check else AssetExecutionContext


def output_type(annotation: Any, scope: Mapping[str, Any]) -> ValueType | None:
    """`-> Output[int]` promises an int."""
    resolved = resolve(annotation, scope)
    if getattr(resolved, "__origin__", None) in (Output, MaterializeResult):
        return value_type(resolved.__args__[0], scope)
    return value_type(resolved, scope)


def plan_of(definition: AssetsDefinition) -> StepPlan:
    """What is known of its parameters and results; found out once."""
    plan = definition._plan_cache
    if plan is None:
        plan = definition._plan_cache = StepPlan(definition)
    return plan  # type: ignore[no-any-return]
