"""Dynamic outputs: as many steps as there turn out to be values."""

from collections.abc import Iterator

import treadle as dg


@dg.op(out=dg.DynamicOut(str))
def files() -> Iterator[dg.DynamicOutput[str]]:
    for name in ("a", "bb", "ccc"):
        yield dg.DynamicOutput(name, mapping_key=name)


@dg.op
def size(name: str) -> int:
    return len(name)


@dg.op
def total(sizes: list[int]) -> int:
    return sum(sizes)


@dg.job
def measure_files() -> None:
    total(files().map(size).collect())


if __name__ == "__main__":
    result = measure_files.execute_in_process()
    print("sizes:", *result.output_for_node("size").values())
    print("total:", result.output_for_node("total"))
