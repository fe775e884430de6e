"""What a decorated function takes and gives back. Read from its code object: `inspect.signature` is fifty
times slower.
"""

from __future__ import annotations

import builtins

from treadle._assets.specs import Nothing, NoValue
from treadle._errors import DagsterInvalidDefinitionError
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from treadle._typing import UserFn

CONTEXT_NAMES = frozenset(("_", "context", "_context", "context_"))
_VARARGS, _VARKEYWORDS = 0x04, 0x08
_FunctionType = type(lambda: None)
_BUILTIN_TYPES = {
    n: getattr(builtins, n)
    for n in ("int", "float", "str", "bool", "bytes", "list", "dict", "tuple", "set", "object")
}


_GENERATES = 0x20 | 0x200  # inspect.CO_GENERATOR, CO_ASYNC_GENERATOR


class Signature:
    """Parameters by role. `values`: those that receive the value of an asset, with their annotations."""

    __slots__ = ("config", "has_kwargs", "resources", "returns", "takes_context", "values")

    def __init__(self, fn: UserFn, what: str, ins: frozenset[str] = frozenset()) -> None:
        names, self.has_kwargs, annotations = parameters_of(fn, what)
        annotations = with_locals(fn, annotations)
        self.takes_context = bool(names) and names[0] in CONTEXT_NAMES and names[0] not in ins
        self.config: Any = None
        self.resources: dict[str, str] | None = None
        self.values: dict[str, Any] = {}
        code = getattr(fn, "__code__", None)
        # Of a generator it is about the generator: nothing is said of what it yields.
        generates = code is not None and code.co_flags & _GENERATES
        self.returns = annotations.get("return", NoValue) if annotations and not generates else NoValue
        scope = getattr(fn, "__globals__", {})
        if self.takes_context and annotations and names[0] in annotations:
            _check_context(annotations[names[0]], scope)
        for name in names[1:] if self.takes_context else names:
            if name == "context":
                raise DagsterInvalidDefinitionError(
                    f'{what}: "context" must be the first parameter, or a parameter of another name must'
                    " be used."
                )
            annotation = annotations.get(name) if annotations else None
            if annotation is not None and name not in ins and is_resource(annotation, scope):
                check_resource(name, annotation, scope)
                self.resources = self.resources or {}
                self.resources[name] = name
            elif name == "config" and name not in ins:
                self.config = annotation if annotation is not None else dict
            else:
                self.values[name] = annotation


def _check_context(annotation: Any, scope: Mapping[str, Any]) -> None:
    found = resolve(annotation, scope)
    general = found is object or getattr(found, "__module__", "") == "typing"
    if isinstance(found, type) and not general and not hasattr(found, "_treadle_context"):
        raise DagsterInvalidDefinitionError(
            f"Cannot annotate `context` parameter with type {annotation}. `context` must be annotated with"
            " AssetExecutionContext, AssetCheckExecutionContext, OpExecutionContext, or left blank."
        )


def context_annotation(fn: UserFn) -> Any:
    """The class that the function's first parameter is annotated with; None where it is with none."""
    names, _, annotations = parameters_of(fn, "The function")
    return resolve(annotations.get(names[0]), getattr(fn, "__globals__", {})) if names else None


def parameters_of(fn: UserFn, what: str) -> tuple[tuple[str, ...], bool, Mapping[str, Any]]:
    if type(fn) is _FunctionType and "__wrapped__" not in fn.__dict__:
        code = fn.__code__
        if code.co_flags & _VARARGS:
            raise _positional(what, "*args")
        if code.co_posonlyargcount > 1:
            raise _positional(what, "positional-only parameters")
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        try:
            annotations = fn.__annotations__
        except NameError:  # evaluated late (Python 3.14), and they name what only type checkers know
            from annotationlib import (  # type: ignore[import-not-found]
                Format,
                get_annotations,
            )

            annotations = get_annotations(fn, format=Format.FORWARDREF)
        return names, bool(code.co_flags & _VARKEYWORDS), annotations
    import inspect

    has_kwargs, listed = False, []
    annotations = {}
    for name, parameter in inspect.signature(fn).parameters.items():
        if parameter.kind is parameter.VAR_POSITIONAL:
            raise _positional(what, f"*{name}")
        if parameter.kind is parameter.VAR_KEYWORD:
            has_kwargs = True
            continue
        listed.append(name)
        if parameter.annotation is not parameter.empty:
            annotations[name] = parameter.annotation
    returned = inspect.signature(fn).return_annotation
    if returned is not inspect.Signature.empty:
        annotations["return"] = returned
    return tuple(listed), has_kwargs, annotations


def with_locals(fn: UserFn, annotations: Mapping[str, Any]) -> Mapping[str, Any]:
    """Annotations written as text (`from __future__ import annotations`) that name what the function around
    this one declares, as what they name: it can be found only now, while that function runs.
    """
    if not annotations or "<locals>" not in getattr(fn, "__qualname__", ""):
        return annotations
    scope = getattr(fn, "__globals__", {})
    lost = {n: a for n, a in annotations.items() if isinstance(a, str) and a != "None"}
    lost = {n: a for n, a in lost.items() if resolve(a, scope) is None}
    if not lost:
        return annotations
    import sys

    around: dict[str, Any] = {}
    frame = sys._getframe(2)
    while frame is not None:
        if frame.f_globals is scope:
            around = {**frame.f_locals, **around}
        frame = frame.f_back  # type: ignore[assignment]
    found = {n: resolve(a, {**scope, **around}) for n, a in lost.items()}
    return {**annotations, **{n: a for n, a in found.items() if a is not None}}


def _positional(what: str, parameter: str) -> DagsterInvalidDefinitionError:
    return DagsterInvalidDefinitionError(
        f"{what} decorated function has positional vararg parameter '{parameter}'. Decorated functions"
        " should only have keyword"
        " arguments that match input names and, if system information is required, a first positional"
        " parameter named 'context'."
    )


def is_resource(annotation: Any, scope: Mapping[str, Any]) -> bool:
    """Whether a parameter so annotated receives a resource: a ConfigurableResource, or ResourceParam[...]."""
    if isinstance(annotation, str):
        if annotation in _BUILTIN_TYPES or annotation == "None":
            return False
        annotation = resolve(annotation, scope)
    if isinstance(annotation, type):
        return getattr(annotation, "_treadle_resource", False) is True
    return "resource_param" in getattr(annotation, "__metadata__", ())


def check_resource(name: str, annotation: Any, scope: Mapping[str, Any]) -> None:
    """A class that makes something else for steps is not what the parameter receives."""
    cls = resolve(annotation, scope)
    if isinstance(cls, type) and getattr(cls, "_treadle_makes_other", False):
        raise DagsterInvalidDefinitionError(
            f"Resource param '{name}' is annotated as '{cls}', but '{cls}' outputs an unknown value to user"
            " code such as @ops and @assets. This annotation should instead be 'ResourceParam[Any]' or"
            " 'ResourceParam[<output type>]'"
        )


def resolve(annotation: Any, scope: Mapping[str, Any]) -> Any:
    """A string annotation as the object it names; None when it names nothing that can be found at run
    time.
    """
    if not isinstance(annotation, str):
        return annotation
    known = _BUILTIN_TYPES.get(annotation)
    if known is not None:
        return known
    try:
        return eval(annotation, dict(scope))
    except Exception:
        return None


def gives_nothing(annotation: Any) -> bool:
    """`-> None` and `-> Nothing`: the function hands over no value."""
    return annotation is None or annotation is Nothing or annotation == "None"
