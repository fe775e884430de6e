"""Assets made by graphs and by ops: `graph_asset`, `graph_multi_asset`, `AssetsDefinition.from_graph` and
`from_op`."""

from __future__ import annotations

from treadle._assets.decorators import own_checks
from treadle._assets.definition import AssetsDefinition
from treadle._assets.inputs_outputs import AssetOutput, Input
from treadle._assets.keys import AssetKey, prefix_parts
from treadle._assets.rules import check_group, check_owners, check_tags, clean_doc, unsupported
from treadle._assets.specs import AssetIn, check_condition, check_partitions_def, with_kinds
from treadle._errors import CheckError
from treadle._ops.composition import Invocation, Node
from treadle._ops.config_mapping import mapping_of
from treadle._ops.core import told_graph
from treadle._ops.graphs import GraphDefinition, GraphInput, GraphOut, GraphOutput, compose
from treadle._ops.hooks import HookDefinition, told_hooks
from treadle._ops.ops import OpDefinition
from treadle._typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from typing import Any

    from treadle._assets.specs import AssetCheckSpec, AssetOut, AssetSpec
    from treadle._typing import CoercibleToAssetKey, CoercibleToAssetKeyPrefix, UserFn

# The graphs that make assets in this process, by the name of their steps' prefix, the latest of each; and the
# ops that do so without a graph.
declared: dict[str, Node] = {}
# The same as the definitions that the core was told of last: what checks their ops report.
owners: dict[str, GraphAssetsDefinition] = {}


class GraphAssetsDefinition(AssetsDefinition):
    """Assets that are outputs of a graph, or of an op."""

    __slots__ = ("_check_outputs", "_checks_by_step", "_graph", "_node")
    _check_outputs: Sequence[str]  # the graph's output of each check, in the order of the checks

    def __init__(self, **_: Any) -> None:
        """Made by `from_node` alone; `AssetsDefinition(node_def=...)` finds it complete."""

    def _make(
        self,
        node: Node,
        inputs: list[Input],
        outputs: list[AssetOutput],
        resource_defs: Mapping[str, object] | None,
        can_subset: bool,
        hooks: AbstractSet[HookDefinition],
        checks: Sequence[AssetCheckSpec],
    ) -> None:
        self._node = node
        self._checks_by_step: dict[str, list[tuple[AssetCheckSpec, str]]] | None = None
        self._graph = node if isinstance(node, GraphDefinition) else _graph_of(node)
        ops = dict(self._graph._all_ops())
        required = {k for op in ops.values() for k in op._required_resource_keys}
        required.update(k for h in (*hooks, *self._graph._all_hooks()) for k in h.required_resource_keys)
        AssetsDefinition.__init__(
            self,
            name=node._name,
            fn=node,
            inputs=inputs,
            outputs=outputs,
            check_specs=checks,
            required_resource_keys=required,
            resource_defs=resource_defs,
            can_subset=can_subset,
            is_multi=len(outputs) > 1,
            hooks=hooks,
        )
        self._place = node._place
        declared[node._name] = node

    def _copy(self) -> AssetsDefinition:
        other: Any = super()._copy()
        other._graph, other._node = self._graph, self._node
        other._check_outputs, other._checks_by_step = self._check_outputs, None
        return other  # type: ignore[no-any-return]

    @property
    def _prefix(self) -> str:
        return "" if isinstance(self._node, OpDefinition) else self._name + "."

    @property
    def node_def(self) -> Any:
        return self._node

    @property
    def op(self) -> Any:
        return self._node

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._node(*args, **kwargs)

    def _config_entry(self, resources: Mapping[str, Any]) -> Any:
        from treadle._ops.config_schema import node_entry

        return node_entry(self._node, resources)

    def _ops_by_step(self) -> dict[str, Any]:
        return {self._prefix + key: op for key, op in self._graph._all_ops()}

    def _io_manager_keys(self) -> Iterable[str]:
        for op in self._ops_by_step().values():
            yield from (o.io_manager_key for o in op._outputs)
            yield from (i.manager_key for i in op._inputs if i.manager_key)

    def _step_of(self, output: str) -> tuple[str, str]:
        """The step that makes an output, and what the output is called there."""
        graph: Any = self._graph
        path = self._prefix
        while True:
            found = next(o for o in graph._outputs if o.name == output)
            inner = graph._nodes[found.node].definition
            output = found.output
            if not isinstance(inner, GraphDefinition):
                return path + found.node, output
            path += found.node + "."
            graph = inner

    def checks_of_step(self, step: str) -> Sequence[tuple[AssetCheckSpec, str]]:
        """The checks that a step reports, in the core's order, and the output that stands for each."""
        if self._checks_by_step is None:
            self._checks_by_step = {}
            spec_of = dict(zip(self._check_outputs, self._check_specs))
            for output in self._graph._outputs:
                if output.name in spec_of:
                    by, name = self._step_of(output.name)
                    self._checks_by_step.setdefault(by, []).append((spec_of[output.name], name))
        return self._checks_by_step.get(step, ())

    def _to_core(self, resolve: Callable[[Input], AssetKey], output: Callable[[Any], Any]) -> tuple[Any, ...]:
        from treadle._definitions.to_core import check_to_core, metadata_to_core_lenient

        owners[self._name] = self
        return (
            self._prefix[:-1],
            told_graph(self._graph),
            [
                (i.name, resolve(i).parts, i.manager_key, metadata_to_core_lenient(i.metadata))
                for i in self._inputs
            ],
            [output(o) for o in self._outputs],
            told_hooks(self._hooks),
            self._can_subset,
            *self._place,
            [(o, check_to_core(c)) for o, c in zip(self._check_outputs, self._check_specs)],
        )


def _graph_of(op: Node) -> GraphDefinition:
    """A graph of one op alone, its inputs and outputs those of the op."""
    from treadle._ops.composition import InvokedNodeOutputHandle

    bindings = {i.name: InvokedNodeOutputHandle("", i.name, "graph input") for i in op._inputs}
    node = Invocation(op._name, op, bindings, {}, frozenset(), None)
    graph = object.__new__(GraphDefinition)
    graph._set(
        op._name,
        {op._name: node},
        [GraphInput(i.name, i.description, i.default, i.nothing) for i in op._inputs],
        [GraphOutput(o.name, op._name, o.name, o.is_dynamic, o.description) for o in op._outputs],
        None,
        None,
        None,
        op._place,
    )
    return graph


def from_node(
    node: Node,
    *,
    keys_by_input_name: Mapping[str, AssetKey] | None = None,
    keys_by_output_name: Mapping[str, AssetKey] | None = None,
    key_prefix: CoercibleToAssetKeyPrefix | None = None,
    internal_asset_deps: Mapping[str, set[AssetKey]] | None = None,
    resource_defs: Mapping[str, object] | None = None,
    group_name: str | None = None,
    group_names_by_output_name: Mapping[str, str | None] | None = None,
    descriptions_by_output_name: Mapping[str, str] | None = None,
    metadata_by_output_name: Mapping[str, Mapping[str, Any] | None] | None = None,
    tags_by_output_name: Mapping[str, Mapping[str, str] | None] | None = None,
    owners_by_output_name: Mapping[str, Sequence[str]] | None = None,
    code_versions_by_output_name: Mapping[str, str | None] | None = None,
    io_managers_by_output_name: Mapping[str, str] | None = None,
    can_subset: bool = False,
    hook_defs: AbstractSet[HookDefinition] | None = None,
    inputs: Mapping[str, AssetIn] | None = None,
    partitions_def: object | None = None,
    partition_mappings: Mapping[str, Any] | None = None,
    automation_condition: Any = None,
    automation_conditions_by_output_name: Mapping[str, Any] | None = None,
    auto_materialize_policies_by_output_name: Mapping[str, Any] | None = None,
    backfill_policy: object | None = None,
    check_specs: Sequence[AssetCheckSpec] | None = None,
    **given: Any,
) -> GraphAssetsDefinition:
    """The assets that a graph or an op makes: one of each output, read from one of each input. An output
    called `<asset>_<check>` stands for a check among `check_specs`.
    """
    unsupported("AssetsDefinition.from_graph", **{k: v or None for k, v in given.items()})
    prefix = prefix_parts(key_prefix)
    names = [i.name for i in node._inputs]
    if keys_by_input_name is not None and set(keys_by_input_name) != set(names):
        raise CheckError(
            "Invariant failed. Description: The set of input names keys specified in the keys_by_input_name"
            f" argument must equal the set of asset keys inputted by '{node._name}'. \nkeys_by_input_name"
            f" keys: {set(keys_by_input_name)} \nexpected keys: {names}"
        )
    check_outputs = [c.get_python_identifier() for c in check_specs or ()]
    outputs = [o.name for o in node._outputs]
    if keys_by_output_name is not None and {*keys_by_output_name, *check_outputs} != set(outputs):
        raise CheckError(
            "Invariant failed. Description: The union of the set of output names keys specified in the"
            " keys_by_output_name and check_specs_by_output_name arguments must equal the set of asset keys"
            f" outputted by {node._name}. union keys: { ({*keys_by_output_name, *check_outputs}) } \nexpected"
            f" keys: {set(outputs)}"
        )
    for name in internal_asset_deps or ():
        if name not in outputs:
            raise CheckError(
                f"Invariant failed. Description: output_name {name} specified in internal_asset_deps does not"
                f" exist in the decorated function. Available output names: {outputs}."
            )

    def key_of(name: str) -> AssetKey:
        if keys_by_output_name is not None:
            key = AssetKey.from_coercible(keys_by_output_name[name])
        else:
            key = AssetKey(node._name if name == "result" and len(outputs) == 1 else name)
        return key.with_prefix(prefix) if prefix else key

    def of(mapping: Mapping[str, Any] | None, name: str) -> Any:
        return (mapping or {}).get(name)

    told_inputs = []
    for name in names:
        one = (inputs or {}).get(name)
        if one is not None:
            told_inputs.append(
                Input(
                    name,
                    one.resolve(name),
                    one.input_manager_key or "",
                    one.metadata,
                    by_name=one.key is None and one.key_prefix is None,
                    partition_mapping=one.partition_mapping,
                )
            )
        elif keys_by_input_name is not None:
            told_inputs.append(Input(name, AssetKey.from_coercible(keys_by_input_name[name])))
        else:
            told_inputs.append(Input(name, AssetKey(name), by_name=True))
    for told in told_inputs:
        told.partition_mapping = told.partition_mapping or of(partition_mappings, told.name)
    told_outputs = []
    for output in node._outputs:
        if output.name in check_outputs:
            continue
        group = of(group_names_by_output_name, output.name) or group_name
        check_group(group)
        key = key_of(output.name)
        follows = of(internal_asset_deps, output.name)
        description = of(descriptions_by_output_name, output.name)
        told_outputs.append(
            AssetOutput(
                output.name,
                key,
                group,
                description if description is not None else output.description or node.description,
                check_owners(of(owners_by_output_name, output.name), key),
                check_tags(of(tags_by_output_name, output.name), key) or None,
                of(metadata_by_output_name, output.name),
                of(code_versions_by_output_name, output.name),
                io_manager_key=of(io_managers_by_output_name, output.name) or "io_manager",
                follows_from=None if follows is None else list(follows),
                partitions_def=check_partitions_def(partitions_def),
                automation_condition=check_condition(
                    of(automation_conditions_by_output_name, output.name) or automation_condition,
                    key,
                    of(auto_materialize_policies_by_output_name, output.name),
                ),
            )
        )
    made: GraphAssetsDefinition = object.__new__(GraphAssetsDefinition)
    checks = own_checks(check_specs or (), [o.key for o in told_outputs])
    made._check_outputs = check_outputs
    made._make(node, told_inputs, told_outputs, resource_defs, can_subset, hook_defs or frozenset(), checks)
    made._backfill_policy = backfill_policy
    return made


def from_declared(
    node_def: Node,
    *,
    keys_by_output_name: Mapping[str, AssetKey],
    keys_by_input_name: Mapping[str, AssetKey] | None = None,
    partition_mappings: Mapping[AssetKey, Any] | None = None,
    asset_deps: Mapping[AssetKey, AbstractSet[AssetKey]] | None = None,
    group_names_by_key: Mapping[AssetKey, str] | None = None,
    metadata_by_key: Mapping[AssetKey, Mapping[str, Any]] | None = None,
    tags_by_key: Mapping[AssetKey, Mapping[str, str]] | None = None,
    descriptions_by_key: Mapping[AssetKey, str] | None = None,
    owners_by_key: Mapping[AssetKey, Sequence[str]] | None = None,
    auto_materialize_policies_by_key: Mapping[AssetKey, Any] | None = None,
    specs: Sequence[AssetSpec] | None = None,
    **given: Any,
) -> GraphAssetsDefinition:
    """`AssetsDefinition(node_def=...)`: what is said of each asset, by its key or as its spec."""
    given = {k: v for k, v in given.items() if v is not None and v is not False}
    of_input = keys_by_input_name or {i.name: AssetKey(i.name) for i in node_def._inputs}
    told = {s.key: s for s in specs or ()}

    def by_output(mapping: Mapping[AssetKey, Any] | None, attribute: str) -> dict[str, Any]:
        return {
            name: (mapping or {}).get(key) or getattr(told.get(key), attribute, None)
            for name, key in keys_by_output_name.items()
        }

    outputs = {o.name: o for o in node_def._outputs}
    follows: dict[str, set[AssetKey]] = {
        name: {d.asset_key for d in told[key].deps}
        for name, key in keys_by_output_name.items()
        if key in told
    }
    for name, key in keys_by_output_name.items():
        if asset_deps is not None and key in asset_deps:
            follows[name] = set(asset_deps[key])
    return from_node(
        node_def,
        keys_by_input_name=of_input,
        keys_by_output_name=keys_by_output_name,
        internal_asset_deps=follows or None,
        group_names_by_output_name=by_output(group_names_by_key, "group_name"),
        descriptions_by_output_name={
            k: v for k, v in by_output(descriptions_by_key, "description").items() if v is not None
        },
        metadata_by_output_name={
            name: {**getattr(outputs.get(name), "metadata", {}), **(metadata or {})}
            for name, metadata in by_output(metadata_by_key, "metadata").items()
        },
        tags_by_output_name=by_output(tags_by_key, "tags"),
        owners_by_output_name=by_output(owners_by_key, "owners"),
        code_versions_by_output_name=by_output(None, "code_version"),
        auto_materialize_policies_by_output_name={
            name: (auto_materialize_policies_by_key or {}).get(key)
            for name, key in keys_by_output_name.items()
        },
        partition_mappings={name: (partition_mappings or {}).get(key) for name, key in of_input.items()},
        **given,
    )


def _inputs_of(fn: UserFn, ins: Mapping[str, AssetIn] | None) -> dict[str, AssetIn]:
    import inspect

    names = list(inspect.signature(fn).parameters)
    for name in ins or ():
        if name not in names:
            from treadle._errors import DagsterInvalidDefinitionError

            raise DagsterInvalidDefinitionError(
                f"Key '{name}' in provided ins dict does not correspond to any of the names of the arguments"
                " to the decorated function"
            )
    return {n: AssetIn.from_coercible(i) for n, i in (ins or {}).items()}


@overload
def graph_asset(compose_fn: UserFn, /) -> AssetsDefinition: ...
@overload
def graph_asset(
    compose_fn: None = None,
    *,
    name: str | None = None,
    description: str | None = None,
    ins: Mapping[str, AssetIn] | None = None,
    config: Any = None,
    key_prefix: CoercibleToAssetKeyPrefix | None = None,
    group_name: str | None = None,
    partitions_def: object | None = None,
    hooks: AbstractSet[HookDefinition] | None = None,
    metadata: Mapping[str, Any] | None = None,
    tags: Mapping[str, str] | None = None,
    owners: Sequence[str] | None = None,
    automation_condition: object | None = None,
    backfill_policy: object | None = None,
    resource_defs: Mapping[str, object] | None = None,
    check_specs: Sequence[Any] | None = None,
    code_version: str | None = None,
    key: CoercibleToAssetKey | None = None,
    kinds: AbstractSet[str] | None = None,
    auto_materialize_policy: object | None = None,
) -> Callable[[UserFn], AssetsDefinition]: ...


def graph_asset(
    compose_fn: UserFn | None = None,
    *,
    name: str | None = None,
    description: str | None = None,
    ins: Mapping[str, AssetIn] | None = None,
    config: Any = None,
    key_prefix: CoercibleToAssetKeyPrefix | None = None,
    group_name: str | None = None,
    partitions_def: object | None = None,
    hooks: AbstractSet[HookDefinition] | None = None,
    metadata: Mapping[str, Any] | None = None,
    tags: Mapping[str, str] | None = None,
    owners: Sequence[str] | None = None,
    automation_condition: object | None = None,
    backfill_policy: object | None = None,
    resource_defs: Mapping[str, object] | None = None,
    check_specs: Sequence[Any] | None = None,
    code_version: str | None = None,
    key: CoercibleToAssetKey | None = None,
    kinds: AbstractSet[str] | None = None,
    auto_materialize_policy: object | None = None,
) -> Any:
    """Declares an asset by a function that calls ops and graphs; its parameters name the assets that it is
    made from."""

    condition = check_condition(automation_condition, "@graph_asset", auto_materialize_policy)

    def declare(fn: UserFn) -> AssetsDefinition:
        from treadle._assets.decorators import asset_key_of

        out = asset_key_of(fn, name, key_prefix, key, "@graph_asset")
        called = out.to_python_identifier()
        given = _inputs_of(fn, ins)
        mapping = mapping_of(config, f"@graph_asset '{called}'")
        checks = own_checks(check_specs or (), [out])
        made = compose(
            fn,
            called,
            "@graph",
            None,
            {"result": GraphOut(), **{c.get_python_identifier(): GraphOut() for c in checks}},
            description or clean_doc(fn.__doc__),
            None,
            mapping,
        )
        all_tags = with_kinds(check_tags(tags, out), kinds, out) if tags or kinds else None
        return from_node(
            made,
            keys_by_output_name={"result": out},
            inputs=given,
            group_name=group_name,
            metadata_by_output_name={"result": metadata},
            tags_by_output_name={"result": all_tags},
            owners_by_output_name={"result": owners} if owners is not None else None,
            code_versions_by_output_name={"result": code_version},
            resource_defs=resource_defs,
            hook_defs=hooks,
            partitions_def=partitions_def,
            automation_condition=condition,
            backfill_policy=backfill_policy,
            check_specs=check_specs,
        )

    return declare(compose_fn) if compose_fn is not None else declare


def graph_multi_asset(
    *,
    outs: Mapping[str, AssetOut],
    name: str | None = None,
    ins: Mapping[str, AssetIn] | None = None,
    partitions_def: object | None = None,
    hooks: AbstractSet[HookDefinition] | None = None,
    backfill_policy: object | None = None,
    group_name: str | None = None,
    can_subset: bool = False,
    resource_defs: Mapping[str, object] | None = None,
    check_specs: Sequence[Any] | None = None,
    config: Any = None,
) -> Callable[[UserFn], AssetsDefinition]:
    """Declares several assets by a function that calls ops and graphs and returns a dictionary of outputs."""

    def declare(fn: UserFn) -> AssetsDefinition:
        called = name or fn.__name__
        mapping = mapping_of(config, f"@graph_multi_asset '{called}'")
        keys = {k: o.key or AssetKey([*(o.key_prefix or ()), k]) for k, o in outs.items()}
        checks = own_checks(check_specs or (), list(keys.values()))
        made = compose(
            fn,
            called,
            "@graph",
            None,
            {k: GraphOut() for k in (*outs, *(c.get_python_identifier() for c in checks))},
            clean_doc(fn.__doc__),
            None,
            mapping,
        )
        return from_node(
            made,
            keys_by_output_name=keys,
            inputs=_inputs_of(fn, ins),
            group_name=group_name,
            group_names_by_output_name={k: o.group_name for k, o in outs.items()},
            descriptions_by_output_name={k: o.description for k, o in outs.items() if o.description},
            metadata_by_output_name={k: o.metadata for k, o in outs.items()},
            tags_by_output_name={k: o.tags for k, o in outs.items()},
            owners_by_output_name={k: o.owners for k, o in outs.items()},
            automation_conditions_by_output_name={k: o.automation_condition for k, o in outs.items()},
            code_versions_by_output_name={k: o.code_version for k, o in outs.items()},
            io_managers_by_output_name={k: o.io_manager_key for k, o in outs.items() if o.io_manager_key},
            resource_defs=resource_defs,
            can_subset=can_subset,
            hook_defs=hooks,
            partitions_def=partitions_def,
            backfill_policy=backfill_policy,
            check_specs=check_specs,
        )

    return declare


class AssetGraphs:
    """What stands for a job where steps of graphs that make assets look for their configuration."""

    name = "__ASSET_JOB"

    def __init__(self, nodes: Mapping[str, Node]) -> None:
        uses = {n: Invocation(n, d, {}, {}, frozenset(), None) for n, d in nodes.items()}
        self.graph: Any = object.__new__(GraphDefinition)
        self.graph._set(self.name, uses, (), (), None, None, None)
        self._ops = dict(self.graph._all_ops())
        self._has_config_mappings = any(
            isinstance(d, GraphDefinition) and d.has_config_mapping for d in self.graph._all_node_defs()
        )
        self._config = None
        self._resource_defs: Mapping[str, Any] = {}

    def _checked(self, config: Mapping[str, Any], _: Mapping[str, object]) -> dict[str, Any]:
        """What the run's configuration says of them, with everything filled in."""
        from treadle._config.process import processed
        from treadle._config.types import Shape
        from treadle._ops.config_schema import node_entry

        given = config.get("ops") or {}
        own = {n: node_entry(node.definition, {}) for n, node in self.graph._nodes.items() if n in given}
        ops = {n: v for n, v in given.items() if n in own}
        return {"ops": processed(Shape(own), ops, f"Error in config for job {self.name}")}
