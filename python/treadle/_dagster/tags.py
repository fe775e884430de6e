"""The tags that Dagster writes on runs, events and assets: the names of `dagster._core.storage.tags`."""

from __future__ import annotations

_PUBLIC = "dagster/"
_HIDDEN = ".dagster/"
_WORDS = {
    _PUBLIC: {
        "ASSET_EVALUATION_ID_TAG": "asset_evaluation_id",
        "ASSET_PARTITION_RANGE_END_TAG": "asset_partition_range_end",
        "ASSET_PARTITION_RANGE_START_TAG": "asset_partition_range_start",
        "AUTO_MATERIALIZE_TAG": "auto_materialize",
        "AUTO_OBSERVE_TAG": "auto_observe",
        "AUTOMATION_CONDITION_TAG": "from_automation_condition",
        "BACKFILL_ID_TAG": "backfill",
        "CODE_LOCATION_TAG": "code_location",
        "COMPUTE_KIND_TAG": "compute_kind",
        "GLOBAL_CONCURRENCY_TAG": "concurrency_key",
        "KIND_PREFIX": "kind/",
        "MAX_RETRIES_TAG": "max_retries",
        "MAX_RUNTIME_SECONDS_TAG": "max_runtime",
        "OP_SELECTION_TAG": "solid_selection",
        "PARENT_RUN_ID_TAG": "parent_run_id",
        "PARTITION_NAME_TAG": "partition",
        "PARTITION_SET_TAG": "partition_set",
        "PRIORITY_TAG": "priority",
        "RESUME_RETRY_TAG": "is_resume_retry",
        "RETRY_NUMBER_TAG": "retry_number",
        "RETRY_ON_ASSET_OR_OP_FAILURE_TAG": "retry_on_asset_or_op_failure",
        "RETRY_STRATEGY_TAG": "retry_strategy",
        "ROOT_RUN_ID_TAG": "root_run_id",
        "RUN_FAILURE_REASON_TAG": "failure_reason",
        "RUN_KEY_TAG": "run_key",
        "SCHEDULE_NAME_TAG": "schedule_name",
        "SENSOR_NAME_TAG": "sensor_name",
        "STEP_SELECTION_TAG": "step_selection",
        "SYSTEM_TAG_PREFIX": "",
        "TICK_ID_TAG": "tick",
        "WILL_RETRY_TAG": "will_retry",
    },
    _HIDDEN: {
        "HIDDEN_TAG_PREFIX": "",
        "REPOSITORY_LABEL_TAG": "repository",
        "RUN_WORKER_ID_TAG": "run_worker",
        "SCHEDULED_EXECUTION_TIME_TAG": "scheduled_execution_time",
    },
    "": {"LEGACY_COMPUTE_KIND_TAG": "kind", "USER_TAG": "user"},
}
# Python name: the tag.
TAGS = {name: prefix + word for prefix, words in _WORDS.items() for name, word in words.items()}
MULTIDIMENSIONAL_PARTITION_PREFIX = "dagster/partition/"


def get_multidimensional_partition_tag(dimension_name: str) -> str:
    return MULTIDIMENSIONAL_PARTITION_PREFIX + dimension_name


def get_dimension_from_partition_tag(tag: str) -> str:
    return tag[len(MULTIDIMENSIONAL_PARTITION_PREFIX) :]


def __getattr__(name: str) -> str:
    if name in TAGS:
        return TAGS[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
