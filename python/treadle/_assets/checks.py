"""The decorators `asset_check` and `multi_asset_check`."""

from __future__ import annotations

from treadle._assets.decorators import add_deps, value_inputs
from treadle._assets.definition import AssetChecksDefinition
from treadle._assets.inputs_outputs import Input
from treadle._assets.keys import AssetKey
from treadle._assets.rules import check_name, clean_doc
from treadle._assets.signature import Signature
from treadle._assets.specs import AssetCheckSpec, AssetIn
from treadle._errors import DagsterInvalidDefinitionError
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from treadle._assets.definition import AssetsDefinition
    from treadle._assets.specs import SourceAsset
    from treadle._automation.conditions import AutomationCondition
    from treadle._run.policies import RetryPolicy
    from treadle._typing import CoercibleToAssetDep, CoercibleToAssetKey, UserFn


def asset_check(
    *,
    asset: CoercibleToAssetKey | AssetsDefinition | SourceAsset,
    name: str | None = None,
    description: str | None = None,
    blocking: bool = False,
    additional_ins: Mapping[str, AssetIn] | None = None,
    additional_deps: Iterable[CoercibleToAssetDep] | None = None,
    required_resource_keys: set[str] | None = None,
    resource_defs: Mapping[str, object] | None = None,
    config_schema: Any = None,
    compute_kind: str | None = None,
    op_tags: Mapping[str, Any] | None = None,
    retry_policy: RetryPolicy | None = None,
    metadata: Mapping[str, Any] | None = None,
    automation_condition: AutomationCondition | None = None,
    pool: str | None = None,
    partitions_def: object | None = None,
) -> Callable[[UserFn], AssetChecksDefinition]:
    """Declares a check on an asset. A parameter (of any name) receives the asset's value; the function
    returns an AssetCheckResult.
    """

    def decorate(fn: UserFn) -> AssetChecksDefinition:
        check = name or fn.__name__
        check_name(check)
        key = AssetKey.from_coercible_or_definition(asset)
        spec = AssetCheckSpec(
            check,
            asset=key,
            description=description if description is not None else clean_doc(fn.__doc__),
            additional_deps=additional_deps,
            blocking=blocking,
            metadata=metadata,
            automation_condition=automation_condition,
            partitions_def=partitions_def,
        )
        step = spec.get_python_identifier()
        extra = dict(additional_ins or {})
        for given_name, given in extra.items():
            if AssetIn.from_coercible(given).resolve(given_name) == key:
                raise DagsterInvalidDefinitionError(
                    f"When defining check '{check}', asset '{key.to_user_string()}' was passed to `asset`"
                    " and `additional_ins`."
                    " It can only be passed to one of these parameters."
                )
        signature = Signature(fn, f"@asset_check '{step}'", frozenset(extra))
        own = [n for n in signature.values if n not in extra]
        if len(own) > 1:
            raise DagsterInvalidDefinitionError(
                f"When defining check '{check}', multiple target assets provided as parameters: {own}. Only"
                " one is allowed, as the"
                " value of the asset; further assets are given by additional_ins."
            )
        ins: dict[str, AssetIn] = {n: AssetIn(key=key) for n in own}
        ins.update(extra)
        inputs = value_inputs(signature, ins, step) if ins else []
        if not own:
            inputs.insert(0, Input("", key))
        add_deps(inputs, list(spec.additional_deps), f"@asset_check '{step}'", None)
        return _definition(
            step,
            fn,
            signature,
            inputs,
            [spec],
            required_resource_keys,
            resource_defs,
            retry_policy,
            op_tags,
            False,
            config_schema,
            pool,
        )

    return decorate


def multi_asset_check(
    *,
    name: str | None = None,
    specs: Sequence[AssetCheckSpec],
    description: str | None = None,
    can_subset: bool = False,
    compute_kind: str | None = None,
    op_tags: Mapping[str, Any] | None = None,
    resource_defs: Mapping[str, object] | None = None,
    required_resource_keys: set[str] | None = None,
    retry_policy: RetryPolicy | None = None,
    config_schema: Any = None,
    ins: Mapping[str, AssetIn | CoercibleToAssetKey] | None = None,
    pool: str | None = None,
) -> Callable[[UserFn], AssetChecksDefinition]:
    """Declares several checks that one function evaluates, yielding an AssetCheckResult for each."""

    def decorate(fn: UserFn) -> AssetChecksDefinition:
        step = check_name(name) if name is not None else fn.__name__
        given = {n: AssetIn.from_coercible(i) for n, i in (ins or {}).items()}
        signature = Signature(fn, f"@multi_asset_check '{step}'", frozenset(given))
        if len({s.key for s in specs}) != len(specs):
            raise DagsterInvalidDefinitionError(f"@multi_asset_check '{step}' has duplicate check specs.")
        inputs = value_inputs(signature, given, step)
        for spec in specs:
            add_deps(inputs, [spec.asset_key, *spec.additional_deps], f"@multi_asset_check '{step}'", None)
        return _definition(
            step,
            fn,
            signature,
            inputs,
            specs,
            required_resource_keys,
            resource_defs,
            retry_policy,
            op_tags,
            can_subset,
            config_schema,
            pool,
        )

    return decorate


def _definition(
    step: str,
    fn: UserFn,
    signature: Signature,
    inputs: list[Input],
    specs: Sequence[AssetCheckSpec],
    required_resource_keys: set[str] | None,
    resource_defs: Mapping[str, object] | None,
    retry_policy: RetryPolicy | None,
    op_tags: Mapping[str, Any] | None,
    can_subset: bool,
    config_schema: Any,
    pool: str | None,
) -> AssetChecksDefinition:
    return AssetChecksDefinition(
        name=step,
        fn=fn,
        inputs=inputs,
        outputs=[],
        check_specs=list(specs),
        takes_context=signature.takes_context,
        takes_config=signature.config,
        config_schema=config_schema,
        kwargs_param=signature.has_kwargs,
        resource_params=signature.resources,
        required_resource_keys=(*(required_resource_keys or ()), *(signature.resources or ())),
        resource_defs=resource_defs,
        retry_policy=retry_policy,
        op_tags=op_tags,
        can_subset=can_subset,
        is_multi=len(specs) > 1,
        pool=pool,
    )
