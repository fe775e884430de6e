"""Dagster's private modules, as far as public code imports from them.

Such an import finds a view of Treadle: a name of Dagster's top level is Treadle's, a name in `NAMES` is what
it says there, any other name raises an error when it is asked for.
"""

from __future__ import annotations

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
}

# Name: the module of Treadle that has it, whichever private module of Dagster it is asked of.
NAMES = {
    name: module
    for module, names in {
        "treadle._dagster.testing": "environ ignore_warning new_cwd raise_exception_on_warnings",
        "treadle._dagster.check": "CheckError ElementCheckError NotImplementedCheckError ParameterCheckError",
        "treadle._dagster.calling": "backoff cached_method compose return_as_list",
        "treadle._dagster.error_info": "serializable_error_info_from_exc_info",
        "treadle._dagster.files": """
            PICKLE_PROTOCOL ensure_dir ensure_file mkdir_p pushd run_with_concurrent_update_guard safe_isfile
            safe_tempfile_path safe_tempfile_path_unmanaged script_relative_path touch_file""",
        "treadle._dagster.mappings": """
            dict_without_keys ensure_gen ensure_single_item exhaust_iterator_and_yield_results_with_exception
            imap""",
        "treadle._dagster.naming": """
            build_kind_tag camelcase coerce_valid_log_level make_new_run_id normalize_tags parse_env_var
            snakecase str_format_list str_format_set""",
        "treadle._dagster.type_names": """
            ArbitraryMetadataMapping CoercibleToAssetDep CoercibleToAssetKey CoercibleToAssetKeyPrefix
            MetadataMapping OpComputeFunction PackableValue PipesMessage PipesParams RawMetadataMapping
            RawMetadataValue TypeCheckFn UserConfigSchema""",
        "treadle._events.metadata": "normalize_metadata normalize_metadata_value",
        "treadle._events.metadata_set": """
            NamespacedMetadataSet NamespacedTagSet TableMetadataSet UriMetadataSet""",
    }.items()
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
    if not module.startswith("dagster._"):
        return module in _PACKAGES
    if not _modules:
        from treadle._dagster.inner_modules import MODULES

        for package, names in MODULES.items():
            before = f"dagster.{package}." if package else "dagster."
            _modules.update(before + name for name in names.split())
    return module in _modules
