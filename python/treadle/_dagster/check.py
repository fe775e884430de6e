"""The argument checks that integrations written for Dagster import as `from dagster import _check as check`.

`X_param` refuses what is not an X, `opt_X_param` lets None pass as a default, `opt_nullable_X_param` lets it
pass as None, `X_elem` looks at one key of a dictionary. All are made from one table of types.
"""

from __future__ import annotations

from collections.abc import (
    Callable,
    Generator,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from collections.abc import (
    Set as AbstractSet,
)
from typing import Any, NoReturn

from treadle._errors import CheckError, ParameterCheckError

__all__ = ["CheckError", "ElementCheckError", "NotImplementedCheckError", "ParameterCheckError"]


class ElementCheckError(CheckError):
    """What a dictionary has under a key is of the wrong type."""


class NotImplementedCheckError(CheckError):
    """What was asked for is not implemented."""


_IS_A_CLASS = "Did you pass a class where you were expecting an instance of the class?"
_IS_TEXT = "is a disallowed Sequence type due to its likeliness to cause bugs."


def _and(message: str | None) -> str:
    return f" {message}" if message else ""


def _label(kind: Any) -> str:
    if isinstance(kind, tuple):
        return f"one of {sorted(t.__name__ for t in kind)}"
    return f"a {kind.__name__}"


def _mismatch(obj: object, kind: Any, name: str, more: str | None = None) -> ParameterCheckError:
    return ParameterCheckError(
        f'Param "{name}" is not {_label(kind)}. Got {obj!r} which is type {type(obj)}.{_and(more)}'
    )


def _entries(obj: Any, kind: type, keys: Any, values: Any) -> Any:
    for key, value in obj.items():
        if keys and not isinstance(key, keys):
            raise CheckError(f"Key in {kind.__name__} mismatches type. Expected {keys!r}. Got {key!r}")
        if values and not isinstance(value, values):
            raise CheckError(
                f"Value in {kind.__name__} mismatches expected type for key {key}. Expected value of type"
                f" {values!r}. Got value {value} of type {type(value)}."
            )
    return obj


def _items(obj: Any, of_type: Any, collection: str) -> Any:
    for item in obj if of_type else ():
        if not isinstance(item, of_type):
            raise CheckError(
                f"Member of {collection} mismatches type. Expected {of_type}. Got {item!r} of type"
                f" {type(item)}.{_and(_IS_A_CLASS if isinstance(item, type) else None)}"
            )
    return obj


def _is(obj: object, kind: Any) -> bool:
    if kind is float and isinstance(obj, bool):
        return False
    return isinstance(obj, kind)


def _scalar(kind: Any) -> tuple[Any, Any]:
    def param(obj: Any, param_name: str, additional_message: str | None = None) -> Any:
        if not _is(obj, kind):
            raise _mismatch(obj, kind, param_name, additional_message)
        return obj

    def opt_param(
        obj: Any, param_name: str, default: Any = None, additional_message: str | None = None
    ) -> Any:
        return default if obj is None else param(obj, param_name, additional_message)

    return param, opt_param


def _element(kind: Any, optional: bool) -> Any:
    def elem(ddict: Mapping[str, Any], key: str, additional_message: str | None = None) -> Any:
        value = ddict.get(key) if optional else ddict[key]
        if value is None and optional:
            return None
        if not _is(value, kind):
            raise ElementCheckError(
                f"Value {value!r} from key {key} is not a {kind!r}. Dict:"
                f" {ddict!r}.{_and(additional_message)}"
            )
        return value

    return elem


def _mapping(kind: Any) -> tuple[Any, Any, Any]:
    def param(
        obj: Any,
        param_name: str,
        key_type: Any = None,
        value_type: Any = None,
        additional_message: str | None = None,
    ) -> Any:
        if not isinstance(obj, kind):
            raise _mismatch(obj, kind, param_name, additional_message)
        return _entries(obj, kind, key_type, value_type)

    def opt_param(obj: Any, *args: Any, **kwargs: Any) -> Any:
        return {} if obj is None else param(obj, *args, **kwargs)

    def opt_nullable_param(obj: Any, *args: Any, **kwargs: Any) -> Any:
        return None if obj is None else param(obj, *args, **kwargs)

    return param, opt_param, opt_nullable_param


def _collection(kind: Any, name: str, empty: Callable[[], Any]) -> tuple[Any, Any, Any]:
    def param(obj: Any, param_name: str, of_type: Any = None, additional_message: str | None = None) -> Any:
        text = kind in (Sequence, Iterable) and isinstance(obj, (str, bytes))
        if text or not isinstance(obj, (set, frozenset) if kind is set else kind):
            if text:
                what = (
                    f"{type(obj).__name__} is a disallowed Sequence type due to its likeliness to cause bugs."
                )
                additional_message = f"{what}{_and(additional_message)}"
            raise _mismatch(obj, kind, param_name, additional_message)
        return _items(obj, of_type, name)

    def opt_param(obj: Any, *args: Any, **kwargs: Any) -> Any:
        return empty() if obj is None else param(obj, *args, **kwargs)

    def opt_nullable_param(obj: Any, *args: Any, **kwargs: Any) -> Any:
        return None if obj is None else param(obj, *args, **kwargs)

    return param, opt_param, opt_nullable_param


bool_param, opt_bool_param = _scalar(bool)
float_param, opt_float_param = _scalar(float)
int_param, opt_int_param = _scalar(int)
numeric_param, opt_numeric_param = _scalar((int, float))
str_param, opt_str_param = _scalar(str)
generator_param, opt_generator_param = _scalar(Generator)
iterator_param, _ = _scalar(Iterator)
bool_elem, opt_bool_elem = _element(bool, False), _element(bool, True)
dict_elem, opt_nullable_dict_elem = _element(dict, False), _element(dict, True)
float_elem, opt_float_elem = _element(float, False), _element(float, True)
int_elem, opt_int_elem = _element(int, False), _element(int, True)
list_elem, _opt_list_elem = _element(list, False), _element(list, True)
str_elem, opt_str_elem = _element(str, False), _element(str, True)
dict_param, opt_dict_param, opt_nullable_dict_param = _mapping(dict)
mapping_param, opt_mapping_param, opt_nullable_mapping_param = _mapping(Mapping)
list_param, opt_list_param, opt_nullable_list_param = _collection(list, "list", list)
set_param, opt_set_param, opt_nullable_set_param = _collection(set, "set", set)
abstract_set_param, opt_abstract_set_param, opt_nullable_abstract_set_param = _collection(
    AbstractSet, "set", set
)
sequence_param, opt_sequence_param, opt_nullable_sequence_param = _collection(Sequence, "sequence", list)
iterable_param, opt_iterable_param, opt_nullable_iterable_param = _collection(Iterable, "iterable", list)


def opt_dict_elem(ddict: Mapping[str, Any], key: str, additional_message: str | None = None) -> Any:
    value = opt_nullable_dict_elem(ddict, key, additional_message)
    return {} if value is None else value


def opt_list_elem(ddict: Mapping[str, Any], key: str, additional_message: str | None = None) -> Any:
    value = _opt_list_elem(ddict, key, additional_message)
    return [] if value is None else value


def opt_nonempty_str_param(
    obj: Any, param_name: str, default: str | None = None, additional_message: str | None = None
) -> str | None:
    return opt_str_param(obj, param_name, None, additional_message) or default


def path_param(obj: Any, param_name: str, additional_message: str | None = None) -> str:
    import os

    if not isinstance(obj, (str, os.PathLike)):
        raise _mismatch(obj, (str, os.PathLike), param_name, additional_message)
    return os.fspath(obj)


def opt_path_param(
    obj: Any, param_name: str, default: Any = None, additional_message: str | None = None
) -> str | None:
    return default if obj is None else path_param(obj, param_name, additional_message)


def callable_param(obj: Any, param_name: str, additional_message: str | None = None) -> Any:
    if not callable(obj):
        raise ParameterCheckError(
            f'Param "{param_name}" is not callable. Got {obj!r} with type'
            f" {type(obj)}.{_and(additional_message)}"
        )
    return obj


def opt_callable_param(
    obj: Any, param_name: str, default: Any = None, additional_message: str | None = None
) -> Any:
    return default if obj is None else callable_param(obj, param_name, additional_message)


def class_param(
    obj: Any, param_name: str, superclass: type | None = None, additional_message: str | None = None
) -> Any:
    if not isinstance(obj, type) or (superclass is not None and not issubclass(obj, superclass)):
        of = f" that inherits from {superclass.__name__}" if superclass else ""
        raise ParameterCheckError(
            f'Param "{param_name}" must be a class{of}. Got {obj!r} of type'
            f" {type(obj)}.{_and(additional_message)}"
        )
    return obj


def opt_class_param(
    obj: Any,
    param_name: str,
    default: Any = None,
    superclass: type | None = None,
    additional_message: str | None = None,
) -> Any:
    return default if obj is None else class_param(obj, param_name, superclass, additional_message)


def inst_param(obj: Any, param_name: str, ttype: Any, additional_message: str | None = None) -> Any:
    if not isinstance(obj, ttype):
        raise _mismatch(obj, ttype, param_name, additional_message)
    return obj


def opt_inst_param(
    obj: Any, param_name: str, ttype: Any, default: Any = None, additional_message: str | None = None
) -> Any:
    return default if obj is None else inst_param(obj, param_name, ttype, additional_message)


def inst(obj: Any, ttype: Any, additional_message: str | None = None) -> Any:
    if not isinstance(obj, ttype):
        raise CheckError(
            f"Object {obj!r} is not {_label(ttype)}. Got {obj!r} with type"
            f" {type(obj)}.{_and(additional_message)}"
        )
    return obj


def opt_inst(obj: Any, ttype: Any, default: Any = None, additional_message: str | None = None) -> Any:
    return default if obj is None else inst(obj, ttype, additional_message)


def is_list(obj_list: Any, of_type: Any = None, additional_message: str | None = None) -> Any:
    return _items(inst(obj_list, list, additional_message), of_type, "list")


def is_dict(
    obj: Any, key_type: Any = None, value_type: Any = None, additional_message: str | None = None
) -> Any:
    return _entries(inst(obj, dict, additional_message), dict, key_type, value_type)


def is_callable(obj: Any, additional_message: str | None = None) -> Any:
    if not callable(obj):
        raise CheckError(f"Must be callable. Got {obj}.{_and(additional_message)}")
    return obj


def is_iterable(obj: Any, of_type: Any = None, additional_message: str | None = None) -> Any:
    return _items(inst(obj, Iterable, additional_message), of_type, "iterable")


def literal_param(
    obj: Any, param_name: str, values: Sequence[object], additional_message: str | None = None
) -> Any:
    if obj not in values:
        raise ParameterCheckError(
            f'Param "{param_name}" is not equal to one of {values}. Got {obj!r}.{_and(additional_message)}'
        )
    return obj


def opt_literal_param(
    obj: Any, param_name: str, values: Sequence[object], additional_message: str | None = None
) -> Any:
    return None if obj is None else literal_param(obj, param_name, values, additional_message)


def not_none_param(obj: Any, param_name: str, additional_message: str | None = None) -> Any:
    if obj is None:
        raise ParameterCheckError(f'Param "{param_name}" cannot be None.{_and(additional_message)}')
    return obj


def not_none(value: Any, additional_message: str | None = None) -> Any:
    if value is None:
        raise CheckError(f"Expected non-None value.{_and(additional_message)}")
    return value


def tuple_param(
    obj: Any,
    param_name: str,
    of_type: Any = None,
    of_shape: tuple[Any, ...] | None = None,
    of_size: int | None = None,
    additional_message: str | None = None,
) -> Any:
    if not isinstance(obj, tuple):
        raise _mismatch(obj, tuple, param_name, additional_message)
    size = len(of_shape) if of_shape is not None else of_size
    if size is not None and len(obj) != size:
        raise CheckError(f"Tuple mismatches length. Expected {size}, got {len(obj)}.")
    for item, kind in zip(obj, of_shape or ()):
        if not isinstance(item, kind):
            raise CheckError(
                f"Member of tuple mismatches type. Expected {kind}. Got {item!r} of type {type(item)}."
            )
    return _items(obj, of_type, "tuple")


def opt_tuple_param(obj: Any, param_name: str, default: Any = (), **kwargs: Any) -> Any:
    return default if obj is None else tuple_param(obj, param_name, **kwargs)


def opt_nullable_tuple_param(obj: Any, *args: Any, **kwargs: Any) -> Any:
    return None if obj is None else tuple_param(obj, *args, **kwargs)


def param_invariant(condition: Any, param_name: str, desc: str | None = None) -> None:
    if not condition:
        raise ParameterCheckError(f"Invariant violation for parameter {param_name}. Description: {desc}")


def invariant(condition: Any, desc: str | None = None) -> bool:
    if not condition:
        raise CheckError(f"Invariant failed. Description: {desc}" if desc else "Invariant failed.")
    return True


def failed(desc: str) -> NoReturn:
    raise CheckError(f"Failure condition: {desc}")


def assert_never(value: Any) -> NoReturn:
    failed(f"Unhandled value: {value} ({type(value).__name__})")


def not_implemented(desc: str) -> NoReturn:
    raise NotImplementedCheckError(f"Not implemented: {desc}")
