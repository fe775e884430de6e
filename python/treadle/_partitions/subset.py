"""Some of the partitions of a definition, as ranges: PartitionsSubset."""

from __future__ import annotations

from typing import TYPE_CHECKING

from treadle import _core
from treadle._partitions.keys import PartitionKeyRange
from treadle._partitions.time import TimeWindow, from_micros

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from treadle._partitions.definitions import PartitionsDefinition


class KeysSubset:
    """Keys of which a definition has none: they have no places in it."""

    __slots__ = ("_keys",)

    def __init__(self, keys: Iterable[str]) -> None:
        self._keys = dict.fromkeys(str(k) for k in keys)

    @property
    def is_empty(self) -> bool:
        return not self._keys

    def get_partition_keys(self) -> Any:
        return self._keys.keys()

    def __len__(self) -> int:
        return len(self._keys)

    def __contains__(self, partition_key: str) -> bool:
        return partition_key in self._keys

    def __eq__(self, other: object) -> bool:
        told = getattr(other, "get_partition_keys", None)
        return told is not None and set(told()) == set(self._keys)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"KeysSubset({list(self._keys)})"


class PartitionsSubset:
    """A million consecutive partitions take as much memory as one."""

    __slots__ = ("_set", "_subset", "partitions_def")

    def __init__(
        self, partitions_def: PartitionsDefinition, of: _core.PartitionSet, subset: _core.PartitionSubset
    ) -> None:
        self.partitions_def = partitions_def
        self._set = of
        self._subset = subset

    def _with(self, subset: _core.PartitionSubset) -> PartitionsSubset:
        return PartitionsSubset(self.partitions_def, self._set, subset)

    def _same(self, other: PartitionsSubset) -> _core.PartitionSubset:
        """The other's partitions with this one's numbers."""
        if other._set is self._set or (
            other.partitions_def == self.partitions_def and len(other._set) == len(self._set)
        ):
            return other._subset
        found = (self._set.find(key) for key in other.get_partition_keys())
        return _core.PartitionSubset.of([n for n in found if n is not None])

    @property
    def num_partitions(self) -> int:
        return len(self._subset)

    @property
    def is_empty(self) -> bool:
        return len(self._subset) == 0

    def get_partition_keys(self) -> Any:
        """In order: of partitions of time a list, of others what is equal to a set of them."""
        keys = self.partitions_def._typed(self._set.keys_of(self._subset))
        return keys if self.partitions_def._is_timed else dict.fromkeys(keys).keys()

    def get_partition_keys_not_in_subset(self, partitions_def: PartitionsDefinition) -> Sequence[str]:
        of = partitions_def._set()
        there = PartitionsSubset(partitions_def, of, of.all())
        return partitions_def._typed(of.keys_of((there - self)._subset))

    def get_partition_key_ranges(
        self, partitions_def: PartitionsDefinition | None = None, respect_multipartitions: bool = True
    ) -> Sequence[PartitionKeyRange]:
        return [
            PartitionKeyRange(self._set.key(begin), self._set.key(end - 1))
            for begin, end in self._subset.ranges()
        ]

    @property
    def included_time_windows(self) -> Sequence[TimeWindow]:
        """Of time partitions: consecutive ones as one window."""
        zone = getattr(self.partitions_def, "timezone", "UTC")
        windows: list[TimeWindow] = []
        for begin, end in self._subset.ranges():
            first, last = self._set.window(begin), self._set.window(end - 1)
            if first is not None and last is not None:
                windows.append(TimeWindow(from_micros(first[0], zone), from_micros(last[1], zone)))
        return windows

    def with_partition_keys(self, partition_keys: Iterable[str]) -> PartitionsSubset:
        return self._with(self._subset | self.partitions_def._numbers(self._set, partition_keys))

    def with_partition_key_range(
        self, partitions_def: PartitionsDefinition, partition_key_range: PartitionKeyRange
    ) -> PartitionsSubset:
        return self._with(self._subset | self._set.range(partition_key_range.start, partition_key_range.end))

    def empty_subset(self) -> PartitionsSubset:
        return self._with(_core.PartitionSubset())

    @property
    def subset(self) -> set[str]:
        return set(self.get_partition_keys())

    def __getitem__(self, index: int) -> set[str]:
        """Dagster's is a tuple of the set of keys."""
        return (self.subset,)[index]

    def __or__(self, other: PartitionsSubset) -> PartitionsSubset:
        return self._with(self._subset | self._same(other))

    def __and__(self, other: PartitionsSubset) -> PartitionsSubset:
        return self._with(self._subset & self._same(other))

    def __sub__(self, other: PartitionsSubset) -> PartitionsSubset:
        return self._with(self._subset - self._same(other))

    def __len__(self) -> int:
        return len(self._subset)

    def __contains__(self, partition_key: str) -> bool:
        number = self._set.find(partition_key)
        return number is not None and number in self._subset

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, PartitionsSubset)
            and other.partitions_def == self.partitions_def
            and other._subset == self._subset
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"PartitionsSubset({self._set.text(self._subset)})"
