"""Dagster types: a name, a function that says whether a value is of the type, and how one is made from
configuration. `DagsterType(name="Even", type_check_fn=lambda context, value: value % 2 == 0)`.
"""

from __future__ import annotations

from treadle._assets.specs import Nothing
from treadle._errors import (
    CheckError,
    DagsterError,
    DagsterInvalidDefinitionError,
    DagsterInvariantViolationError,
    DagsterTypeCheckError,
    Failure,
    ParameterCheckError,
)
from treadle._events.metadata import normalize_metadata
from treadle._events.record import Record
from treadle._types.types import ValueType, registered, value_type
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from collections.abc import Set as AbstractSet
    from typing import Any as AnyValue

    from treadle._events.metadata import MetadataValue


class TypeCheck(Record):
    """Whether a value is of a type, with a description and metadata."""

    __slots__ = _fields = ("success", "description", "metadata")
    success: bool
    description: str | None
    metadata: Mapping[str, MetadataValue]

    def __init__(
        self,
        success: bool,
        description: str | None = None,
        metadata: Mapping[str, AnyValue] | None = None,
    ) -> None:
        if not isinstance(success, bool):
            raise ParameterCheckError(
                f'Param "success" is not a bool. Got {success!r} which is type {type(success)}.'
            )
        self.success = success
        self.description = description
        self.metadata = normalize_metadata(metadata)


class DagsterTypeLoader:
    """Makes a value of a type from configuration, for an op's input that nothing is wired to."""

    @property
    def schema_type(self) -> AnyValue:
        raise NotImplementedError

    def construct_from_config_value(self, context: AnyValue, config_value: AnyValue) -> AnyValue:
        return config_value

    def required_resource_keys(self) -> AbstractSet[str]:
        return frozenset()


class _LoaderFunction(DagsterTypeLoader):
    def __init__(self, schema: AnyValue, fn: Callable[..., AnyValue], keys: AbstractSet[str]) -> None:
        self._schema = schema
        self._fn = fn
        self._keys = keys

    @property
    def schema_type(self) -> AnyValue:
        return self._schema

    def construct_from_config_value(self, context: AnyValue, config_value: AnyValue) -> AnyValue:
        return self._fn(context, config_value)

    def required_resource_keys(self) -> AbstractSet[str]:
        return self._keys


def dagster_type_loader(
    config_schema: object, required_resource_keys: AbstractSet[str] | None = None
) -> Callable[[Callable[..., AnyValue]], DagsterTypeLoader]:
    """Declares a loader: a function of a context and a configured value."""
    from treadle._config.fields import resolve_to_config_type

    schema = resolve_to_config_type(config_schema)

    def decorate(fn: Callable[..., AnyValue]) -> DagsterTypeLoader:
        code = getattr(fn, "__code__", None)
        if code is not None and (
            code.co_argcount < 2 or code.co_varnames[0] not in ("context", "_context", "context_", "_")
        ):
            missing = "context" if code.co_argcount == 0 or code.co_argcount >= 2 else "*"
            raise DagsterInvalidDefinitionError(
                f"@dagster_type_loader '{fn.__name__}' decorated function does not have required positional"
                f" parameter '{missing}'. @dagster_type_loader decorated functions should only have keyword"
                " arguments that match input names and a first positional parameter named 'context'."
            )
        return _LoaderFunction(schema, fn, frozenset(required_resource_keys or ()))

    return decorate


class DagsterType:
    """A type of values of ops and assets."""

    # Says so to what meets annotations without importing this module.
    _treadle_dagster_type = True
    python_type: AnyValue = None

    def __init__(
        self,
        type_check_fn: Callable[[AnyValue, AnyValue], bool | TypeCheck],
        key: str | None = None,
        name: str | None = None,
        is_builtin: bool = False,
        description: str | None = None,
        loader: DagsterTypeLoader | None = None,
        required_resource_keys: AbstractSet[str] | None = None,
        kind: object | None = None,
        typing_type: AnyValue = None,
        metadata: Mapping[str, AnyValue] | None = None,
    ) -> None:
        if key is None and name is None:
            raise CheckError("Invariant failed. Description: Must set key or name")
        if name is not None and not isinstance(name, str):
            raise ParameterCheckError(f'Param "name" is not a str. Got {name!r} which is type {type(name)}.')
        if not callable(type_check_fn):
            raise CheckError(f'Param "type_check_fn" is not callable. Got {type_check_fn!r}')
        _check_parameters(type_check_fn, name)
        self.key: str = key if key is not None else name or ""
        self._name = name
        self._description = description
        self._loader = loader
        self._required_resource_keys = frozenset(required_resource_keys or ())
        self._type_check_fn = type_check_fn
        self.is_builtin = is_builtin
        self.typing_type = typing_type
        self.metadata = normalize_metadata(metadata)
        self._value_type = _DeclaredType(self)

    def __repr__(self) -> str:
        return f"DagsterType({self.display_name})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DagsterType) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    @property
    def unique_name(self) -> str:
        if self._name is None:
            raise CheckError(f"unique_name requested but is None for type {self.display_name}")
        return self._name

    @property
    def has_unique_name(self) -> bool:
        return self._name is not None

    @property
    def display_name(self) -> str:
        return self._name if self._name is not None else self.key

    @property
    def description(self) -> str | None:
        return self._description

    @property
    def loader(self) -> DagsterTypeLoader | None:
        return self._loader

    @property
    def required_resource_keys(self) -> AbstractSet[str]:
        return self._required_resource_keys

    @property
    def is_nothing(self) -> bool:
        return False

    @property
    def is_any(self) -> bool:
        return self.key == "Any"

    def type_check(self, context: AnyValue, value: AnyValue) -> TypeCheck:
        """Whether a value is of this type."""
        told = self._type_check_fn(context, value)
        if not isinstance(told, (bool, TypeCheck)):
            raise DagsterInvariantViolationError(
                f"You have returned {told!r} of type {type(told)} from the type check function of type"
                f' "{self.key}". Return value must be instance of TypeCheck or a bool.'
            )
        return TypeCheck(told) if isinstance(told, bool) else told


def _check_parameters(fn: Callable[..., AnyValue], name: str | None) -> None:
    code = getattr(fn, "__code__", None)
    if code is None or code.co_flags & 0x04:
        return
    count = code.co_argcount - (1 if hasattr(fn, "__self__") else 0)
    if count != 2:
        raise DagsterInvalidDefinitionError(
            f'type_check_fn argument on type "{name}" must take 2 arguments, received {count}.'
        )


class Misfit(str):
    """Why a value is not of a declared type, with what its check said beside."""

    metadata: Mapping[str, MetadataValue]
    dagster_type: DagsterType

    def __new__(cls, told: TypeCheck, dagster_type: DagsterType) -> Misfit:
        made = super().__new__(cls, told.description)
        made.metadata = told.metadata
        made.dagster_type = dagster_type
        return made


class _DeclaredType(ValueType):
    """A DagsterType as the steps that check it see it."""

    __slots__ = ("declared",)

    def __init__(self, declared: DagsterType) -> None:
        self.declared = declared
        self.label = declared.display_name
        self.python_type = declared.python_type
        self._find = lambda value: None if self.misfit(value) is None else (value, declared.display_name)

    @property
    def loader(self) -> DagsterTypeLoader | None:
        return self.declared.loader

    def misfit(self, value: AnyValue) -> str | None:
        from treadle._events.wrappers import Json
        from treadle._run.current import current

        plain = value.value if isinstance(value, Json) else value
        try:
            told = self.declared.type_check(TypeCheckContext(current.context), plain)
        except (DagsterError, Failure):
            raise
        except Exception as e:
            raise DagsterTypeCheckError(
                f'Error occurred during the type check of a value of type "{self.label}": {e}', e
            ) from e
        return None if told.success else Misfit(told, self.declared)


class TypeCheckContext:
    """What a type's check function is told of the step that hands over the value."""

    __slots__ = ("_context",)

    def __init__(self, context: AnyValue) -> None:
        self._context = context  # None outside of a step

    @property
    def run_id(self) -> str:
        return "" if self._context is None else self._context.run_id

    @property
    def resources(self) -> AnyValue:
        if self._context is None:
            from treadle._resources.context import Resources

            none: dict[str, AnyValue] = {}
            return Resources(none.__getitem__, frozenset())
        return self._context.resources

    @property
    def log(self) -> AnyValue:
        if self._context is None:
            from treadle._resources.context import free_logger

            return free_logger()
        return self._context.log


class PythonObjectDagsterType(DagsterType):
    """The instances of a Python class, or of one of several."""

    def __init__(
        self,
        python_type: type | tuple[type, ...],
        key: str | None = None,
        name: str | None = None,
        **kwargs: AnyValue,
    ) -> None:
        several = isinstance(python_type, tuple)
        classes = python_type if isinstance(python_type, tuple) else (python_type,)
        for cls in classes:
            if not isinstance(cls, type):
                raise ParameterCheckError(
                    f'Param "python_type" must be a class. Got {cls!r} of type {type(cls)}.'
                )
        said = ", ".join(c.__name__ for c in classes)
        self.type_str = f"Union[{said}]" if several else said
        self.python_type = python_type
        expected = name or self.type_str
        python_name = self.type_str

        def check(_: AnyValue, value: AnyValue) -> TypeCheck:
            if isinstance(value, python_type):
                return TypeCheck(True)
            return TypeCheck(
                False,
                f"Value of type {type(value)} failed type check for Dagster type {expected}, expected value"
                f" to be of Python type {python_name}.",
            )

        super().__init__(check, key or expected, expected, typing_type=python_type, **kwargs)


class _AnnotatedType(DagsterType):
    """What an annotation says, as a Dagster type."""

    def __init__(self, annotation: AnyValue, key: str | None = None) -> None:
        self.annotation = annotation
        inner = value_type(annotation, {})
        label = inner.label if inner is not None else "Any"

        def check(_: AnyValue, value: AnyValue) -> TypeCheck:
            wrong = inner.misfit(value) if inner is not None else None
            return TypeCheck(wrong is None, wrong)

        super().__init__(check, key or label, label, is_builtin=True, typing_type=annotation)
        self.python_type = inner.python_type if inner is not None else None

    @property
    def inner_type(self) -> DagsterType:
        """Of a list: what it is a list of."""
        of: tuple[AnyValue, ...] = getattr(self.annotation, "__args__", ())
        return resolve_dagster_type(of[0] if len(of) == 1 else None)


class _MaybeType(DagsterType):
    """A value of a type, or None."""

    def __init__(self, inner: AnyValue) -> None:
        of = resolve_dagster_type(inner)

        def check(context: AnyValue, value: AnyValue) -> TypeCheck:
            return TypeCheck(True) if value is None else of.type_check(context, value)

        super().__init__(check, f"Optional.{of.key}", f"{of.display_name}?", is_builtin=True)


class _NothingType(DagsterType):
    def __init__(self) -> None:
        def check(_: AnyValue, value: AnyValue) -> TypeCheck:
            if value is None:
                return TypeCheck(True)
            return TypeCheck(False, f"Value must be None or unset, got a {type(value)}")

        super().__init__(check, "Nothing", "Nothing", is_builtin=True, typing_type=type(None))

    @property
    def is_nothing(self) -> bool:
        return True


class _Generic:
    """`List`, `Dict`, ...: with types in brackets, the type of collections of those."""

    def __init__(self, python_type: AnyValue, name: str) -> None:
        self._python_type = python_type
        self._name = name

    def __repr__(self) -> str:
        return f"dagster.{self._name}"

    def __getitem__(self, inner: AnyValue) -> DagsterType:
        if self._python_type is None:
            inner = _as_annotation(inner)
            return _MaybeType(inner)
        parts = inner if isinstance(inner, tuple) else (inner,)
        return _AnnotatedType(self._python_type[tuple(_as_annotation(p) for p in parts)])

    def __call__(self, inner: AnyValue) -> DagsterType:
        return self[inner]

    @property
    def annotation(self) -> AnyValue:
        return self._python_type


def _as_annotation(given: AnyValue) -> AnyValue:
    return given._python_type if isinstance(given, _Generic) else given


class _BuiltinType(_AnnotatedType):
    """A type of values that is a config type as well."""

    def __init__(self, annotation: type, name: str) -> None:
        super().__init__(annotation, name)
        self._treadle_config_type = name


Any = _BuiltinType(object, "Any")
Bool = _BuiltinType(bool, "Bool")
Float = _BuiltinType(float, "Float")
Int = _BuiltinType(int, "Int")
String = _BuiltinType(str, "String")
List = _Generic(list, "List")
Dict = _Generic(dict, "Dict")
Set = _Generic(set, "Set")
Tuple = _Generic(tuple, "Tuple")
Optional = _Generic(None, "Optional")


def make_python_type_usable_as_dagster_type(python_type: type, dagster_type: DagsterType) -> None:
    """From here on the annotation of this class means that type."""
    if not isinstance(python_type, type):
        raise CheckError(f'Param "python_type" is not a class. Got {python_type!r}')
    known = registered.get(python_type)
    if known is not None and known is not dagster_type:
        raise DagsterInvalidDefinitionError(
            f"A Dagster type has already been registered for the Python type {python_type}."
            " make_python_type_usable_as_dagster_type can only be called once on a python type as it is"
            " registering a 1:1 mapping between that python type and a dagster type."
        )
    registered[python_type] = dagster_type


def usable_as_dagster_type(
    name: str | type | None = None,
    description: str | None = None,
    loader: DagsterTypeLoader | None = None,
) -> AnyValue:
    """A class decorator: annotations of the class mean a Dagster type of this name."""
    if isinstance(name, type):
        make_python_type_usable_as_dagster_type(name, PythonObjectDagsterType(name, name=name.__name__))
        return name
    given = name

    def decorate(cls: type) -> type:
        made = PythonObjectDagsterType(
            cls, name=given or cls.__name__, description=description, loader=loader
        )
        make_python_type_usable_as_dagster_type(cls, made)
        return cls

    return decorate


def resolve_dagster_type(given: AnyValue) -> DagsterType:
    """What stands for a type (a DagsterType, a class, List, Nothing, None, ...) as a DagsterType."""
    if isinstance(given, DagsterType):
        return given
    if isinstance(given, type) and issubclass(given, DagsterType):
        raise CheckError(f"Invariant failed. Description: Do not pass runtime type classes. Got {given}")
    if given is Nothing:
        return _NothingType()
    if given is None:
        return Any
    if isinstance(given, _Generic):
        return _AnnotatedType(given.annotation if given.annotation is not None else object)
    known: DagsterType | None = registered.get(given) if isinstance(given, type) else None
    if known is not None:
        return known
    import typing

    if given is typing.Any:
        return Any
    # `int | None` has no origin.
    union = type(given).__name__ == "UnionType"
    if getattr(given, "__origin__", None) is None and not isinstance(given, type) and not union:
        raise DagsterInvalidDefinitionError(
            f"Invalid type: dagster_type must be an instance of DagsterType or a Python type: got {given}."
        )
    return _AnnotatedType(given)


def check_dagster_type(dagster_type: AnyValue, value: AnyValue) -> TypeCheck:
    """Whether a value is of a type: for tests of types."""
    if getattr(dagster_type, "__module__", "") == "typing":
        raise DagsterInvariantViolationError(
            f"Must pass in a type from dagster module. You passed {dagster_type} which is part of python's"
            " typing module."
        )
    try:
        return resolve_dagster_type(dagster_type).type_check(None, value)
    except Failure as e:
        return TypeCheck(False, e.description)
