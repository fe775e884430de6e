"""The modules below `dagster` that public code imports from although they are private. Of Dagster 1.13.29."""

from __future__ import annotations

# Package: its modules.
MODULES = {
    "": """
        _annotations _api _builtins _check _cli _config _core _daemon _experimental _generate _grpc _legacy
        _loggers _record _scheduler _serdes _symbol_annotations _time _utils""",
    "_symbol_annotations": "annotatable lifecycle public",
    "_api": """
        get_server_id list_repositories notebook_data snapshot_execution_plan snapshot_job
        snapshot_partition snapshot_repository snapshot_schedule snapshot_sensor""",
    "_cli": """
        api asset code_server config_scaffolder debug definitions dev instance job project
        proxy_server_manager run schedule sensor utils workspace""",
    "_cli.workspace": "cli_target",
    "_daemon": """
        asset_daemon auto_run_reexecution backfill cli controller daemon freshness monitoring
        run_coordinator sensor types utils""",
    "_daemon.auto_run_reexecution": "auto_run_reexecution event_log_consumer",
    "_daemon.monitoring": "concurrency run_monitoring",
    "_daemon.run_coordinator": "queued_run_coordinator_daemon",
    "_generate": "download generate",
    "_grpc": """
        client compile constants impl proxy_server server server_watcher types utils""",
    "_scheduler": "scheduler stale",
    "_serdes": "config_class serdes",
    "_config": """
        config_schema config_type errors evaluate_value_result field field_utils post_process
        primitive_mapping pythonic_config snap source stack traversal_context type_printer validate""",
    "_config.pythonic_config": """
        attach_other_object_to_context config conversion_utils io_manager resource type_check_utils
        typing_utils""",
    "_core": """
        asset_graph_view assets captured_log_api code_pointer container_context debug decorator_utils
        definitions errors event_api events execution executor instance instance_for_test launcher
        libraries loader log_manager nux op_concurrency_limits_counter origin pipes remote_origin
        remote_representation run_coordinator scheduler secrets selector snap snowflake_partner storage
        system_config telemetry telemetry_upload test_utils types utility_ops utils workspace""",
    "_core.asset_graph_view": """
        asset_graph_view bfs entity_subset serializable_entity_subset timing_metadata""",
    "_core.container_context": "config",
    "_core.definitions": """
        antlr_asset_selection asset_checks asset_daemon_cursor asset_health asset_key asset_selection
        asset_sensor_definition assets auto_materialize_policy auto_materialize_rule
        auto_materialize_rule_evaluation auto_materialize_rule_impls
        automation_condition_sensor_definition automation_tick_evaluation_context backfill_policy
        composition config configurable data_time data_version declarative_automation decorators
        definition_config_schema definitions_class definitions_load_context dependency
        dynamic_partitions_request events executor_definition external_asset freshness
        freshness_based_auto_materialize freshness_evaluator freshness_policy graph_definition
        hook_definition hook_invocation inference input instigation_logger job_base job_definition
        logger_definition logger_invocation materialize metadata module_loaders
        multi_asset_sensor_definition no_step_launcher node_container node_definition observe
        op_definition op_invocation op_selection output partitions policy reconstruct
        repository_definition resolved_asset_deps resource_annotation resource_definition
        resource_invocation resource_requirement result run_config run_config_schema run_request
        run_status_sensor_definition schedule_definition scoped_resources_builder selector
        sensor_definition source_asset step_launcher tags target temporal_context timestamp
        unresolved_asset_job_definition utils""",
    "_core.definitions.antlr_asset_selection": "antlr_asset_selection fix_imports generated",
    "_core.definitions.antlr_asset_selection.generated": """
        AssetSelectionLexer AssetSelectionListener AssetSelectionParser AssetSelectionVisitor""",
    "_core.definitions.asset_checks": """
        asset_check_evaluation asset_check_factories asset_check_result asset_check_spec
        asset_checks_definition""",
    "_core.definitions.asset_checks.asset_check_factories": """
        freshness_checks metadata_bounds_checks schema_change_checks utils""",
    "_core.definitions.asset_checks.asset_check_factories.freshness_checks": """
        last_update sensor time_partition""",
    "_core.definitions.asset_health": """
        asset_check_health asset_freshness_health asset_health asset_materialization_health""",
    "_core.definitions.assets": "definition graph job",
    "_core.definitions.assets.definition": """
        asset_dep asset_graph_computation asset_spec assets_definition cacheable_assets_definition""",
    "_core.definitions.assets.graph": """
        asset_graph asset_graph_differ asset_graph_subset base_asset_graph remote_asset_graph""",
    "_core.definitions.assets.job": "asset_in asset_job asset_layer asset_out",
    "_core.definitions.declarative_automation": """
        automation_condition automation_condition_evaluator automation_condition_tester
        automation_context legacy operands operators serialized_objects utils""",
    "_core.definitions.declarative_automation.legacy": """
        legacy_context rule_condition valid_asset_subset""",
    "_core.definitions.declarative_automation.operands": """
        operands run_operands subset_automation_condition""",
    "_core.definitions.declarative_automation.operators": """
        any_downstream_conditions_operator boolean_operators check_operators dep_operators job_operators
        newly_true_operator since_operator utils""",
    "_core.definitions.decorators": """
        asset_check_decorator asset_decorator config_mapping_decorator
        decorator_assets_definition_builder graph_decorator hook_decorator job_decorator op_decorator
        repository_decorator schedule_decorator sensor_decorator source_asset_decorator""",
    "_core.definitions.metadata": "external_metadata metadata_set metadata_value source_code table",
    "_core.definitions.module_loaders": """
        load_asset_checks_from_modules load_assets_from_modules load_defs_from_module object_list utils""",
    "_core.definitions.partitions": """
        context definition mapping partition partition_key_range partitioned_config partitioned_schedule
        schedule_type snap subset utils""",
    "_core.definitions.partitions.snap": "snap",
    "_core.definitions.partitions.definition": """
        dynamic multi partitions_definition static time_window time_window_subclasses""",
    "_core.definitions.partitions.mapping": """
        all identity last multi partition_mapping specific_partitions static time_window""",
    "_core.definitions.partitions.mapping.multi": "base multi_to_multi multi_to_single",
    "_core.definitions.partitions.partitioned_config": "dynamic partitioned_config static time_window",
    "_core.definitions.partitions.subset": """
        all default key_ranges partitions_subset serialized time_window""",
    "_core.definitions.partitions.utils": "base mapping multi time_window",
    "_core.definitions.repository_definition": """
        caching_index repository_data repository_data_builder repository_definition valid_definitions""",
    "_core.definitions.tags": "tag_set",
    "_core.events": "log utils",
    "_core.execution": """
        api asset_backfill backfill build_resources bulk_actions compute_logs context
        context_creation_job execute_in_process execute_in_process_result execution_result host_mode
        job_backfill job_execution_result memoization plan resources_init retries
        run_cancellation_thread run_metrics_thread scripts stats step_dependency_config
        submit_asset_runs tags telemetry validate_run_config with_resources""",
    "_core.execution.context": """
        asset_check_execution_context asset_execution_context compute data_version_cache hook init input
        invocation logger metadata_logging op_execution_context output system""",
    "_core.execution.plan": """
        active compute compute_generator execute_plan execute_step external_step handle inputs
        instance_concurrency_context local_external_step_main objects outputs plan resume_retry state
        step utils""",
    "_core.execution.scripts": "poll_compute_logs watch_orphans",
    "_core.executor": "base child_process_executor in_process init multiprocess step_delegating",
    "_core.executor.step_delegating": "step_delegating_executor step_handler",
    "_core.executor.step_delegating.step_handler": "base",
    "_core.instance": "config events factory instance methods ref runs storage types utils",
    "_core.instance.methods": """
        asset_methods daemon_methods event_methods run_launcher_methods run_methods scheduling_methods
        settings_methods storage_methods""",
    "_core.instance.runs": "run_domain",
    "_core.launcher": "base default_run_launcher sync_in_memory_run_launcher",
    "_core.pipes": "client context merge_streams reattach subprocess utils",
    "_core.remote_representation": """
        code_location external external_data feature_flags grpc_server_registry
        grpc_server_state_subscriber handle historical job_index represented""",
    "_core.run_coordinator": """
        base default_run_coordinator queued_run_coordinator sync_in_memory_run_coordinator""",
    "_core.scheduler": "execution instigation scheduler",
    "_core.snap": """
        config_types dagster_types dep_snapshot execution_plan_snapshot job_snapshot mode node
        snap_to_yaml""",
    "_core.secrets": "env_file loader",
    "_core.selector": "subset_selector",
    "_core.storage": """
        asset_check_execution_record asset_check_state asset_value_loader base_storage branching
        cloud_storage_compute_log_manager compute_log_manager config daemon_cursor dagster_run
        db_io_manager defs_state event_log file_manager fs_io_manager input_manager io_manager
        legacy_storage local_compute_log_manager mem_io_manager migrate migration
        noop_compute_log_manager output_manager partition_status_cache root run_size runs schedules sql
        sqlalchemy_compat sqlite sqlite_storage tags temp_file_manager upath_io_manager""",
    "_core.storage.branching": "branching_io_manager",
    "_core.storage.defs_state": "base blob_storage_state_storage",
    "_core.storage.event_log": """
        base in_memory migration polling_event_watcher schema sql_event_log sqlite""",
    "_core.storage.event_log.sqlite": "consolidated_sqlite_event_log sqlite_event_log",
    "_core.storage.migration": "bigint_migration utils",
    "_core.storage.runs": "base in_memory migration schema sql_run_storage sqlite",
    "_core.storage.runs.sqlite": "sqlite_run_storage",
    "_core.storage.schedules": "base migration schema sql_schedule_storage sqlite",
    "_core.storage.schedules.sqlite": "sqlite_schedule_storage",
    "_core.system_config": "composite_descent objects",
    "_core.types": """
        builtin_config_schemas config_schema dagster_type decorator loadable_target_origin pagination
        primitive_mapping python_dict python_set python_tuple transform_typing""",
    "_core.workspace": "autodiscovery config_schema context load load_target permissions workspace",
    "_utils": """
        aiodataloader alert backoff cached_method caching_instance_queryer concurrency container
        cronstring dagster_type env error forked_pdb hosted_user_process indenting_printer internal_init
        interrupts log merger names net partitions path pydantic_yaml schedules security storage tags
        temp_file test timing typed_dict types typing_api warnings""",
    "_utils.test": """
        data_versions definitions hello_world_defs hello_world_repository mysql_instance
        named_hello_world_repository postgres_instance quarantine schedule_storage toys""",
    "_utils.test.toys": "single_repository",
}

# The same of `dagster_shared`, which Dagster installs beside itself.
SHARED = {
    "": """
        check dagster_model error ipc libraries match merger record scaffold serdes seven utils version
        yaml_utils""",
    "check": "builder decorator functions record",
    "serdes": "errors objects pack serdes utils",
    "serdes.objects": "definition_metadata models package_entry",
    "serdes.objects.models": "defs_state_info",
    "seven": "compat json temp_dir",
    "utils": "cached_method config fs hash test timing warnings",
    "yaml_utils": "source_position",
}
