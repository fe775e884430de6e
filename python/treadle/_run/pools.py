"""Limits of pools, as an instance sets and shows them."""

from __future__ import annotations

from treadle._errors import DagsterInvalidInvocationError
from treadle._events.record import Record
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

_MOST = 1000


class PoolLimit(Record):
    """How many steps of a pool may run at once."""

    __slots__ = _fields = ("name", "limit", "from_default")
    name: str
    limit: int
    from_default: bool

    def __init__(self, name: str, limit: int, from_default: bool = False) -> None:
        self.name = name
        self.limit = limit
        self.from_default = from_default


class ConcurrencyKeyInfo(Record):
    """A pool: its places, and how many steps hold one now. No limit: `limit` is None."""

    __slots__ = _fields = ("concurrency_key", "slot_count", "active_slot_count", "limit")
    concurrency_key: str
    slot_count: int
    active_slot_count: int
    limit: int | None

    def __init__(
        self, concurrency_key: str, slot_count: int, active_slot_count: int, limit: int | None
    ) -> None:
        self.concurrency_key = concurrency_key
        self.slot_count = slot_count
        self.active_slot_count = active_slot_count
        self.limit = limit


class Pools:
    """The pools of a home: `instance.event_log_storage.set_concurrency_slots("gpu", 1)`. Steps share their
    places in all runs of the home, in whichever process they run.
    """

    __slots__ = ()
    _home: Any
    supports_global_concurrency_limits = True

    def _limits(self) -> dict[str, tuple[int, int, bool]]:
        from treadle import _core

        return {name: (limit, running, default) for name, limit, running, default in _core.pools(self._home)}

    def set_concurrency_slots(self, concurrency_key: str, num: int) -> None:
        """With 0 the pool is paused: its steps wait until it has room again."""
        if not 0 <= num <= _MOST:
            raise DagsterInvalidInvocationError(
                f"The limit of pool {concurrency_key!r} is {num}: a pool has room for 0 to {_MOST} steps."
            )
        from treadle import _core

        _core.set_pool(self._home, concurrency_key, num)

    def delete_concurrency_limit(self, concurrency_key: str) -> None:
        from treadle import _core

        _core.set_pool(self._home, concurrency_key, None)

    def get_concurrency_keys(self) -> set[str]:
        return set(self._limits())

    def get_concurrency_info(self, concurrency_key: str) -> ConcurrencyKeyInfo:
        limit, running, _ = self._limits().get(concurrency_key, (None, 0, False))
        return ConcurrencyKeyInfo(concurrency_key, limit or 0, running, limit)

    def get_concurrency_infos(self, concurrency_keys: Sequence[str]) -> Mapping[str, ConcurrencyKeyInfo]:
        return {key: self.get_concurrency_info(key) for key in concurrency_keys}

    def get_pool_limits(self) -> Sequence[PoolLimit]:
        return [PoolLimit(name, limit, default) for name, (limit, _, default) in self._limits().items()]
