"""Treadle: declare assets, run them, keep what they make. The names are Dagster's: `import treadle as dg`."""

from treadle._asset_key import AssetCheckKey, AssetKey
from treadle._assets import AssetChecksDefinition, AssetsDefinition
from treadle._checks import asset_check, multi_asset_check
from treadle._decorators import asset, multi_asset
from treadle._definitions import Definitions
from treadle._errors import (
    CheckError,
    DagsterAssetCheckFailedError,
    DagsterError,
    DagsterExecutionInterruptedError,
    DagsterExecutionStepExecutionError,
    DagsterInvalidConfigError,
    DagsterInvalidDefinitionError,
    DagsterInvalidInvocationError,
    DagsterInvalidMetadata,
    DagsterInvalidPropertyError,
    DagsterInvalidSubsetError,
    DagsterInvariantViolationError,
    DagsterMaxRetriesExceededError,
    DagsterResourceFunctionError,
    DagsterRunNotFoundError,
    DagsterStepOutputNotFoundError,
    DagsterTypeCheckDidNotPass,
    DagsterUnknownResourceError,
    DagsterUserCodeExecutionError,
    Failure,
    ParameterCheckError,
    RetryRequested,
    TreadleError,
)
from treadle._events import (
    AssetCheckEvaluation,
    AssetCheckResult,
    AssetMaterialization,
    AssetObservation,
    DataVersion,
    MaterializeResult,
    ObserveResult,
    Output,
)
from treadle._io import (
    ConfigurableIOManager,
    InputContext,
    IOManager,
    OutputContext,
    build_input_context,
    build_output_context,
)
from treadle._jobs import JobDefinition, UnresolvedAssetJobDefinition, define_asset_job
from treadle._log import get_dagster_logger
from treadle._metadata import (
    BoolMetadataValue,
    CodeLocationReconstructionMetadataValue,
    DagsterAssetMetadataValue,
    DagsterJobMetadataValue,
    DagsterRunMetadataValue,
    FloatMetadataValue,
    IntMetadataValue,
    JsonMetadataValue,
    MarkdownMetadataValue,
    MetadataValue,
    NotebookMetadataValue,
    NullMetadataValue,
    PathMetadataValue,
    PoolMetadataValue,
    PythonArtifactMetadataValue,
    TableColumnLineageMetadataValue,
    TableMetadataValue,
    TableSchemaMetadataValue,
    TextMetadataValue,
    TimestampMetadataValue,
    UrlMetadataValue,
)
from treadle._policies import Backoff, Jitter, RetryPolicy
from treadle._resources import (
    Config,
    ConfigurableResource,
    EnvVar,
    InitResourceContext,
    IntEnvVar,
    IOManagerDefinition,
    ResourceDefinition,
    RunConfig,
    build_init_resource_context,
    io_manager,
    resource,
)
from treadle._selection import AssetSelection
from treadle._specs import (
    AssetCheckSeverity,
    AssetCheckSpec,
    AssetDep,
    AssetIn,
    AssetOut,
    AssetSpec,
    Nothing,
    SourceAsset,
    file_asset,
)
from treadle._table import (
    TableColumn,
    TableColumnConstraints,
    TableColumnDep,
    TableColumnLineage,
    TableConstraints,
    TableRecord,
    TableSchema,
)
from treadle._typing import TYPE_CHECKING
from treadle._values_resource import make_values_resource
from treadle._wrappers import File, Folder, Json

if TYPE_CHECKING:
    from treadle._context import AssetCheckExecutionContext, AssetExecutionContext, OpExecutionContext
    from treadle._dagster_event import DagsterEvent, DagsterEventType, SerializableErrorInfo
    from treadle._execute import materialize, materialize_to_memory
    from treadle._graph import GraphDefinition, GraphIn, GraphOut, graph
    from treadle._hooks import HookContext, HookDefinition, failure_hook, success_hook
    from treadle._instance import (
        DagsterInstance,
        DagsterRun,
        DagsterRunStatus,
        DataProvenance,
        EventLogEntry,
        RunsFilter,
    )
    from treadle._invoke import build_asset_check_context, build_asset_context, build_op_context
    from treadle._loader import (
        load_asset_checks_from_current_module,
        load_asset_checks_from_modules,
        load_assets_from_current_module,
        load_assets_from_modules,
    )
    from treadle._log import StepLogger as DagsterLogManager
    from treadle._op_jobs import job
    from treadle._ops import DynamicOut, DynamicOutput, In, OpDefinition, Out, op
    from treadle._results import ExecuteInProcessResult
else:
    # What only running code needs is imported when it is first named.
    _LATER = {
        "DynamicOut": "_ops",
        "DynamicOutput": "_ops",
        "In": "_ops",
        "OpDefinition": "_ops",
        "Out": "_ops",
        "op": "_ops",
        "GraphDefinition": "_graph",
        "GraphIn": "_graph",
        "GraphOut": "_graph",
        "graph": "_graph",
        "job": "_op_jobs",
        "HookContext": "_hooks",
        "HookDefinition": "_hooks",
        "failure_hook": "_hooks",
        "success_hook": "_hooks",
        "AssetCheckExecutionContext": "_context",
        "AssetExecutionContext": "_context",
        "OpExecutionContext": "_context",
        "DagsterEvent": "_dagster_event",
        "DagsterEventType": "_dagster_event",
        "SerializableErrorInfo": "_dagster_event",
        "materialize": "_execute",
        "materialize_to_memory": "_execute",
        "DagsterInstance": "_instance",
        "DagsterRun": "_instance",
        "DagsterRunStatus": "_instance",
        "DataProvenance": "_instance",
        "EventLogEntry": "_instance",
        "RunsFilter": "_instance",
        "build_asset_check_context": "_invoke",
        "build_asset_context": "_invoke",
        "build_op_context": "_invoke",
        "load_asset_checks_from_current_module": "_loader",
        "load_asset_checks_from_modules": "_loader",
        "load_assets_from_current_module": "_loader",
        "load_assets_from_modules": "_loader",
        "ExecuteInProcessResult": "_results",
    }

    def __getattr__(name):
        module = _LATER.get(name)
        if module is None:
            if name == "DagsterLogManager":
                from treadle._log import StepLogger

                return StepLogger
            raise AttributeError(f"module 'treadle' has no attribute {name!r}")
        from importlib import import_module

        value = globals()[name] = getattr(import_module(f"treadle.{module}"), name)
        return value

    def __dir__():
        return sorted({*globals(), *_LATER})


__version__ = "0.1.0"

__all__ = [
    "AssetCheckEvaluation",
    "AssetCheckExecutionContext",
    "AssetCheckKey",
    "AssetCheckResult",
    "AssetCheckSeverity",
    "AssetCheckSpec",
    "AssetChecksDefinition",
    "AssetDep",
    "AssetExecutionContext",
    "AssetIn",
    "AssetKey",
    "AssetMaterialization",
    "AssetObservation",
    "AssetOut",
    "AssetSelection",
    "AssetSpec",
    "AssetsDefinition",
    "Backoff",
    "BoolMetadataValue",
    "CheckError",
    "CodeLocationReconstructionMetadataValue",
    "Config",
    "ConfigurableIOManager",
    "ConfigurableResource",
    "DagsterAssetCheckFailedError",
    "DagsterAssetMetadataValue",
    "DagsterError",
    "DagsterEvent",
    "DagsterEventType",
    "DagsterExecutionInterruptedError",
    "DagsterExecutionStepExecutionError",
    "DagsterInstance",
    "DagsterInvalidConfigError",
    "DagsterInvalidDefinitionError",
    "DagsterInvalidInvocationError",
    "DagsterInvalidMetadata",
    "DagsterInvalidPropertyError",
    "DagsterInvalidSubsetError",
    "DagsterInvariantViolationError",
    "DagsterJobMetadataValue",
    "DagsterLogManager",
    "DagsterMaxRetriesExceededError",
    "DagsterResourceFunctionError",
    "DagsterRun",
    "DagsterRunMetadataValue",
    "DagsterRunNotFoundError",
    "DagsterRunStatus",
    "DagsterStepOutputNotFoundError",
    "DagsterTypeCheckDidNotPass",
    "DagsterUnknownResourceError",
    "DagsterUserCodeExecutionError",
    "DataProvenance",
    "DataVersion",
    "Definitions",
    "DynamicOut",
    "DynamicOutput",
    "EnvVar",
    "EventLogEntry",
    "ExecuteInProcessResult",
    "Failure",
    "File",
    "FloatMetadataValue",
    "Folder",
    "GraphDefinition",
    "GraphIn",
    "GraphOut",
    "HookContext",
    "HookDefinition",
    "IOManager",
    "IOManagerDefinition",
    "In",
    "InitResourceContext",
    "InputContext",
    "IntEnvVar",
    "IntMetadataValue",
    "Jitter",
    "JobDefinition",
    "Json",
    "JsonMetadataValue",
    "MarkdownMetadataValue",
    "MaterializeResult",
    "MetadataValue",
    "NotebookMetadataValue",
    "Nothing",
    "NullMetadataValue",
    "ObserveResult",
    "OpDefinition",
    "OpExecutionContext",
    "Out",
    "Output",
    "OutputContext",
    "ParameterCheckError",
    "PathMetadataValue",
    "PoolMetadataValue",
    "PythonArtifactMetadataValue",
    "ResourceDefinition",
    "RetryPolicy",
    "RetryRequested",
    "RunConfig",
    "RunsFilter",
    "SerializableErrorInfo",
    "SourceAsset",
    "TableColumn",
    "TableColumnConstraints",
    "TableColumnDep",
    "TableColumnLineage",
    "TableColumnLineageMetadataValue",
    "TableConstraints",
    "TableMetadataValue",
    "TableRecord",
    "TableSchema",
    "TableSchemaMetadataValue",
    "TextMetadataValue",
    "TimestampMetadataValue",
    "TreadleError",
    "UnresolvedAssetJobDefinition",
    "UrlMetadataValue",
    "asset",
    "asset_check",
    "build_asset_check_context",
    "build_asset_context",
    "build_init_resource_context",
    "build_input_context",
    "build_op_context",
    "build_output_context",
    "define_asset_job",
    "failure_hook",
    "file_asset",
    "get_dagster_logger",
    "graph",
    "io_manager",
    "job",
    "load_asset_checks_from_current_module",
    "load_asset_checks_from_modules",
    "load_assets_from_current_module",
    "load_assets_from_modules",
    "make_values_resource",
    "materialize",
    "materialize_to_memory",
    "multi_asset",
    "multi_asset_check",
    "op",
    "resource",
    "success_hook",
]
