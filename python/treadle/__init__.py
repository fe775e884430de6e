"""Treadle: declare assets, run them, keep what they make. The names are Dagster's: `import treadle as dg`.

A name is imported from its module when it is first used. `python/exports.py` writes `__init__.pyi`, in which
type checkers find the same names.
"""

__version__ = "0.1.0"

# Module below `treadle`: the public names it gives.
_PUBLIC = {
    "_assets.checks": "asset_check multi_asset_check",
    "_assets.code_references": """
        AnchorBasedFilePathMapping FilePathMapping link_code_references_to_git
        with_source_code_references""",
    "_assets.decorators": "asset multi_asset",
    "_assets.definition": "AssetChecksDefinition AssetsDefinition",
    "_assets.external": """
        external_assets_from_specs multi_observable_source_asset observable_source_asset""",
    "_assets.jobs": "define_asset_job JobDefinition UnresolvedAssetJobDefinition",
    "_assets.keys": "AssetCheckKey AssetKey",
    "_assets.selection": "AssetSelection",
    "_assets.specs": """
        AssetCheckSeverity AssetCheckSpec AssetDep AssetIn AssetOut AssetSpec file_asset
        map_asset_specs Nothing SourceAsset""",
    "_automation.asset_sensors": """
        asset_sensor AssetSensorDefinition multi_asset_sensor MultiAssetSensorDefinition""",
    "_automation.check_factories": """
        build_column_schema_change_checks build_last_update_freshness_checks
        build_metadata_bounds_checks build_sensor_for_freshness_checks
        build_time_partition_freshness_checks""",
    "_automation.conditions": "AndAutomationCondition AutomationCondition",
    "_automation.context": "AutomationContext AutomationResult",
    "_automation.email_alerts": "make_email_on_run_failure_sensor",
    "_automation.evaluation": """
        AssetDaemonCursor evaluate_automation_conditions EvaluateAutomationConditionsResult""",
    "_automation.condition_sensors": "AutomationConditionSensorDefinition",
    "_automation.freshness": "apply_freshness_policy FreshnessPolicy",
    "_automation.legacy_policy": "AutoMaterializePolicy",
    "_automation.legacy_rules": "AutoMaterializeAssetPartitionsFilter AutoMaterializeRule",
    "_automation.multi_asset_context": """
        build_multi_asset_sensor_context MultiAssetSensorEvaluationContext""",
    "_automation.requests": """
        AddDynamicPartitionsRequest DeleteDynamicPartitionsRequest RunRequest SensorResult
        SkipReason""",
    "_automation.run_sensors": """
        build_run_status_sensor_context run_failure_sensor run_status_sensor RunFailureSensorContext
        RunStatusSensorContext RunStatusSensorDefinition""",
    "_automation.schedules": """
        build_schedule_context build_schedule_from_partitioned_job DefaultScheduleStatus schedule
        ScheduleDefinition ScheduleEvaluationContext""",
    "_automation.sensor_context": "build_sensor_context SensorEvaluationContext",
    "_automation.sensors": "DefaultSensorStatus sensor SensorDefinition",
    "_definitions.definitions": "Definitions",
    "_definitions.lazy": "ComponentLoadContext definitions load_defs load_from_defs_folder",
    "_definitions.modules": """
        load_asset_checks_from_current_module load_asset_checks_from_modules
        load_asset_checks_from_package_module load_asset_checks_from_package_name
        load_assets_from_current_module load_assets_from_modules load_assets_from_package_module
        load_assets_from_package_name load_definitions_from_current_module load_definitions_from_module
        load_definitions_from_modules load_definitions_from_package_module
        load_definitions_from_package_name""",
    "_definitions.repository": "repository RepositoryData RepositoryDefinition",
    "_errors": """
        CheckError DagsterAssetCheckFailedError DagsterConfigMappingFunctionError DagsterError
        DagsterExecutionInterruptedError
        DagsterExecutionStepExecutionError DagsterInvalidConfigDefinitionError DagsterInvalidConfigError
        DagsterInvalidDagsterTypeInPythonicConfigDefinitionError DagsterInvalidDefinitionError
        DagsterInvalidInvocationError DagsterInvalidMetadata DagsterInvalidObservationError
        DagsterInvalidPropertyError DagsterInvalidPythonicConfigDefinitionError DagsterInvalidSubsetError
        DagsterInvariantViolationError DagsterMaxRetriesExceededError
        DagsterResourceFunctionError DagsterRunNotFoundError DagsterStepOutputNotFoundError
        DagsterTypeCheckDidNotPass DagsterUnknownPartitionError DagsterUnknownResourceError
        DagsterUnmetExecutorRequirementsError
        DagsterUserCodeExecutionError Failure
        ParameterCheckError RetryRequested TreadleError
        DagsterEventLogInvalidForRun DagsterExecutionStepNotFoundError DagsterSubprocessError
        DagsterTypeCheckError""",
    "_dagster.serdes": "deserialize_value serialize_value",
    "_dagster.tags": "MAX_RUNTIME_SECONDS_TAG",
    "_dagster.warnings": """
        BetaWarning BindResourcesToJobs ConfigArgumentWarning deprecation_warning file_relative_path
        PreviewWarning SupersessionWarning""",
    "_events.code_reference": "CodeReferencesMetadataValue LocalFileCodeReference UrlCodeReference",
    "_events.dagster_event": "DagsterEvent DagsterEventType",
    "_events.error": "SerializableErrorInfo",
    "_events.events": """
        AssetCheckEvaluation AssetCheckResult AssetMaterialization AssetObservation DataVersion
        DataVersionsByPartition MaterializeResult ObserveResult Output""",
    "_events.expectation": "ExpectationResult",
    "_events.metadata": """
        BoolMetadataValue CodeLocationReconstructionMetadataValue DagsterAssetMetadataValue
        DagsterJobMetadataValue DagsterRunMetadataValue FloatMetadataValue IntMetadataValue
        JsonMetadataValue MarkdownMetadataValue MetadataValue NotebookMetadataValue NullMetadataValue
        PathMetadataValue PoolMetadataValue PythonArtifactMetadataValue TableColumnLineageMetadataValue
        TableMetadataValue TableSchemaMetadataValue TextMetadataValue TimestampMetadataValue
        UrlMetadataValue""",
    "_events.table": """
        TableColumn TableColumnConstraints TableColumnDep TableColumnLineage TableConstraints
        TableRecord TableSchema""",
    "_events.wrappers": "File Folder Json",
    "_partitions.config": """
        daily_partitioned_config dynamic_partitioned_config hourly_partitioned_config
        monthly_partitioned_config partitioned_config PartitionedConfig static_partitioned_config
        weekly_partitioned_config""",
    "_partitions.definitions": """
        DynamicPartitionsDefinition Partition PartitionsDefinition StaticPartitionsDefinition""",
    "_partitions.multi": "MultiPartitionsDefinition",
    "_partitions.time_windows": """
        DailyPartitionsDefinition HourlyPartitionsDefinition MonthlyPartitionsDefinition ScheduleType
        TimeWindowPartitionsDefinition WeeklyPartitionsDefinition""",
    "_partitions.keys": "MultiPartitionKey PartitionKeyRange",
    "_partitions.mappings": """
        AllPartitionMapping DimensionPartitionMapping IdentityPartitionMapping LastPartitionMapping
        MultiPartitionMapping MultiToSingleDimensionPartitionMapping PartitionMapping
        SpecificPartitionsPartitionMapping StaticPartitionMapping TimeWindowPartitionMapping
        UpstreamPartitionsResult""",
    "_partitions.policy": "BackfillPolicy BackfillPolicyType",
    "_partitions.subset": "PartitionsSubset",
    "_partitions.time": "partition_loading_context PartitionLoadingContext TimeWindow",
    "_io.managers": """
        InputContext IOManager OutputContext""",
    "_io.built": "build_input_context build_output_context",
    "_io.definition": """
        InputManager InputManagerDefinition input_manager io_manager IOManagerDefinition""",
    "_io.file_manager": "FileHandle local_file_manager LocalFileHandle",
    "_io.files": "custom_path_fs_io_manager fs_io_manager",
    "_io.filesystem": "FilesystemIOManager",
    "_io.loading": "AssetValueLoader",
    "_io.memory": "InMemoryIOManager mem_io_manager",
    "_io.paths": "UPathIOManager",
    "_io.pythonic": """
        ConfigurableIOManager ConfigurableIOManagerFactory ConfigurableLegacyIOManagerAdapter""",
    "_ops.composition": "PendingNodeInvocation",
    "_ops.config_mapping": "config_mapping ConfigMapping configured",
    "_ops.dependencies": """
        DependencyDefinition InputMapping MultiDependencyDefinition NodeInvocation OutputMapping""",
    "_ops.execute_job": "execute_job ReexecutionOptions",
    "_ops.graph_assets": "graph_asset graph_multi_asset",
    "_ops.graphs": "graph GraphDefinition GraphIn GraphOut",
    "_ops.hook_invocation": "build_hook_context",
    "_ops.hooks": "failure_hook HookContext HookDefinition HookExecutionResult success_hook",
    "_ops.jobs": "job",
    "_ops.ops": "DynamicOut DynamicOutput In op OpDefinition Out",
    "_ops.reconstruct": "build_reconstructable_job reconstructable",
    "_ops.results": "JobExecutionResult",
    "_config.env": "EnvVar IntEnvVar",
    "_config.fields": "Field",
    "_config.pythonic": "Config PermissiveConfig",
    "_config.run_config": """
        config_from_files config_from_pkg_resources config_from_yaml_strings RunConfig validate_run_config""",
    "_config.types": """
        Array BoolSource Enum EnumValue IntSource Map Noneable Permissive ScalarUnion Selector Shape
        StringSource""",
    "_resources.building": "build_resources with_resources",
    "_resources.context": """
        build_init_resource_context IAttachDifferentObjectToOpContext InitResourceContext""",
    "_dagster.libraries": "DagsterLibraryRegistry",
    "_resources.definition": "resource ResourceDefinition",
    "_resources.param": "ResourceParam",
    "_resources.pythonic": """
        ConfigurableLegacyResourceAdapter ConfigurableResource ConfigurableResourceFactory
        ResourceDependency""",
    "_resources.values": "make_values_resource",
    "_run.context": """
        AssetCheckExecutionContext AssetExecutionContext DagsterTypeLoaderContext OpExecutionContext""",
    "_run.execute": "materialize materialize_to_memory observe",
    "_run.partitioned": "materialize_partitions",
    "_run.status": "AssetState StaleReason asset_status",
    "_run.executors": """
        executor Executor ExecutorDefinition ExecutorRequirement in_process_executor InitExecutorContext
        multi_or_in_process_executor multiple_process_executor_requirements multiprocess_executor""",
    "_run.instance": "DagsterInstance DagsterRun DagsterRunStatus DataProvenance EventLogEntry RunsFilter",
    "_run.invoke": "build_asset_check_context build_asset_context build_op_context",
    "_run.log_format": "JsonLogFormatter",
    "_run.loggers": """
        build_init_logger_context colored_console_logger default_loggers default_system_loggers
        InitLoggerContext json_console_logger logger LoggerDefinition""",
    "_run.records": """
        AssetRecordsFilter EventLogRecord EventRecordsFilter EventRecordsResult PaginatedResults RunRecord
        RunShardedEventsCursor RunStatusChangeRecordsFilter""",
    "_pipes.client": "PipesClient PipesClientCompletedInvocation PipesSubprocessClient",
    "_pipes.injectors": "PipesEnvContextInjector PipesFileContextInjector PipesTempFileContextInjector",
    "_pipes.readers": """
        PipesBlobStoreMessageReader PipesCompositeMessageReader PipesFileMessageReader PipesLogReader
        PipesTempFileMessageReader""",
    "_pipes.session": """
        open_pipes_session PipesContextInjector PipesExecutionResult PipesLaunchedData PipesMessageHandler
        PipesMessageReader PipesSession""",
    "_run.testing": "instance_for_test",
    "_types.dagster_type": """
        Any Bool check_dagster_type dagster_type_loader DagsterType DagsterTypeLoader Dict Float Int List
        make_python_type_usable_as_dagster_type Optional PythonObjectDagsterType Set String Tuple TypeCheck
        TypeCheckContext usable_as_dagster_type""",
    "_run.log": "DagsterLogManager get_dagster_logger",
    "_run.policies": "Backoff Jitter RetryPolicy",
    "_run.results": "ExecuteInProcessResult",
}
_WHERE = {name: module for module, names in _PUBLIC.items() for name in names.split()}

__all__ = sorted(_WHERE)


def __getattr__(name):
    module = _WHERE.get(name)
    if module is None:
        raise AttributeError(f"module 'treadle' has no attribute {name!r}")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(f"treadle.{module}"), name)
    return value


def __dir__():
    return sorted({*globals(), *_WHERE})
