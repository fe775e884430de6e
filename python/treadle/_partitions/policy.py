"""BackfillPolicy: how many partitions of an asset one run takes."""

from __future__ import annotations

import enum
from typing import NamedTuple

from treadle._errors import ParameterCheckError


class BackfillPolicyType(enum.Enum):
    SINGLE_RUN = "SINGLE_RUN"
    MULTI_RUN = "MULTI_RUN"


class BackfillPolicy(NamedTuple):
    """BackfillPolicy.single_run() takes all partitions in one run, multi_run(n) n at a time."""

    max_partitions_per_run: int | None = 1

    @staticmethod
    def single_run() -> BackfillPolicy:
        return BackfillPolicy(None)

    @staticmethod
    def multi_run(max_partitions_per_run: int = 1) -> BackfillPolicy:
        if not isinstance(max_partitions_per_run, int) or max_partitions_per_run < 1:
            raise ParameterCheckError(
                f"max_partitions_per_run must be a number of partitions, not {max_partitions_per_run!r}."
            )
        return BackfillPolicy(max_partitions_per_run)

    def __repr__(self) -> str:
        if self.max_partitions_per_run is None:
            return "BackfillPolicy.single_run()"
        return f"BackfillPolicy.multi_run(max_partitions_per_run={self.max_partitions_per_run})"

    @property
    def policy_type(self) -> BackfillPolicyType:
        if self.max_partitions_per_run:
            return BackfillPolicyType.MULTI_RUN
        return BackfillPolicyType.SINGLE_RUN
