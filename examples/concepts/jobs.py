"""Ops, a graph and a job: functions wired together, run as one."""

import treadle as dg


@dg.op
def numbers() -> list[int]:
    return [3, 1, 2]


@dg.op
def largest(values: list[int]) -> int:
    return max(values)


@dg.op
def smallest(values: list[int]) -> int:
    return min(values)


@dg.op
def difference(a: int, b: int) -> int:
    return a - b


@dg.graph
def spread(values: list[int]) -> object:
    return difference(largest(values), smallest(values))


@dg.job
def measure() -> None:
    spread(numbers())


if __name__ == "__main__":
    result = measure.execute_in_process()
    print("spread:", result.output_for_node("spread"))
