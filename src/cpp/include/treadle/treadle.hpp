// Treadle for C++: declare assets as ordinary functions, and run them with every output kept as a
// versioned artifact.
//
//   #include <treadle/treadle.hpp>
//   namespace td = treadle;
//
//   int main(int argc, char** argv) {
//     td::Defs defs;
//     auto words = defs.asset("words", [] { return std::vector<std::string>{"warp", "weft"}; });
//     auto count = defs.asset("count", [](const std::vector<std::string>& w) { return w.size(); }, words);
//     defs.check("not_empty", count, [](std::size_t n) { return n > 0; }, {.blocking = true});
//     return td::main(argc, argv, defs);  // ./program materialize | list | check | run list | ...
//   }
//
// docs/getting-started-cpp.md walks through it; examples/iris_cpp is a complete program.
#pragma once

#include <treadle/cpp/automation.h>  // td::RunRequest, td::condition: schedules, sensors, conditions
#include <treadle/cpp/config.h>      // td::Config: structs as configuration
#include <treadle/cpp/defs.h>        // td::Defs: assets, checks, sources, resources, jobs
#include <treadle/cpp/instance.h>    // td::Instance: what a home remembers
#include <treadle/cpp/io_managers.h>   // td::files, td::in_memory: where values are kept
#include <treadle/cpp/materialize.h>   // td::materialize, td::run_job, td::load_value, td::main
#include <treadle/cpp/object_files.h>  // td::object_files: values in S3 stores and behind URLs
#include <treadle/cpp/op.h>            // td::op, td::graph (compose.h), td::success_hook (hook.h)
#include <treadle/cpp/partitioned_config.h>  // td::daily_partitioned_config: what runs of a partition are configured with
#include <treadle/cpp/partitions.h>     // td::Partitions, td::ByPartition
#include <treadle/cpp/record_checks.h>  // td::last_update_freshness: checks of what a home remembers
#include <treadle/cpp/run_config.h>     // td::RunConfig, td::configured, td::config_mapping
#include <treadle/cpp/selection.h>      // td::assets, td::group: which assets, as C++ writes it
#include <treadle/cpp/sql_tables.h>     // td::sql_tables: rows as tables of a database
#include <treadle/cpp/status.h>         // td::status: what is stale, and why
#include <treadle/cpp/tables.h>         // td::TableSchema: what is known of a table
#include <treadle/cpp/testing.h>        // td::TestContext: functions without a run
#include <treadle/cpp/wandb.h>          // td::wandb: W&B artifacts
#include <treadle/cpp/wandb_runs.h>     // td::wandb::init, Api: metrics of runs, logged and read
