"""Functions of schedules and sensors: what they take, and calling them."""

from __future__ import annotations

from treadle._assets.signature import check_resource, is_resource, parameters_of, with_locals
from treadle._errors import (
    CheckError,
    DagsterError,
    DagsterInvalidDefinitionError,
    DagsterInvalidInvocationError,
    DagsterUserCodeExecutionError,
)
from treadle._resources.context import as_given
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from treadle._typing import UserFn


class EvaluationFunction:
    """A user's function with the roles of its parameters. Those annotated with a resource receive it,
    wherever they stand; of the others the first is the context, whatever its name, and further ones are
    filled by what calls the function (an asset sensor's event).
    """

    __slots__ = ("fn", "names", "required", "resources", "what")

    def __init__(self, fn: UserFn, what: str, most: int = 1, required: Iterable[str] = ()) -> None:
        self.fn = fn
        self.what = what
        names, _, annotations = parameters_of(fn, what)
        annotations = with_locals(fn, annotations)
        scope = getattr(fn, "__globals__", {})
        annotated = {n for n in names if n in annotations and is_resource(annotations[n], scope)}
        for name in annotated:
            check_resource(name, annotations[name], scope)
        self.resources = [n for n in names if n in annotated]
        self.names = [n for n in names if n not in annotated]
        self.required = frozenset(required)
        if len(self.names) > most:
            raise DagsterInvalidDefinitionError(
                f"{what} must take at most {most} argument{'s' if most > 1 else ''} beside its resources:"
                f" it takes {', '.join(self.names)}."
            )

    @property
    def kind(self) -> str:
        return self.what.partition(" ")[0].capitalize()

    def call(self, context: Any, *others: Any) -> Any:
        arguments = dict(zip(self.names, (context, *others)))
        for key in (*self.resources, *self.required):
            if key not in context.resource_defs:
                raise DagsterInvalidDefinitionError(
                    f"Resource with key '{key}' required by {self.what} was not provided."
                )
        if self.resources or self.required:
            resources = context.resources
            arguments.update((key, as_given(resources, key)) for key in self.resources)
        return self.fn(**arguments)

    def find_context(
        self,
        args: tuple[Any, ...],
        kwargs: Mapping[str, Any],
        cls: type,
        built_by: str,
        empty: Callable[[], Any],
    ) -> Any:
        """The context of a direct call, in which named arguments are its resources; `empty()` for functions
        that take none.
        """
        others = [k for k in kwargs if k not in self.resources]
        if len(args) + len(others) > 1:
            raise DagsterInvalidInvocationError(
                f"{self.kind} invocation received multiple non-resource arguments. Only a first positional"
                " context parameter should be provided when invoking."
            )
        if args and not isinstance(args[0], cls) and _could_be_resource(args[0]):
            raise DagsterInvalidInvocationError(
                f"If directly invoking a {self.kind.lower()}, you may not provide resources as positional"
                " arguments, only as keyword arguments."
            )
        name = self.names[0] if self.names else "context"
        context: Any = args[0] if args else kwargs.get(name)
        if not args and self.names and name not in kwargs:
            raise DagsterInvalidInvocationError(
                f"{self.kind} invocation expected argument '{name}'."
                if kwargs
                else f"{self.kind} evaluation function expected context argument, but no context argument was"
                f" provided when invoking. Make one with {built_by}()."
            )
        if context is None:
            context = empty()
        elif not isinstance(context, cls):
            raise CheckError(
                f"{self.what} was called with {context!r}, which is no {cls.__name__}. Make one with"
                f" {built_by}()."
            )
        given = {k: v for k, v in kwargs.items() if k in self.resources}
        return context.merge_resources(given) if given else context


def _could_be_resource(value: Any) -> bool:
    from treadle._resources.definition import ResourceDefinition

    return isinstance(value, ResourceDefinition) or getattr(type(value), "_treadle_resource", False) is True


class told_as:  # noqa: N801 - used as a function
    """What user code raises inside is raised as an error of this kind, which says where it happened."""

    def __init__(self, error: type[DagsterUserCodeExecutionError], message: str) -> None:
        self._error = error
        self._message = message

    def __enter__(self) -> None: ...

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if isinstance(error, Exception) and not isinstance(error, DagsterError):
            raise self._error(self._message, user_exception=error) from error


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
