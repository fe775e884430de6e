// What commands print, for people (text) and for programs (JSON): kept apart from the commands, so
// that it can be tested without a home. Pure. Text is neutralised here (text.h); JSON writers add
// one value to a document under construction.
#pragma once

#include "report.h"
#include "terminal.h"
#include <treadle/artifact/service.h>
#include <treadle/base/json.h>
#include <treadle/define/definitions.h>
#include <treadle/model/metadata.h>
#include <treadle/plan/staleness.h>

#include <optional>
#include <string>
#include <vector>

namespace treadle::cli {

// Definitions.
std::string render_problems(const std::vector<Problem>& problems, const Terminal& terminal);
void write_problem(JsonWriter& json, const Problem& problem);

// Metadata: one line per short value, blocks for Markdown and tables.
std::string render_metadata(const Metadata& metadata, const Terminal& terminal);
// A Markdown table with its columns aligned; other text as it is.
std::string align_markdown(std::string_view markdown);

// Runs.
std::string render_report_table(const RunReport& report, const Terminal& terminal);
std::string render_failures(const RunReport& report, const Terminal& terminal);
std::string render_error(const ErrorText& error);
// "succeeded", "failed", "interrupted" ...
std::string_view status_word(const Run& run, bool interrupted);
Style status_style(const Run& run, bool interrupted);
void write_run(JsonWriter& json, const Run& run, bool interrupted);
void write_report(JsonWriter& json, const RunReport& report);
void write_error(JsonWriter& json, const ErrorText& error);
// "accuracy_at_least_90 ✗ (WARN)".
std::string render_check(const CheckLine& check, const Terminal& terminal);
void write_check(JsonWriter& json, const CheckLine& check);
// A log line or event: "12:00:01.123  model  INFO  trained on 120 rows".
std::string render_event(const Event& event, const Terminal& terminal);

// Artifacts. "model:v3" when entity and project are the defaults.
std::string short_artifact(std::string_view artifact);
void write_version(JsonWriter& json, const artifact::Version& version);
void write_entry(JsonWriter& json, const artifact::Entry& entry);
// {"repository", "commit", "branch", "folder", "uncommitted"}; null for nothing.
void write_code(JsonWriter& json, const std::optional<artifact::CodeSource>& code);
// "https://example.org/a.git at 3f2a9c1 (main), with uncommitted changes".
std::string code_text(const artifact::CodeSource& code);
std::string render_version(const artifact::Version& version, const Terminal& terminal, Micros now);

// Staleness.
std::string_view staleness_word(plan::Staleness staleness);  // "fresh", "stale", "missing"
Style staleness_style(plan::Staleness staleness);
void write_reasons(JsonWriter& json, const plan::AssetStatus& status,
                   const plan::AssetGraph& graph);

}  // namespace treadle::cli
