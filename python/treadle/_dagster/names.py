"""The names at Dagster's top level, and what to use where Treadle does not have one."""

from __future__ import annotations

# Of Dagster 1.13.29.
_TEXT = """
AddDynamicPartitionsRequest AllPartitionMapping AnchorBasedFilePathMapping Any Array AssetAttributesModel
AssetCheckEvaluation AssetCheckExecutionContext AssetCheckKey AssetCheckResult AssetCheckSeverity
AssetCheckSpec AssetChecksDefinition AssetDep AssetExecutionContext AssetIn AssetJobKey AssetKey
AssetMaterialization AssetObservation AssetOrCheckKey AssetOut AssetPartitionStatus AssetRecordsFilter
AssetSelection AssetSensorDefinition AssetSpec AssetValueLoader AssetsDefinition
AutoMaterializeAssetPartitionsFilter AutoMaterializePolicy AutoMaterializeRule AutomationCondition
AutomationConditionSensorDefinition AutomationContext AutomationResult BackfillPolicy Backoff BetaWarning
BindResourcesToJobs Bool BoolMetadataValue BoolSource Callable CodeLocationSelector
CodeReferencesMetadataValue Component ComponentFormConfig ComponentLoadContext ComponentTree
ComponentTypeSpec Config ConfigArgumentWarning ConfigMapping ConfigSchema ConfigurableIOManager
ConfigurableIOManagerFactory ConfigurableLegacyIOManagerAdapter ConfigurableResource
DagsterAssetMetadataValue DagsterConfigMappingFunctionError DagsterError DagsterEvent
DagsterEventLogInvalidForRun DagsterEventType DagsterExecutionInterruptedError
DagsterExecutionStepExecutionError DagsterExecutionStepNotFoundError DagsterInstance
DagsterInvalidConfigDefinitionError DagsterInvalidConfigError DagsterInvalidDefinitionError
DagsterInvalidInvocationError DagsterInvalidSubsetError DagsterInvariantViolationError
DagsterJobMetadataValue DagsterLibraryRegistry DagsterLogManager DagsterResourceFunctionError DagsterRun
DagsterRunMetadataValue DagsterRunNotFoundError DagsterRunStatus DagsterStepOutputNotFoundError
DagsterSubprocessError DagsterType DagsterTypeCheckDidNotPass DagsterTypeCheckError DagsterTypeLoader
DagsterTypeLoaderContext DagsterUnknownPartitionError DagsterUnknownResourceError
DagsterUnmetExecutorRequirementsError DagsterUserCodeExecutionError DailyPartitionsDefinition
DataProvenance DataVersion DataVersionsByPartition DefaultRunLauncher DefaultScheduleStatus
DefaultSensorStatus Definitions DefinitionsComponent DefsFolderComponent DeleteDynamicPartitionsRequest
DependencyDefinition Dict DimensionPartitionMapping DynamicOut DynamicOutput DynamicPartitionsDefinition
Enum EnumValue EnvVar EvaluateAutomationConditionsResult EventLogEntry EventLogRecord EventRecordsFilter
EventRecordsResult ExecuteInProcessResult Executor ExecutorDefinition ExecutorRequirement
ExpectationResult Failure Field FileHandle FilePathMapping FilesystemIOManager Final Float
FloatMetadataValue FreshnessPolicy FunctionComponent GraphDefinition GraphIn GraphOut HookContext
HookDefinition HookExecutionResult HourlyPartitionsDefinition IAttachDifferentObjectToOpContext IOManager
IOManagerDefinition IdentityPartitionMapping In InMemoryIOManager InitExecutorContext InitLoggerContext
InitResourceContext Injected InputContext InputManager InputManagerDefinition InputMapping Int
IntMetadataValue IntSource Jitter JobDefinition JobExecutionResult JobSelector JsonLogFormatter
JsonMetadataValue LastPartitionMapping LegacyFreshnessPolicy List LocalFileCodeReference LocalFileHandle
LoggerDefinition MAX_RUNTIME_SECONDS_TAG Map Mapping MarkdownMetadataValue MaterializeResult MetadataEntry
MetadataValue MigrateIOStorageResult Model MonthlyPartitionsDefinition MultiAssetSensorDefinition
MultiAssetSensorEvaluationContext MultiDependencyDefinition MultiPartitionKey MultiPartitionMapping
MultiPartitionsDefinition MultiToSingleDimensionPartitionMapping NodeInvocation Noneable
NotebookMetadataValue Nothing NullMetadataValue ObserveResult OpDefinition OpExecutionContext Optional Out
Output OutputContext OutputMapping PaginatedResults Partition PartitionKeyRange PartitionMapping
PartitionedConfig PartitionsDefinition PathMetadataValue PendingNodeInvocation Permissive PermissiveConfig
PipesBlobStoreMessageReader PipesClient PipesClientCompletedInvocation PipesCompositeMessageReader
PipesContextInjector PipesEnvContextInjector PipesExecutionResult PipesFileContextInjector
PipesFileMessageReader PipesLaunchedData PipesLogReader PipesMessageHandler PipesMessageReader
PipesSession PipesSubprocessClient PipesTempFileContextInjector PipesTempFileMessageReader
PoolMetadataValue PreviewWarning PythonArtifactMetadataValue PythonObjectDagsterType PythonScriptComponent
QueuedRunCoordinator ReexecutionOptions RepositoryData RepositoryDefinition RepositorySelector
ResolutionContext Resolvable ResolvedAssetCheckSpec ResolvedAssetKey ResolvedAssetSpec Resolver
ResourceDefinition ResourceDependency ResourceParam RetryPolicy RetryRequested RunConfig
RunFailureSensorContext RunRecord RunRequest RunShardedEventsCursor RunStatusChangeRecordsFilter
RunStatusSensorContext RunStatusSensorDefinition RunsFilter ScaffoldRequest Scaffolder ScalarUnion
ScheduleDefinition ScheduleEvaluationContext Selector SensorDefinition SensorEvaluationContext
SensorResult SensorReturnTypesUnion Sequence Set Shape SkipReason SourceAsset
SpecificPartitionsPartitionMapping SqlComponent StateBackedComponent StaticPartitionMapping
StaticPartitionsDefinition StepExecutionContext StepLauncher StepRunRef String StringSource
SubmitRunContext SupersessionWarning TYPE_CHECKING TableColumn TableColumnConstraints TableColumnDep
TableColumnLineage TableColumnLineageMetadataValue TableConstraints TableMetadataValue TableRecord
TableSchema TableSchemaMetadataValue TemplatedSqlComponent TextMetadataValue TimeWindow
TimeWindowPartitionMapping TimeWindowPartitionsDefinition TimestampMetadataValue Tuple TypeCheck
TypeCheckContext TypingAny TypingTuple UPathDefsStateStorage UPathIOManager UrlCodeReference
UrlMetadataValue UvRunComponent WeeklyPartitionsDefinition apply_freshness_policy asset asset_check
asset_sensor build_asset_check_context build_asset_context build_column_schema_change_checks
build_component_defs build_defs_for_component build_hook_context build_init_logger_context
build_init_resource_context build_input_context build_last_update_freshness_checks
build_metadata_bounds_checks build_multi_asset_sensor_context build_op_context build_output_context
build_reconstructable_job build_resources build_run_status_sensor_context build_schedule_context
build_schedule_from_partitioned_job build_sensor_context build_sensor_for_freshness_checks
build_time_partition_freshness_checks check_dagster_type colored_console_logger component_defs
component_instance config_from_files config_from_pkg_resources config_from_yaml_strings config_mapping
configured create_repository_using_definitions_args custom_path_fs_io_manager dagster_type_loader
daily_partitioned_config default_loggers default_system_loggers define_asset_job definitions
deprecation_warning deserialize_value dynamic_partitioned_config evaluate_automation_conditions
execute_job executor external_instance_from_step_run_ref failure_hook file_relative_path fs_io_manager
get_all_components_defs_within_project get_component_defs_within_project get_dagster_logger graph
graph_asset graph_multi_asset hourly_partitioned_config in_process_executor input_manager
instance_for_test io_manager job json_console_logger link_code_references_to_git
load_asset_checks_from_current_module load_asset_checks_from_modules load_asset_checks_from_package_module
load_asset_checks_from_package_name load_assets_from_current_module load_assets_from_modules
load_assets_from_package_module load_assets_from_package_name load_definitions_from_current_module
load_definitions_from_module load_definitions_from_modules load_definitions_from_package_module
load_definitions_from_package_name load_defs load_from_defs_folder local_file_manager logger
make_email_on_run_failure_sensor make_python_type_usable_as_dagster_type make_values_resource
map_asset_specs materialize materialize_to_memory mem_io_manager migrate_io_storage
monthly_partitioned_config multi_asset multi_asset_check multi_asset_sensor multi_observable_source_asset
multi_or_in_process_executor multiple_process_executor_requirements multiprocess_executor
observable_source_asset op open_pipes_session partition_loading_context partitioned_config
raise_execution_interrupts reconstructable repository resource resources run_failure_sensor
run_status_sensor run_step_from_ref scaffold_component scaffold_with schedule sensor serialize_value
static_partitioned_config step_context_to_step_run_ref step_run_ref_to_step_context success_hook
template_var usable_as_dagster_type validate_run_config weekly_partitioned_config with_resources
with_source_code_references
"""
NAMES = frozenset(_TEXT.split())

# The first rule that a name contains a word of.
_RULES = (
    (
        ("Callable", "Final", "Mapping", "Sequence", "TYPE_CHECKING", "TypingAny", "TypingTuple"),
        "Dagster exports it by accident: import it from `typing`.",
    ),
    (
        ("StepRunRef", "step_run_ref", "StepLauncher", "run_step_from_ref", "RunLauncher", "RunCoordinator"),
        "How runs and steps are hosted is the engine's: see docs/architecture.md.",
    ),
    (
        ("serialize_value", "deserialize_value"),
        "Dagster's serialization is not Treadle's: `json` and `pickle` do for values.",
    ),
    (("FileHandle", "file_manager"), "Hand over a `treadle.File`, which is kept as it is."),
    (
        ("Component", "component", "Resolvable", "Resolver", "Resolved", "Scaffold", "scaffold", "Yaml"),
        "Dagster's components are not part of Treadle: declare assets in Python.",
    ),
    (
        ("Pipes", "pipes"),
        "Use PipesSubprocessClient or open_pipes_session.",
    ),
    (
        ("Partition", "partition", "Backfill", "TimeWindow"),
        "What there is of partitions: docs/concepts/partitions.md.",
    ),
    (
        (
            "Schedule",
            "schedule",
            "Sensor",
            "sensor",
            "RunRequest",
            "SkipReason",
            "Automation",
            "AutoMaterialize",
        ),
        "What there is of schedules, sensors and conditions: docs/concepts/automation.md.",
    ),
    (
        ("Freshness", "freshness"),
        "Staleness is known without policies: `treadle status`; check ages in an asset check.",
    ),
    (
        (
            "Array",
            "Bool",
            "Enum",
            "Field",
            "Float",
            "Int",
            "Map",
            "Noneable",
            "Permissive",
            "Scalar",
            "Selector",
        ),
        "What there is of configuration: docs/concepts/configuration.md.",
    ),
    (("Shape", "String", "Source"), "What there is of configuration: docs/concepts/configuration.md."),
    (
        (
            "op",
            "job",
            "graph",
            "In",
            "Out",
            "Op",
            "Graph",
            "GraphIn",
            "GraphOut",
            "Dependency",
            "Node",
            "hook",
        ),
        "What there is of ops, graphs and jobs: docs/concepts/jobs.md.",
    ),
    (("executor", "Executor"), "Choose with `--executor in_process|process` on the command line."),
    (("logger", "Logger"), "LoggerDefinition and get_dagster_logger are there."),
    (
        ("DagsterType", "TypeCheck", "dagster_type"),
        "DagsterType and annotations are there.",
    ),
)


def advice(name: str) -> str:
    """What to use instead of a name that is not there."""
    for words, text in _RULES:
        if any(name.startswith(w) or w in name if len(w) > 3 else name == w for w in words):
            return text
    return "Nothing takes its place yet."
