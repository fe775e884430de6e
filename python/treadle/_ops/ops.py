"""Ops: functions that are no assets, with their inputs and outputs. `op` declares one."""

from __future__ import annotations

from treadle._assets.rules import WORD, check_name, clean_doc, only, unsupported
from treadle._assets.signature import Signature, gives_nothing
from treadle._assets.specs import Nothing, NoValue
from treadle._errors import (
    CheckError,
    DagsterInvalidDefinitionError,
    DagsterInvariantViolationError,
    ParameterCheckError,
    wrong_type,
)
from treadle._events.events import T, _Generic
from treadle._events.record import Record
from treadle._ops.composition import Node
from treadle._run.policies import RetryPolicy
from treadle._typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from collections.abc import Set as AbstractSet
    from typing import Any

    from treadle import _core
    from treadle._events.metadata import MetadataValue
    from treadle._types.dagster_type import DagsterType
    from treadle._typing import RawMetadataMapping, UserFn


def _a_type(given: Any) -> Any:
    """What a type may not be: a plain value, such as the name of one."""
    if isinstance(given, (str, int, float)):
        raise DagsterInvalidDefinitionError(
            f"Invalid type: dagster_type must be an instance of DagsterType or a Python type: got {given}."
        )
    return given


class In(Record):
    """An input of an op: its type, and what it is when nothing is wired to it."""

    __slots__ = _fields = (
        "dagster_type",
        "description",
        "default_value",
        "metadata",
        "asset_key",
        "input_manager_key",
    )
    dagster_type: Any
    description: str | None
    default_value: Any
    metadata: Mapping[str, Any]
    asset_key: Any
    input_manager_key: str | None

    def __init__(
        self,
        dagster_type: Any = NoValue,
        description: str | None = None,
        default_value: Any = NoValue,
        metadata: Mapping[str, Any] | None = None,
        asset_key: object | None = None,
        asset_partitions: object | None = None,
        input_manager_key: str | None = None,
    ) -> None:
        unsupported("In", asset_partitions=asset_partitions)
        self.dagster_type = _a_type(dagster_type)
        self.description = description
        self.default_value = default_value
        self.metadata = dict(metadata or {})
        self.asset_key = asset_key
        self.input_manager_key = input_manager_key

    def managed_by(self, key: str) -> In:
        """The same, loaded by the IO manager `key` whatever it is wired to."""
        return In(self.dagster_type, self.description, self.default_value, self.metadata, None, None, key)


class Out(Record):
    """An output of an op."""

    __slots__ = _fields = (
        "dagster_type",
        "description",
        "is_required",
        "io_manager_key",
        "metadata",
        "code_version",
    )
    dagster_type: Any
    description: str | None
    is_required: bool
    io_manager_key: str
    metadata: Mapping[str, Any]
    code_version: str | None

    def __init__(
        self,
        dagster_type: Any = NoValue,
        description: str | None = None,
        is_required: bool = True,
        io_manager_key: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        code_version: str | None = None,
    ) -> None:
        self.dagster_type = _a_type(dagster_type)
        self.description = description
        self.is_required = is_required
        self.io_manager_key = io_manager_key or "io_manager"
        self.metadata = dict(metadata or {})
        self.code_version = code_version

    @property
    def is_dynamic(self) -> bool:
        return False

    def managed_by(self, key: str) -> Out:
        """The same, stored by the IO manager `key` unless it names its own."""
        key = key if self.io_manager_key == "io_manager" else self.io_manager_key
        return type(self)(
            self.dagster_type, self.description, self.is_required, key, self.metadata, self.code_version
        )


class DynamicOut(Out):
    """An output of any number of values, each a DynamicOutput with a mapping key of its own."""

    __slots__ = ()

    @property
    def is_dynamic(self) -> bool:
        return True


class DynamicOutput(_Generic[T]):
    """One value of a dynamic output."""

    __slots__ = _fields = ("value", "mapping_key", "output_name", "metadata", "tags")
    value: T
    mapping_key: str
    output_name: str
    metadata: Mapping[str, MetadataValue]
    tags: Mapping[str, str]

    def __init__(
        self,
        value: T,
        mapping_key: str,
        output_name: str | None = "result",
        metadata: RawMetadataMapping | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        from treadle._events.metadata import normalize_metadata

        if not isinstance(mapping_key, str):
            raise CheckError(f"Param 'mapping_key' of DynamicOutput is not a str: {mapping_key!r}")
        self.value = value
        self.mapping_key = check_valid_mapping_key(mapping_key)
        self.output_name = output_name or "result"
        self.metadata = normalize_metadata(metadata)
        self.tags = dict(tags or {})


def check_valid_mapping_key(key: str) -> str:
    if not only(key, WORD):
        raise DagsterInvalidDefinitionError(
            f'"{key}" is not a valid name in Dagster. Names must be in regex ^[A-Za-z0-9_]+$.'
        )
    return key


class OpInput:
    """One input of an op definition."""

    __slots__ = ("default", "description", "manager_key", "metadata", "name", "nothing", "type")

    def __init__(self, name: str, given: In | None, annotation: Any, default: Any) -> None:
        self.name = name
        declared = given.dagster_type if given is not None else NoValue
        self.type = (
            declared if declared is not NoValue else (annotation if annotation is not None else NoValue)
        )
        self.nothing = self.type is Nothing
        self.default = default
        if given is not None and given.default_value is not NoValue:
            self.default = given.default_value
        self.description = given.description if given is not None else None
        self.metadata = given.metadata if given is not None else {}
        self.manager_key = (given.input_manager_key or "") if given is not None else ""

    @property
    def dagster_type(self) -> DagsterType:
        return _declared_type(self.type)

    @property
    def has_default_value(self) -> bool:
        return self.default is not NoValue

    @property
    def default_value(self) -> Any:
        return self.default


class OpOutput:
    """One output of an op definition."""

    __slots__ = (
        "annotation",
        "code_version",
        "description",
        "io_manager_key",
        "is_dynamic",
        "key",
        "metadata",
        "name",
        "required",
        "stores_value",
        "type",
    )

    def __init__(self, name: str, given: Out, annotation: Any) -> None:
        self.name = name
        self.annotation = annotation
        self.type = given.dagster_type if given.dagster_type is not NoValue else annotation
        self.stores_value = not (
            self.type is Nothing or (self.type is not NoValue and gives_nothing(self.type))
        )
        self.required = given.is_required
        self.io_manager_key = given.io_manager_key
        self.is_dynamic = given.is_dynamic
        self.metadata = given.metadata
        self.description = given.description
        self.code_version = given.code_version
        self.key = None

    @property
    def dagster_type(self) -> DagsterType:
        return _declared_type(self.type)

    @property
    def is_required(self) -> bool:
        return self.required


def _declared_type(given: Any) -> DagsterType:
    """What an annotation means; any value where there is none."""
    from typing import Any as AnyValue

    from treadle._events.events import Output
    from treadle._types.dagster_type import resolve_dagster_type

    if getattr(given, "__origin__", None) is Output:
        given = given.__args__[0]
    if given is Output:
        given = NoValue
    unset = given is NoValue or given is None or isinstance(given, str)
    return resolve_dagster_type(AnyValue if unset else given)


class OpDefinition(Node):
    """A function with inputs and outputs, to be called inside @job and @graph functions. Outside of them a
    call runs the function itself.
    """

    node_type = "op"
    _is_check = False
    _check_specs = ()

    def __init__(
        self,
        compute_fn: UserFn,
        name: str,
        ins: Mapping[str, In] | None = None,
        outs: Mapping[str, Out] | None = None,
        description: str | None = None,
        config_schema: Any = None,
        required_resource_keys: AbstractSet[str] | None = None,
        tags: Mapping[str, Any] | None = None,
        code_version: str | None = None,
        retry_policy: RetryPolicy | None = None,
        pool: str | None = None,
        *,
        _decorated: bool = False,
    ) -> None:
        self._name = check_name(name)
        if retry_policy is not None and not isinstance(retry_policy, RetryPolicy):
            raise ParameterCheckError(
                f'Param "retry_policy" is not a RetryPolicy. Got {retry_policy!r} which is type'
                f" {type(retry_policy)}."
            )
        place = getattr(compute_fn, "__code__", None)
        self._is_plain = not _decorated
        if not _decorated:
            from treadle._ops.compute import of_plain

            compute_fn = of_plain(compute_fn)
        self._fn = compute_fn
        self.__name__ = getattr(compute_fn, "__name__", name)
        self.__doc__ = getattr(compute_fn, "__doc__", None)
        ins = dict(ins or {})
        what = f"@op '{self.__name__}'"
        signature = Signature(compute_fn, what, frozenset(ins))
        self._takes_context = signature.takes_context
        self._takes_config = signature.config
        if signature.config is not None and config_schema:
            raise CheckError("If the @op has a config arg, you cannot specify a config schema")
        if signature.resources and required_resource_keys:
            raise CheckError(
                "Cannot specify resource requirements in both @op decorator and as arguments to the decorated"
                " function"
            )
        self._resource_params = signature.resources
        self._required_resource_keys = frozenset(required_resource_keys or signature.resources or ())
        self._kwargs_param = signature.has_kwargs
        if config_schema is not None:
            from treadle._config.definition import schema_of

            schema_of(config_schema)  # says what is wrong with it
        self._config_schema = config_schema
        self._config: Any = NoValue
        self._inputs = self._make_inputs(ins, signature, what)
        self._outputs = _outputs(outs, signature.returns, compute_fn)
        for output in self._outputs:
            output.code_version = output.code_version or code_version
        types: list[Any] = [*(i.type for i in self._inputs), *(o.type for o in self._outputs)]
        of_types = {
            key
            for one in types
            if getattr(one, "_treadle_dagster_type", False)
            for key in one.required_resource_keys
        }
        if of_types:  # what their checks use
            self._required_resource_keys |= of_types
        self.description = description or clean_doc(self.__doc__)
        self.tags = {str(k): v if isinstance(v, str) else _json(v) for k, v in (tags or {}).items()}
        self.version = code_version
        self._retry_policy = retry_policy
        self.pool = pool
        self._plan_cache: Any = None
        self._told: tuple[Any, ...] | None = None
        self._place = (place.co_filename, place.co_firstlineno) if place is not None else ("", 0)

    def _make_inputs(self, ins: dict[str, In], signature: Signature, what: str) -> list[OpInput]:
        defaults = _defaults(self._fn)
        inputs = []
        for name, annotation in signature.values.items():
            given = ins.pop(name, None)
            if annotation is None and given is None and name in getattr(self._fn, "__annotations__", {}):
                raise DagsterInvalidDefinitionError(
                    f"Input parameter {name} is annotated with Nothing which is a type that represents"
                    " passing no data. This type must be used via In() and no parameter should be included"
                    " in the @op decorated function."
                )
            if given is not None and given.dagster_type is Nothing:
                raise DagsterInvalidDefinitionError(
                    f"{what} decorated function has parameter '{name}' that is one of the input_defs of type"
                    " 'Nothing' which should not be included since no data will be passed for it. "
                )
            inputs.append(OpInput(name, given, annotation, defaults.get(name, NoValue)))
        strangers = [n for n, i in ins.items() if i.dagster_type is not Nothing]
        if strangers and not signature.has_kwargs:
            raise DagsterInvalidDefinitionError(
                f"{what} decorated function does not have parameter(s) '{', '.join(strangers)}', which are in"
                " provided input_defs. @op decorated functions should only have keyword arguments that match"
                " input names and, if system information is required, a first positional parameter named"
                " 'context'."
            )
        inputs += [OpInput(n, i, None, NoValue) for n, i in ins.items()]
        return inputs

    def __repr__(self) -> str:
        return f"<OpDefinition {self._name!r}>"

    @property
    def input_defs(self) -> list[OpInput]:
        return list(self._inputs)

    @property
    def output_defs(self) -> list[OpOutput]:
        return list(self._outputs)

    @property
    def input_dict(self) -> Mapping[str, OpInput]:
        return {i.name: i for i in self._inputs}

    @property
    def output_dict(self) -> Mapping[str, OpOutput]:
        return {o.name: o for o in self._outputs}

    def has_input(self, name: str) -> bool:
        return name in self.input_dict

    def has_output(self, name: str) -> bool:
        return name in self.output_dict

    def input_def_named(self, name: str) -> OpInput:
        return self.input_dict[name]

    def output_def_named(self, name: str) -> OpOutput:
        return self.output_dict[name]

    @property
    def ins(self) -> Mapping[str, In]:
        return {
            i.name: In(i.type, i.description, i.default, i.metadata, None, None, i.manager_key or None)
            for i in self._inputs
        }

    @property
    def outs(self) -> Mapping[str, Out]:
        return {
            o.name: (DynamicOut if o.is_dynamic else Out)(
                o.type, o.description, o.required, o.io_manager_key, o.metadata, o.code_version
            )
            for o in self._outputs
        }

    @property
    def compute_fn(self) -> Any:
        from treadle._ops.compute import DecoratedFunction

        return self._fn if self._is_plain else DecoratedFunction(self._fn)

    @property
    def required_resource_keys(self) -> frozenset[str]:
        return self._required_resource_keys

    @property
    def retry_policy(self) -> RetryPolicy | None:
        return self._retry_policy

    @property
    def config_schema(self) -> Any:
        return self._config_schema

    @property
    def op(self) -> OpDefinition:
        return self

    def _spec(self, output: object) -> None:
        """An op's output is no asset."""

    def configured(
        self,
        config_or_config_fn: Any,
        name: str | None = None,
        config_schema: Any = None,
        description: str | None = None,
    ) -> OpDefinition:
        """The same under another name, its configuration given or made by a function from another one."""
        if name is None:
            raise DagsterInvalidDefinitionError(
                'Missing string param "name" while attempting to configure the op definition'
                f' "{self._name}". When configuring an op, you must specify a name for the resulting op'
                " definition as a positional param or use the `configured` decorator."
            )
        other = object.__new__(OpDefinition)
        other.__dict__.update({k: v for k, v in self.__dict__.items() if not k.endswith("_cache")})
        other._name = check_name(name)
        other._told = None
        other._plan_cache = None
        other.description = description or self.description
        other._config = (self, config_or_config_fn)
        other._config_schema = config_schema
        return other

    # --- at run time

    def _run_step(self, step: _core.Step) -> None:
        from treadle._ops.steps import run_op

        run_op(self, step)

    def _direct(self, args: tuple[Any, ...], kwargs: dict[str, Any], alias: str | None = None) -> Any:
        from treadle._ops.invocation import invoke_op

        return invoke_op(self, args, kwargs, alias)


def _json(value: object) -> str:
    import json

    return json.dumps(value)


def _defaults(fn: UserFn) -> dict[str, Any]:
    code = getattr(fn, "__code__", None)
    if code is None:
        import inspect

        return {
            p.name: p.default
            for p in inspect.signature(fn).parameters.values()
            if p.default is not inspect.Parameter.empty
        }
    names = code.co_varnames[: code.co_argcount]
    given = fn.__defaults__ or ()
    return {**dict(zip(names[len(names) - len(given) :], given)), **(fn.__kwdefaults__ or {})}


def _outputs(outs: Mapping[str, Out] | None, returns: Any, fn: UserFn) -> list[OpOutput]:
    from treadle._assets.signature import resolve

    scope = getattr(fn, "__globals__", {})
    if outs is None:
        promised = resolve(returns, scope)
        if DynamicOutput in (promised, getattr(promised, "__origin__", None)):
            raise DagsterInvariantViolationError(
                "Op annotated with return type DynamicOutput. DynamicOutputs can only be returned in the"
                " context of a List. If only one output is needed, use the Output API."
            )
        dynamic, inner = _dynamic_of(promised)
        return [
            OpOutput("result", DynamicOut(inner), NoValue) if dynamic else OpOutput("result", Out(), returns)
        ]
    if len(outs) == 1:
        name, out = next(iter(outs.items()))
        return [OpOutput(name, out, NoValue if out.is_dynamic else returns)]
    resolved = resolve(returns, scope)
    parts: Any = (NoValue,) * len(outs)
    if getattr(resolved, "__origin__", None) is tuple:
        given: tuple[Any, ...] = getattr(resolved, "__args__", ())
        if len(given) == len(outs):
            parts = given
        elif not (len(given) == 2 and given[1] is Ellipsis):
            raise DagsterInvariantViolationError(
                "Expected Tuple annotation to have number of entries matching the number of outputs for more"
                f" than one output. Expected {len(outs)} outputs but annotation has {len(given)}."
            )
    elif resolved is not NoValue and not isinstance(resolved, str):
        raise DagsterInvariantViolationError(
            "Expected Tuple annotation for multiple outputs, but received non-tuple annotation."
        )
    return [
        OpOutput(check_name(n), o, NoValue if o.is_dynamic else p) for (n, o), p in zip(outs.items(), parts)
    ]


def _dynamic_of(annotation: Any) -> tuple[bool, Any]:
    """Whether an annotation is `DynamicOutput[X]` or a list of such, and X."""
    if getattr(annotation, "__origin__", None) is list:
        annotation = next(iter(annotation.__args__), None)
    if annotation is DynamicOutput:
        return True, NoValue
    if getattr(annotation, "__origin__", None) is DynamicOutput:
        return True, annotation.__args__[0]
    return False, NoValue


@overload
def op(compute_fn: UserFn, /) -> OpDefinition: ...
@overload
def op(
    compute_fn: None = None,
    *,
    name: str | None = None,
    description: str | None = None,
    ins: Mapping[str, In] | None = None,
    out: Out | Mapping[str, Out] | None = None,
    config_schema: Any = None,
    required_resource_keys: AbstractSet[str] | None = None,
    tags: Mapping[str, Any] | None = None,
    version: str | None = None,
    retry_policy: RetryPolicy | None = None,
    code_version: str | None = None,
    pool: str | None = None,
    io_manager_key: str | None = None,
) -> Callable[[UserFn], OpDefinition]: ...


def op(
    compute_fn: UserFn | None = None,
    *,
    name: str | None = None,
    description: str | None = None,
    ins: Mapping[str, In] | None = None,
    out: Out | Mapping[str, Out] | None = None,
    config_schema: Any = None,
    required_resource_keys: AbstractSet[str] | None = None,
    tags: Mapping[str, Any] | None = None,
    version: str | None = None,
    retry_policy: RetryPolicy | None = None,
    code_version: str | None = None,
    pool: str | None = None,
    io_manager_key: str | None = None,
) -> Any:
    """Declares an op: a function whose parameters are inputs and which returns or yields its outputs.

    `io_manager_key`, which Dagster's @op does not have and the guide of its W&B integration uses: the IO
    manager of each declared input and of each output that names none itself.
    """
    outs = {"result": out} if isinstance(out, Out) else out
    for param, given_as in (("ins", ins), ("out", outs)):
        if given_as is not None and not hasattr(given_as, "items"):
            raise wrong_type(param, "one of ['Mapping']", given_as)
    if ins is not None:
        for key, given in ins.items():
            if not isinstance(given, In):
                raise CheckError(
                    f"Value in ins of @op mismatches expected type: {key!r} is {given!r}, no In."
                )
    for key, one in (outs or {}).items():
        if not isinstance(one, Out):
            raise CheckError(f"Value in out of @op mismatches expected type: {key!r} is {one!r}, no Out.")

    if io_manager_key is not None:
        ins = {n: i if i.input_manager_key else i.managed_by(io_manager_key) for n, i in (ins or {}).items()}
        outs = {n: o.managed_by(io_manager_key) for n, o in (outs or {"result": Out()}).items()}

    def declare(fn: UserFn) -> OpDefinition:
        return OpDefinition(
            fn,
            name or fn.__name__,
            ins,
            outs,
            description,
            config_schema,
            required_resource_keys,
            tags,
            code_version or version,
            retry_policy,
            pool,
            _decorated=True,
        )

    return declare(compute_fn) if compute_fn is not None else declare
