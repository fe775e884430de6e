"""Functions of schedules and sensors: what they take, and calling them."""

from __future__ import annotations

from treadle._assets.signature import Signature
from treadle._errors import DagsterInvalidDefinitionError, DagsterInvalidInvocationError
from treadle._resources.context import as_given
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from treadle._typing import UserFn


class EvaluationFunction:
    """A user's function with the roles of its parameters: the context (any first parameter without the
    annotation of a resource), further ones filled by the caller, and resources."""

    __slots__ = ("extra", "fn", "names", "resources", "what")

    def __init__(self, fn: UserFn, what: str, extra: Iterable[str] = (), most: int = 1) -> None:
        self.fn = fn
        self.what = what
        signature = Signature(fn, what)
        names = (["context"] if signature.takes_context else []) + list(signature.values)
        if signature.takes_context:
            import inspect

            names[0] = next(iter(inspect.signature(fn).parameters))
        if signature.config is not None:
            names.append("config")
        self.names = names
        self.resources = dict(signature.resources or {})
        self.extra = tuple(extra)
        if len(names) > most:
            raise DagsterInvalidDefinitionError(
                f"{what} must take at most {most} argument{'s' if most > 1 else ''} beside its resources:"
                f" it takes {', '.join(names)}."
            )

    def call(self, context: Any, *others: Any, given: Mapping[str, Any] | None = None) -> Any:
        arguments = dict(zip(self.names, (context, *others)))
        given = dict(given or {})
        for parameter, key in self.resources.items():
            if parameter in given:
                arguments[parameter] = given.pop(parameter)
                continue
            if key not in context.resource_defs:
                raise DagsterInvalidDefinitionError(
                    f"Resource with key '{key}' required by {self.what[:1].lower()}{self.what[1:]} was not"
                    " provided."
                )
            arguments[parameter] = as_given(context.resources, key)
        if given:
            raise DagsterInvalidInvocationError(f"{self.what} has no parameter {next(iter(given))!r}.")
        return self.fn(**arguments)

    def _too_many(self) -> str:
        return (
            f"{self.what.partition(' ')[0]} invocation received multiple non-resource arguments. Only a first"
            " positional context parameter should be provided when invoking."
        )

    def find_context(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], cls: type, build: Any
    ) -> tuple[Any, dict[str, Any]]:
        """The context of a direct call, and the other named arguments."""
        if args:
            if len(args) > 1:
                raise DagsterInvalidInvocationError(self._too_many())
            if any(name in kwargs for name in self.names[:1]):
                raise DagsterInvalidInvocationError(self._too_many())
            context = args[0]
            if context is None and self.names:
                return build(), kwargs
        else:
            context = None
            for name in self.names[:1]:
                if name in kwargs:
                    context = kwargs.pop(name)
        if context is None:
            kind = self.what.partition(" ")[0]
            others = [k for k in kwargs if k not in self.resources]
            if self.names and others:
                raise DagsterInvalidInvocationError(f"{kind} invocation expected argument '{self.names[0]}'.")
            if self.names:
                raise DagsterInvalidInvocationError(
                    f"{kind} evaluation function expected context argument, but no context argument was"
                    f" provided when invoking. Make one with {build.__name__}()."
                )
            return build(), kwargs
        if not isinstance(context, cls):
            raise DagsterInvalidInvocationError(
                f"{self.what} was called with {context!r}, which is no {cls.__name__}. Make one with"
                f" {build.__name__}()."
            )
        return context, kwargs


def as_list(result: Any) -> list[Any]:
    """What a function returned or yielded, one by one."""
    if result is None:
        return []
    if isinstance(result, (list, tuple)):
        return list(result)
    if hasattr(result, "__next__"):
        told = []
        while True:
            try:
                told.append(next(result))
            except StopIteration as end:
                return told if end.value is None else [*told, end.value]
    return [result]
