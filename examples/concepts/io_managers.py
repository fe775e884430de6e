"""IO managers: where values go between functions is not the functions' business."""

import treadle as dg


class Shelf(dg.IOManager):
    def __init__(self) -> None:
        self.values: dict[tuple[str, ...], object] = {}

    def handle_output(self, context: dg.OutputContext, obj: object) -> None:
        self.values[tuple(context.asset_key.path)] = obj
        context.add_output_metadata({"kept": str(obj)})

    def load_input(self, context: dg.InputContext) -> object:
        return self.values[tuple(context.asset_key.path)]


@dg.asset(io_manager_key="shelf")
def words() -> list[str]:
    return ["warp", "weft"]


@dg.asset(io_manager_key="shelf")
def count(words: list[str]) -> int:
    return len(words)


if __name__ == "__main__":
    shelf = Shelf()
    dg.materialize([words, count], resources={"shelf": shelf})
    print("on the shelf:", len(shelf.values), "values, count is", shelf.values[("count",)])
