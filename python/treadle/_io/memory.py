"""Values of a run that stay in the memory of its process."""

from __future__ import annotations

from treadle._io.definition import io_manager
from treadle._io.managers import IOManager
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from treadle._io.managers import InputContext, OutputContext


class InMemoryIOManager(IOManager):
    """Keeps values as long as it lives: other runs, and steps in other processes, do not see them."""

    def __init__(self) -> None:
        self.values: dict[tuple[object, ...], object] = {}

    def handle_output(self, context: OutputContext, obj: Any) -> None:
        self.values[tuple(context.get_identifier())] = obj

    def load_input(self, context: InputContext) -> Any:
        return self.values[tuple(context.get_identifier())]


@io_manager(description="Built-in IO manager that stores and retrieves values in memory.")
def mem_io_manager(_: object) -> InMemoryIOManager:
    """Built-in IO manager that stores and retrieves values in memory."""
    return InMemoryIOManager()
