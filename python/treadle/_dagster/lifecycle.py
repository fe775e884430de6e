"""Marks on functions and classes that say how far they can be relied on: what libraries for Dagster put on
their own (`from dagster._annotations import beta, deprecated, public`).

A mark is kept on the object, and warns when a function is called or a class is made.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from functools import partial, wraps
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from treadle._dagster import warnings as told
from treadle._dagster.check import invariant

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

T = TypeVar("T")
PUBLIC = "public"
PublicAttr = Annotated[T, PUBLIC]


@dataclass
class PreviewInfo:
    additional_warn_text: str | None = None
    subject: str | None = None


@dataclass
class BetaInfo:
    additional_warn_text: str | None = None
    subject: str | None = None


@dataclass
class SupersededInfo:
    additional_warn_text: str | None = None
    subject: str | None = None


@dataclass
class DeprecatedInfo:
    breaking_version: str
    additional_warn_text: str | None = None
    subject: str | None = None


def _bearer(marked: Any) -> Any:
    """What can carry an attribute: the function inside a property, static method or class method."""
    if isinstance(marked, property):
        return marked.fget
    return marked.__func__ if isinstance(marked, (staticmethod, classmethod)) else marked


def _name_of(marked: Any, param: str | None = None) -> str:
    name = getattr(_bearer(marked), "__qualname__", repr(marked))
    if param is not None and isinstance(marked, type):
        return f"Parameter `{param}` of initializer `{name}.__init__`"
    if param is not None:
        kind = _name_of(marked)
        return f"Parameter `{param}` of {kind[:1].lower()}{kind[1:]}"
    if isinstance(marked, type):
        return f"Class `{name}`"
    kinds = ((property, "Property"), (classmethod, "Class method"), (staticmethod, "Static method"))
    kind = next((text for type_, text in kinds if isinstance(marked, type_)), "Function")
    return f"{kind} `{name}`"


def _warn_before(marked: Any, warn: Callable[..., object]) -> Any:
    """The same thing, which calls `warn` with the arguments before it does its work."""
    if isinstance(marked, type):
        made = marked.__init__  # type: ignore[misc]

        @wraps(made)
        def initialise(self: Any, *args: Any, **kwargs: Any) -> None:
            if type(self) is marked or made is type(self).__dict__.get("__init__"):
                warn(*args, **kwargs)
            made(self, *args, **kwargs)

        marked.__init__ = initialise  # type: ignore[misc]
        return marked
    if isinstance(marked, property):
        return property(_warn_before(marked.fget, warn), marked.fset, marked.fdel, marked.__doc__)
    if isinstance(marked, (staticmethod, classmethod)):
        return type(marked)(_warn_before(marked.__func__, warn))
    if hasattr(type(marked), "process") and hasattr(marked, "_resource_fn"):  # a ResourceDefinition
        marked._resource_fn = _warn_before(marked._resource_fn, warn)
        return marked
    if not callable(marked) or not hasattr(marked, "__name__"):
        return marked

    @wraps(marked)
    def call(*args: Any, **kwargs: Any) -> Any:
        warn(*args, **kwargs)
        return marked(*args, **kwargs)

    return call


def _also_with_arguments(mark: Callable[..., Any]) -> Callable[..., Any]:
    """`@beta` as well as `@beta(subject=...)`."""

    @wraps(mark)
    def decorate(marked: Any = None, **told: Any) -> Any:
        return partial(mark, **told) if marked is None else mark(marked, **told)

    return decorate


def _mark(
    attribute: str,
    info: Any,
    warn: Callable[..., None],
    marked: Any,
    subject: str | None,
    more: str | None,
    emit: bool,
) -> Any:
    setattr(_bearer(marked), attribute, info)
    if not emit:
        return marked
    text = subject or _name_of(marked)
    return _warn_before(marked, lambda *_, **__: warn(subject=text, additional_warn_text=more, stacklevel=4))


@_also_with_arguments
def preview(
    marked: Any,
    *,
    additional_warn_text: str | None = None,
    subject: str | None = None,
    emit_runtime_warning: bool = True,
) -> Any:
    """May change in any release."""
    info = PreviewInfo(additional_warn_text, subject)
    warn = told.preview_warning
    return _mark("_preview", info, warn, marked, subject, additional_warn_text, emit_runtime_warning)


@_also_with_arguments
def beta(
    marked: Any,
    *,
    additional_warn_text: str | None = None,
    subject: str | None = None,
    emit_runtime_warning: bool = True,
) -> Any:
    """May change in a minor release."""
    info = BetaInfo(additional_warn_text, subject)
    return _mark(
        "_beta", info, told.beta_warning, marked, subject, additional_warn_text, emit_runtime_warning
    )


@_also_with_arguments
def superseded(
    marked: Any,
    *,
    additional_warn_text: str | None = None,
    subject: str | None = None,
    emit_runtime_warning: bool = True,
) -> Any:
    """There is something newer."""
    info = SupersededInfo(additional_warn_text, subject)
    warn = told.supersession_warning
    return _mark("_superseded", info, warn, marked, subject, additional_warn_text, emit_runtime_warning)


@_also_with_arguments
def deprecated(
    marked: Any,
    *,
    breaking_version: str,
    additional_warn_text: str | None = None,
    subject: str | None = None,
    emit_runtime_warning: bool = True,
) -> Any:
    """Goes away in `breaking_version`."""
    info = DeprecatedInfo(breaking_version, additional_warn_text, subject)
    warn = partial(told.deprecation_warning, breaking_version=breaking_version)
    return _mark("_deprecated", info, warn, marked, subject, additional_warn_text, emit_runtime_warning)


def _has_param(marked: Any, param: str) -> bool:
    function = vars(marked).get("__init__", marked) if isinstance(marked, type) else _bearer(marked)
    parameters = inspect.signature(function).parameters
    return param in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values())


def _mark_param(
    attribute: str, marked: Any, param: str, info: Any, warn: Callable[..., None], emit: bool, word: str
) -> Any:
    invariant(_has_param(marked, param), f"Attempted to mark undefined parameter `{param}` {word}.")
    bearer = _bearer(marked)
    setattr(bearer, attribute, {**getattr(bearer, attribute, {}), param: info})
    if not emit:
        return marked
    subject = _name_of(marked, param)

    def warn_if_given(*_: Any, **kwargs: Any) -> None:
        if kwargs.get(param) is not None:
            warn(subject=subject, additional_warn_text=info.additional_warn_text, stacklevel=4)

    return _warn_before(marked, warn_if_given)


@_also_with_arguments
def beta_param(
    marked: Any,
    *,
    param: str,
    additional_warn_text: str | None = None,
    emit_runtime_warning: bool = True,
) -> Any:
    """One parameter may change in a minor release."""
    info = BetaInfo(additional_warn_text)
    return _mark_param("_beta_params", marked, param, info, told.beta_warning, emit_runtime_warning, "beta")


@_also_with_arguments
def deprecated_param(
    marked: Any,
    *,
    param: str,
    breaking_version: str,
    additional_warn_text: str | None = None,
    emit_runtime_warning: bool = True,
) -> Any:
    """One parameter goes away in `breaking_version`."""
    info = DeprecatedInfo(breaking_version, additional_warn_text)
    warn = partial(told.deprecation_warning, breaking_version=breaking_version)
    return _mark_param("_deprecated_params", marked, param, info, warn, emit_runtime_warning, "deprecated")


@_also_with_arguments
def hidden_param(
    marked: Any,
    *,
    param: str,
    breaking_version: str,
    additional_warn_text: str | None = None,
    emit_runtime_warning: bool = True,
) -> Any:
    """A deprecated parameter that the signature does not show: it arrives in `**kwargs`."""
    return deprecated_param(
        marked,
        param=param,
        breaking_version=breaking_version,
        additional_warn_text=additional_warn_text,
        emit_runtime_warning=emit_runtime_warning,
    )


def only_allow_hidden_params_in_kwargs(annotatable: Any, kwargs: Mapping[str, Any]) -> None:
    """TypeError for a keyword that is no deprecated parameter."""
    for param in kwargs:
        if param not in getattr(_bearer(annotatable), "_deprecated_params", {}):
            raise TypeError(f"{annotatable.__name__} got an unexpected keyword argument '{param}'")


def public(obj: Any) -> Any:
    """For users, as the documentation shows it."""
    _bearer(obj)._is_public = True
    return obj


def is_public(obj: Any) -> bool:
    """Of a class only its own mark counts, not the one of a base."""
    if isinstance(obj, type):
        return bool(vars(obj).get("_is_public", False))
    return bool(getattr(_bearer(obj), "_is_public", False))


def is_preview(obj: Any) -> bool:
    return hasattr(_bearer(obj), "_preview")


def is_beta(obj: Any) -> bool:
    return hasattr(_bearer(obj), "_beta")


def is_superseded(obj: Any) -> bool:
    return hasattr(_bearer(obj), "_superseded")


def is_deprecated(obj: Any) -> bool:
    return hasattr(_bearer(obj), "_deprecated")


def get_preview_info(obj: Any) -> PreviewInfo:
    info: PreviewInfo = _bearer(obj)._preview
    return info


def get_beta_info(obj: Any) -> BetaInfo:
    info: BetaInfo = _bearer(obj)._beta
    return info


def get_superseded_info(obj: Any) -> SupersededInfo:
    info: SupersededInfo = _bearer(obj)._superseded
    return info


def get_deprecated_info(obj: Any) -> DeprecatedInfo:
    info: DeprecatedInfo = _bearer(obj)._deprecated
    return info


def has_beta_params(obj: Any) -> bool:
    return hasattr(_bearer(obj), "_beta_params")


def is_beta_param(obj: Any, param_name: str) -> bool:
    return param_name in getattr(_bearer(obj), "_beta_params", {})


def get_beta_param_info(obj: Any, param_name: str) -> BetaInfo:
    info: BetaInfo = _bearer(obj)._beta_params[param_name]
    return info


def has_deprecated_params(obj: Any) -> bool:
    return hasattr(_bearer(obj), "_deprecated_params")


def is_deprecated_param(obj: Any, param_name: str) -> bool:
    return param_name in getattr(_bearer(obj), "_deprecated_params", {})


def get_deprecated_param_info(obj: Any, param_name: str) -> DeprecatedInfo:
    info: DeprecatedInfo = _bearer(obj)._deprecated_params[param_name]
    return info
