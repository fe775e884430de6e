"""The partitions that a step computes or reads, as contexts answer for them."""

from __future__ import annotations

from treadle._errors import CheckError, DagsterInvariantViolationError
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from treadle import _core
    from treadle._partitions.keys import MultiPartitionKey, PartitionKeyRange
    from treadle._partitions.time import TimeWindow


class Slice:
    """Some partitions of one asset or job."""

    __slots__ = ("of", "partitions_def", "subset")

    def __init__(
        self, told: tuple[_core.PartitionSet, _core.PartitionSubset], partitions_def: Any = None
    ) -> None:
        self.of, self.subset = told
        if partitions_def is None:
            from treadle._partitions.mappings import wrap

            partitions_def = wrap(self.of)
        self.partitions_def = partitions_def

    @property
    def keys(self) -> Sequence[str]:
        keys: Sequence[str] = self.partitions_def._typed(self.of.keys_of(self.subset))
        return keys

    @property
    def key_range(self) -> PartitionKeyRange:
        from treadle._partitions.keys import PartitionKeyRange

        ranges = self.subset.ranges()
        # A product of ranges of dimensions is one range of keys, although not of numbers.
        first, last = ranges[0][0], ranges[-1][1] - 1
        if len(ranges) > 1 and self.of.range(self.of.key(first), self.of.key(last)) != self.subset:
            raise CheckError(
                "Tried to access asset partition key range, but there are "
                f"({len(ranges)}) key ranges associated with this input."
            )
        start, end = self.partitions_def._typed([self.of.key(first), self.of.key(last)])
        return PartitionKeyRange(start, end)

    @property
    def time_window(self) -> TimeWindow:
        from treadle._partitions.time import TimeWindow, from_micros

        ranges = self.subset.ranges()
        first, last = self.of.window(ranges[0][0]), self.of.window(ranges[-1][1] - 1)
        if first is None or last is None:
            raise DagsterInvariantViolationError(
                "Expected a TimeWindowPartitionsDefinition or MultiPartitionsDefinition with a single time"
                f" dimension, but instead found {type(self.partitions_def)}"
            )
        timed = self.partitions_def
        if hasattr(timed, "time_window_dimension"):
            timed = timed.time_window_dimension.partitions_def
        zone = getattr(timed, "timezone", "UTC")
        return TimeWindow(from_micros(first[0], zone), from_micros(last[1], zone))


class PartitionsOfStep:
    """What a step's context says about partitions; mixed into the contexts of assets, ops and checks."""

    __slots__ = ()
    _step: _core.Step

    def _partitions_def_of_step(self) -> Any:
        return None

    def _input_index(self, input_name: str) -> int:
        raise NotImplementedError

    @property
    def _own_slice(self) -> Slice | None:
        told = self._step.partitions
        return Slice(told, self._partitions_def_of_step()) if told is not None else None

    def _slice(self, what: str) -> Slice:
        own = self._own_slice
        if own is None:
            raise self._not_partitioned(what)
        return own

    def _not_partitioned(self, what: str) -> Exception:
        return DagsterInvariantViolationError(f"Cannot access {what} for a non-partitioned run")

    def _output_slice(self, output_name: str) -> Slice:
        own = self._own_slice
        if own is None:
            raise CheckError(f"The output '{output_name}' has no asset partitions")
        return own

    def _input_slice(self, input_name: str) -> Slice:
        told = self._step.input_partitions(self._input_index(input_name))
        if told is None:
            raise CheckError(f"The input '{input_name}' has no asset partitions")
        return Slice(told)

    @property
    def has_partitions(self) -> bool:
        return self._step.partitions is not None

    def _key_of_run(self) -> str | None:
        """What is not partitioned knows the partition of its run nevertheless."""
        if self._step.partitions is not None:
            return None
        tags: Mapping[str, str] = getattr(self, "run_tags", None) or {}
        return tags.get("dagster/partition")

    @property
    def has_partition_key(self) -> bool:
        """Whether the run is over a single partition."""
        told = self._step.partitions
        return self._key_of_run() is not None if told is None else len(told[1]) == 1

    @property
    def has_partition_key_range(self) -> bool:
        """Whether the run is over a range of partitions."""
        told = self._step.partitions
        return told is not None and len(told[1]) != 1

    @property
    def partition_key(self) -> str:
        of_run = self._key_of_run()
        if of_run is not None:
            return of_run
        own = self._slice("partition_key")
        if len(own.subset) != 1:
            raise DagsterInvariantViolationError(
                "Cannot access partition_key for a partitioned run with a range of partitions. Call"
                " partition_key_range instead."
            )
        return own.keys[0]

    @property
    def multi_partition_key(self) -> MultiPartitionKey:
        from treadle._partitions.keys import MultiPartitionKey

        key = self.partition_key
        if not isinstance(key, MultiPartitionKey):
            raise DagsterInvariantViolationError(
                "Cannot access multi_partition_key for a run that is not over a MultiPartitionsDefinition;"
                f" its partition key is {key!r}."
            )
        return key

    @property
    def partition_keys(self) -> Sequence[str]:
        return self._slice("partition_keys").keys

    @property
    def partition_key_range(self) -> PartitionKeyRange:
        return self._slice("partition_key_range").key_range

    @property
    def asset_partition_key_range(self) -> PartitionKeyRange:
        return self.partition_key_range

    @property
    def partition_time_window(self) -> TimeWindow:
        own = self._own_slice
        if own is None:
            raise DagsterInvariantViolationError("Partitions definition is not defined")
        return own.time_window

    # --- by output and input

    def asset_partition_key_for_output(self, output_name: str = "result") -> str:
        own = self._output_slice(output_name)
        if len(own.subset) != 1:
            start, end = own.key_range
            raise CheckError(
                f"Tried to access partition key for output '{output_name}' of step '{self._step.step_key}',"
                f" but the step output has a partition range: '{start}' to '{end}'."
            )
        return own.keys[0]

    def asset_partition_keys_for_output(self, output_name: str = "result") -> Sequence[str]:
        return self._partitioned_output(output_name).keys

    def asset_partition_key_range_for_output(self, output_name: str = "result") -> PartitionKeyRange:
        return self._output_slice(output_name).key_range

    def _partitioned_output(self, output_name: str) -> Slice:
        own = self._own_slice
        if own is None:
            raise DagsterInvariantViolationError(
                f"Attempting to access partitions def for the asset of output '{output_name}', but it is not"
                " partitioned"
            )
        return own

    def asset_partitions_time_window_for_output(self, output_name: str = "result") -> TimeWindow:
        own = self._own_slice
        if own is None:
            raise ValueError(
                f"Tried to get asset partitions for an output '{output_name}' that does not correspond to a"
                " partitioned asset."
            )
        if own.of.window(own.subset.ranges()[0][0]) is None:
            raise ValueError(
                f"Tried to get asset partitions for an output '{output_name}' that correponds to a"
                " partitioned asset that is not time-partitioned."
            )
        return own.time_window

    def asset_partitions_def_for_output(self, output_name: str = "result") -> Any:
        return self._partitioned_output(output_name).partitions_def

    def asset_partition_key_for_input(self, input_name: str) -> str:
        found = self._input_slice(input_name)
        if len(found.subset) != 1:
            start, end = found.key_range
            raise CheckError(
                f"Tried to access partition key for input '{input_name}' of step '{self._step.step_key}',"
                f" but the step input has a partition range: '{start}' to '{end}'."
            )
        return found.keys[0]

    def asset_partition_keys_for_input(self, input_name: str) -> Sequence[str]:
        return self._input_slice(input_name).keys

    def asset_partition_key_range_for_input(self, input_name: str) -> PartitionKeyRange:
        return self._input_slice(input_name).key_range

    def asset_partitions_def_for_input(self, input_name: str) -> Any:
        return self._input_slice(input_name).partitions_def

    def asset_partitions_time_window_for_input(self, input_name: str = "result") -> TimeWindow:
        found = self._input_slice(input_name)
        if found.of.window(found.subset.ranges()[0][0]) is None:
            raise ValueError(
                f"Tried to get asset partitions for an input '{input_name}' that correponds to a partitioned"
                " asset that is not time-partitioned."
            )
        return found.time_window
