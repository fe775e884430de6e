"""Runs functions that look at assets made elsewhere, and records what they saw."""

from __future__ import annotations

from treadle._errors import DagsterInvalidObservationError, DagsterInvariantViolationError
from treadle._events.events import AssetObservation, DataVersion, DataVersionsByPartition, ObserveResult
from treadle._run.context import report_fact
from treadle._run.steps import StepExecution
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from treadle._assets.keys import AssetKey


_USER_PROVIDED = "dagster/data_version_is_user_provided"


class Observation(StepExecution):
    """One execution of an observing function."""

    __slots__ = ()

    def _returned(self, result: Any) -> None:
        definition = self.definition
        if definition._is_multi:
            if result is not None:
                for one in result if isinstance(result, (tuple, list)) else (result,):
                    self._yielded(one)
            return
        key = definition._outputs[0].key
        if isinstance(result, DataVersionsByPartition):
            raise DagsterInvalidObservationError(
                f"{key} is not partitioned, so its observe function should return a DataVersion, not a"
                " DataVersionsByPartition"
            )
        if isinstance(result, DataVersion):
            result = ObserveResult(data_version=result)
        if not isinstance(result, ObserveResult):
            raise DagsterInvalidObservationError(
                f"Observe function for {key} must return a DataVersion or DataVersionsByPartition, but"
                f" returned a value of type {type(result)}"
            )
        if result.asset_key is not None and result.asset_key != key:
            raise DagsterInvariantViolationError(
                f"Asset key {result.asset_key.to_user_string()} not found in AssetsDefinition"
            )
        self._record(key, result)
        self._seen(0, result.data_version)
        for check in result.check_results:
            self._check(check, key)

    def _observed(self, result: ObserveResult) -> None:
        index = self._index_of_key(result, None)
        key = self.definition._outputs[index].key
        self._seen(index, result.data_version)
        self._record(key, result, {_USER_PROVIDED: "true"})
        for check in result.check_results:
            self._check(check, key)

    def _record(self, key: AssetKey, result: ObserveResult, more: Mapping[str, str] | None = None) -> None:
        tags = dict(result.tags or {})
        if result.data_version is not None:
            tags = {"dagster/data_version": result.data_version.value, **(more or {}), **tags}
        report_fact(self.step, AssetObservation(key, metadata=result.metadata, tags=tags))

    def _seen(self, index: int, data_version: DataVersion | None) -> None:
        """Says to the engine that an asset was looked at."""
        self._hand_over(index, None, False, None, data_version, None)

    def _materialized(self, result: Any, position: int | None = None) -> None:
        raise DagsterInvariantViolationError(
            f"{self.context.describe_op()} observes assets: yield an ObserveResult, not a"
            f" {type(result).__name__}."
        )

    def _output(self, index: int, output: Any) -> None:
        self._materialized(output)

    def _hand_over(
        self,
        index: int,
        value: Any,
        has_value: bool,
        metadata: Any,
        data_version: Any,
        tags: Mapping[str, str] | None,
    ) -> None:
        super()._hand_over(index, value, False, metadata, data_version, tags)
