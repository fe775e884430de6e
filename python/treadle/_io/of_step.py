"""What a step says to its IO managers: configuration and partitions."""

from __future__ import annotations

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from treadle import _core
    from treadle._partitions.slices import Slice


def said_of(step: _core.Step, step_key: str, section: str, name: str) -> Any:
    """What the run's configuration says of one input or output, for its IO manager."""
    from treadle._run.steps import states

    node = step_key.partition("[")[0]
    state = states.get(step.run_id)
    if state is not None and state.checked is not None:
        entry = state.checked["ops"].get(node) or {}
    else:
        import sys

        ops = sys.modules.get("treadle._ops.steps")
        config = ops.configs.get(step.run_id) if ops is not None else None
        entry = config.entry(node) if config is not None else {}
    return (entry.get(section) or {}).get(name)


def slice_of(told: Any) -> Slice | None:
    if told is None:
        return None
    from treadle._partitions.slices import Slice

    return Slice(told)


def run_key_of(step: _core.Step) -> str | None:
    own = step.partitions
    return own[0].keys_of(own[1])[0] if own is not None and len(own[1]) == 1 else None
