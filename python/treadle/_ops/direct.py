"""What a direct call of an op gives back, checked as an execution of the op would check it."""

from __future__ import annotations

from treadle._assets.specs import NoValue
from treadle._errors import DagsterInvariantViolationError, DagsterTypeCheckDidNotPass
from treadle._events.events import AssetCheckResult, AssetMaterialization, AssetObservation, Output
from treadle._events.expectation import ExpectationResult
from treadle._ops.ops import DynamicOutput
from treadle._types.types import label_of
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from typing import Any

    from treadle._ops.ops import OpDefinition
    from treadle._ops.steps import OpPlan

_FACTS = (AssetMaterialization, AssetObservation, ExpectationResult, AssetCheckResult)


class DirectResult:
    """Checks what one call hands over. A generator stays one: each value is checked when it comes."""

    def __init__(
        self, op: OpDefinition, plan: OpPlan, name: str, observe: Callable[..., None] | None = None
    ) -> None:
        self._op = op
        self._observe = observe  # is told which outputs came
        self._plan = plan
        self._what = f'op "{name}"'
        self._name = name
        self._seen: set[str] = set()

    def of(self, result: Any) -> Any:
        from inspect import isasyncgen, iscoroutine, isgenerator

        if isgenerator(result):
            return self._generator(result)
        if isasyncgen(result):
            return self._async_generator(result)
        if iscoroutine(result):
            return self._awaited(result)
        self._returned(result)
        return result

    def _generator(self, results: Iterator[Any]) -> Iterator[Any]:
        for one in results:
            self._yielded(one)
            yield one
        self._complete()

    async def _async_generator(self, results: AsyncIterator[Any]) -> AsyncIterator[Any]:
        async for one in results:
            self._yielded(one)
            yield one
        self._complete("'")

    async def _awaited(self, result: Any) -> Any:
        value = await result
        self._returned(value)
        return value

    def _yielded(self, one: Any) -> None:
        if isinstance(one, _FACTS):
            return
        if not isinstance(one, (Output, DynamicOutput)):
            raise DagsterInvariantViolationError(
                "When yielding outputs from a op generator, they should be wrapped in an `Output` object."
            )
        names = [o.name for o in self._op._outputs]
        if one.output_name not in names:
            raise DagsterInvariantViolationError(
                f"Invocation of {self._what} returned an output '{one.output_name}' that does not exist. The"
                f" available outputs are {names}"
            )
        index = names.index(one.output_name)
        if one.output_name in self._seen and not self._op._outputs[index].is_dynamic:
            raise DagsterInvariantViolationError(
                f"Invocation of op '{self._name}' yielded an output '{one.output_name}' multiple times."
            )
        self._check(index, one.value, getattr(one, "mapping_key", None))

    def _complete(self, quote: str = '"') -> None:
        for output in self._op._outputs:
            if output.name in self._seen or not output.required or output.is_dynamic:
                continue
            if output.stores_value:
                raise DagsterInvariantViolationError(
                    f"Invocation of op {quote}{self._name}{quote} did not return an output for non-optional"
                    f" output {quote}{output.name}{quote}"
                )

    def _check(self, index: int, value: Any, mapping_key: str | None = None) -> None:
        output = self._op._outputs[index]
        self._seen.add(output.name)
        if self._observe is not None:
            self._observe(output.name, mapping_key)
        expected = self._plan.output_types[index]
        wrong = expected.misfit(value) if expected is not None and output.stores_value else None
        if wrong is not None:
            raise DagsterTypeCheckDidNotPass.of(
                f'Type check failed for {self._what} output "{output.name}" - expected type'
                f' "{label_of(expected)}". Description: {wrong}',
                wrong,
            )

    def _returned(self, result: Any) -> None:
        outputs = self._op._outputs
        if isinstance(result, (AssetMaterialization, ExpectationResult)):
            raise DagsterInvariantViolationError(
                f"Error in {self._what}: If you are returning an AssetMaterialization or an"
                " ExpectationResult from op you must yield them directly, or log them using the"
                " context.log_event method to avoid ambiguity with an implied result from returning a value."
                " Check out the docs on logging events here:"
                " https://legacy-docs.dagster.io/concepts/ops-jobs-graphs/op-events#op-events-and-exceptions"
            )
        if isinstance(result, _FACTS):
            return
        if not outputs:
            if result is not None:
                raise DagsterInvariantViolationError(
                    f"Error in {self._what}: Unexpectedly returned output of type {type(result)}. Op is"
                    " explicitly defined to return no results."
                )
            return
        elements = [result] if len(outputs) == 1 else self._tuple(result)
        for index, element in enumerate(elements):
            if outputs[index].is_dynamic:
                self._dynamic(index, element)
                continue
            check_wrapping(self._what, outputs[index], self._plan.wrapped[index], element)
            if isinstance(element, Output):
                self._check_name(index, element)
            self._check(index, element.value if isinstance(element, Output) else element)

    def _tuple(self, result: Any) -> Any:
        outputs = self._op._outputs
        if not any(o.stores_value for o in outputs) and result is None:
            return [None] * len(outputs)
        if not isinstance(result, tuple):
            raise DagsterInvariantViolationError(
                f"{self._what} has multiple outputs, but only one output was returned of type"
                f" {type(result)}. When using multiple outputs, either yield each output, or return a tuple"
                " containing a value for each output. Check out the documentation on outputs for more:"
                " https://legacy-docs.dagster.io/concepts/ops-jobs-graphs/ops#outputs."
            )
        if len(result) != len(outputs):
            raise DagsterInvariantViolationError(
                "Length mismatch between returned tuple of outputs and number of output defs on"
                f" {self._what}. Output tuple has {len(result)} outputs, while op has {len(outputs)} outputs."
            )
        return result

    def _dynamic(self, index: int, element: Any) -> None:
        name = self._op._outputs[index].name
        what = f"Error with output for {self._what}: dynamic output '{name}'"
        for item in dynamic_items(what, index, element):
            self._check_name(index, item)
            self._check(index, item.value, item.mapping_key)

    def _check_name(self, index: int, element: Any) -> None:
        name = self._op._outputs[index].name
        if element.output_name not in ("result", name):
            raise DagsterInvariantViolationError(
                f"Bad state: Output was explicitly named '{element.output_name}', which does not match the"
                f" output definition specified for position {index}: '{name}'."
            )


def dynamic_items(what: str, index: int, element: Any) -> Iterator[DynamicOutput[Any]]:
    """What is returned for the dynamic output at `index`, one by one; refused when it is no list of
    `DynamicOutput`. `what` begins the sentence.
    """
    if not isinstance(element, list):
        raise DagsterInvariantViolationError(
            f"{what} expected a list of DynamicOutput objects, but instead received instead an object of"
            f" type {type(element)}."
        )
    for item in element:
        if not isinstance(item, DynamicOutput):
            raise DagsterInvariantViolationError(
                f"{what} at position {index} expected a list of DynamicOutput objects, but received an"
                f" item with type {type(item)}."
            )
        yield item


def check_wrapping(what: str, output: Any, wrapped: bool | None, element: Any) -> None:
    """A function annotated with `Output` returns one, and a function with another annotation none. `wrapped`:
    what the annotation says; None where there is none.
    """
    if wrapped and not isinstance(element, Output):
        raise DagsterInvariantViolationError(
            f"Error with output for {what}: output '{output.name}' has generic output annotation, but did not"
            f" receive an Output object for this output. Received instead an object of type {type(element)}."
        )
    if wrapped is False and isinstance(element, Output):
        annotation = output.annotation
        raise DagsterInvariantViolationError(
            f"Error with output for {what}: received Output object for output '{output.name}' which does not"
            f" have an Output annotation. Annotation has type {annotation}."
        )


def is_wrapped(annotation: Any) -> bool | None:
    """Whether an annotation is `Output` or `Output[...]`; None where there is none."""
    if annotation is NoValue or annotation is None:
        return None
    return annotation is Output or getattr(annotation, "__origin__", None) is Output
