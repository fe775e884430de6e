"""Dagster's private modules, as far as code outside of it imports from them.

Such an import finds a view of Treadle: a name of Dagster's top level is Treadle's, a name in `NAMES` is what
it says there, any other name stands for what is absent: it can be named (in an annotation), and raises an
error that says so when it is used.
"""

from __future__ import annotations

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# Modules that are modules of Treadle.
WHOLE = {
    "dagster._check": "treadle._dagster.check",
    "dagster._check.functions": "treadle._dagster.check",
    "dagster._time": "treadle._dagster.time",
    "dagster._core.storage.tags": "treadle._dagster.tags",
    "dagster._core.errors": "treadle._errors",
    "dagster._annotations": "treadle._dagster.lifecycle",
    "dagster._symbol_annotations": "treadle._dagster.lifecycle",
    "dagster._symbol_annotations.lifecycle": "treadle._dagster.lifecycle",
    "dagster._symbol_annotations.public": "treadle._dagster.lifecycle",
    "dagster._record": "treadle._dagster.records",
    "dagster._utils.warnings": "treadle._dagster.warnings",
    "dagster._utils.backoff": "treadle._dagster.calling",
    "dagster._utils.cached_method": "treadle._dagster.calling",
    "dagster._utils.merger": "treadle._dagster.mappings",
    "dagster._utils.names": "treadle._dagster.naming",
    "dagster._utils.tags": "treadle._dagster.naming",
    "dagster._utils.security": "treadle._dagster.naming",
    "dagster._core.storage.db_io_manager": "treadle._io.tables",
    "dagster._core.definitions.metadata.metadata_set": "treadle._events.metadata_set",
    "dagster_shared.check": "treadle._dagster.check",
    "dagster_shared.check.functions": "treadle._dagster.check",
    "dagster_shared.record": "treadle._dagster.records",
    "dagster_shared.utils.cached_method": "treadle._dagster.calling",
}

# Module of Treadle: the names it has, whichever private module of Dagster they are asked of;
# "Dagster's=ours" where ours is called otherwise.
_OF_MODULE = {
    "_assets.definition": "AssetExecutionType=ExecutionType",
    "_assets.graph": "AssetGraph",
    "_automation.context": "AssetGraphView EntitySubset",
    "_automation.freshness": """
        CronFreshnessPolicy FreshnessState FreshnessPolicy=FreshnessPolicy TimeWindowFreshnessPolicy""",
    "_automation.run_sensors": "DagsterRunReaction",
    "_automation.schedules": "ScheduleExecutionData UnresolvedPartitionedAssetScheduleDefinition",
    "_automation.sensors": "SensorExecutionData SensorType",
    "_config.definition": """
        ConfiguredDefinitionConfigSchema=ConfiguredSchema DefinitionConfigSchema IDefinitionConfigSchema""",
    "_config.fields": """
        FIELD_NO_DEFAULT_PROVIDED convert_potential_field resolve_to_config_type""",
    "_config.printing": "print_config_type_to_string",
    "_config.process": """
        DagsterEvaluationErrorReason EvaluateValueResult EvaluationError post_process_config process_config
        resolve_defaults validate_config""",
    "_config.types": """
        ConfigAnyInstance=ANY ConfigBoolInstance=BOOL ConfigFloatInstance=FLOAT ConfigIntInstance=INT
        ConfigStringInstance=STRING ConfigType""",
    "_dagster.calling": "backoff cached_method compose return_as_list",
    "_dagster.check": "CheckError ElementCheckError NotImplementedCheckError ParameterCheckError",
    "_dagster.error_info": "serializable_error_info_from_exc_info",
    "_dagster.files": """
        PICKLE_PROTOCOL ensure_dir ensure_file mkdir_p pushd run_with_concurrent_update_guard safe_isfile
        safe_tempfile_path safe_tempfile_path_unmanaged script_relative_path touch_file""",
    "_dagster.interrupts": """
        _received_interrupt capture_interrupts check_captured_interrupt pop_captured_interrupt
        raise_interrupts_as""",
    "_dagster.mappings": """
        dict_without_keys ensure_gen ensure_single_item exhaust_iterator_and_yield_results_with_exception
        imap is_enum_value list_pull merge_dicts""",
    "_dagster.models": "DagsterModel",
    "_dagster.naming": """
        build_kind_tag camelcase coerce_valid_log_level make_new_run_id non_secure_md5_hash_str normalize_tags
        parse_env_var snakecase str_format_list str_format_set""",
    "_dagster.processes": """
        alter_sys_path=added_to_path find_free_port process_is_alive segfault send_interrupt""",
    "_dagster.serdes": "DeserializationError SerializationError deserialize_value serialize_value",
    "_dagster.testing": """
        assert_namedtuple_lists_equal assert_namedtuples_equal copy_directory create_op_with_deps
        create_root_op create_stub_op create_test_asset_job environ freeze_time get_temp_dir
        get_temp_file_handle get_temp_file_handle_with_data get_temp_file_name get_temp_file_name_with_data
        get_temp_file_names ignore_warning input_set new_cwd raise_exception_on_warnings wrap_op_in_graph
        wrap_op_in_graph_and_execute""",
    "_dagster.type_names": """
        ArbitraryMetadataMapping CoercibleToAssetDep CoercibleToAssetKey CoercibleToAssetKeyPrefix
        MetadataMapping OpComputeFunction PackableValue PipesMessage PipesParams RawMetadataMapping
        RawMetadataValue TypeCheckFn UserConfigSchema""",
    "_events.error": "SerializableErrorInfo",
    "_events.event_data": """
        AssetCheckEvaluationPlanned AssetMaterializationPlannedData AssetObservationData
        ComputeLogsCaptureData EngineEventData ErrorSource HandledOutputData HookErroredData JobCanceledData
        JobFailureData LoadedInputData StepExpectationResultData StepFailureData StepInputData
        StepMaterializationData StepOutputData StepOutputHandle StepRetryData StepSuccessData""",
    "_events.metadata": "normalize_metadata normalize_metadata_value",
    "_events.metadata_set": """
        NamespacedMetadataSet NamespacedTagSet TableMetadataSet UriMetadataSet""",
    "_ops.composition": "InvokedNodeDynamicOutputWrapper InvokedNodeOutputHandle",
    "_io.file_manager": "FileManager LocalFileManager",
    "_ops.handle": "NodeHandle",
    "_run.executor_schemas": "get_retries_config get_tag_concurrency_limits_config",
    "_ops.hooks": "event_list_hook",
    "_automation.check_factories": "FRESH_UNTIL_METADATA_KEY=FRESH_UNTIL",
    "_partitions.keys": "PaginatedResults PartitionDimensionKey",
    "_partitions.mappings": "UpstreamPartitionsResult infer_partition_mapping",
    "_partitions.multi": "PartitionDimensionDefinition",
    "_partitions.policy": "BackfillPolicyType",
    "_partitions.subset": "PartitionsSubset",
    "_partitions.time": "PartitionLoadingContext TemporalContext partition_loading_context",
    "_partitions.time_windows": "ScheduleType",
    "_types.dagster_type": "resolve_dagster_type",
}
NAMES: Mapping[str, str] = {
    name.partition("=")[0]: f"treadle.{module}:{name.rpartition('=')[2]}"
    for module, names in _OF_MODULE.items()
    for name in names.split()
}


_modules: set[str] = set()
# Below its public packages: what is there of them is what is at Dagster's top level.
_PACKAGES = frozenset(
    (
        "dagster.components",
        "dagster.components.core",
        "dagster.components.core.context",
        "dagster.components.core.load_defs",
        "dagster.preview",
        "dagster.preview.freshness",
    )
)


def is_inner(module: str) -> bool:
    """Whether Dagster has such a module below its top level, and Treadle something of it."""
    if not module.startswith(("dagster._", "dagster_shared")):
        return module in _PACKAGES
    if not _modules:
        from treadle._dagster.inner_modules import MODULES, SHARED

        _modules.add("dagster_shared")
        for root, packages in (("dagster", MODULES), ("dagster_shared", SHARED)):
            for package, names in packages.items():
                before = f"{root}.{package}." if package else f"{root}."
                _modules.update(before + name for name in names.split())
    return module in _modules
