#include "load.h"

#include "python.h"
#include "render.h"
#include "text.h"
#include <treadle/base/files.h>
#include <treadle/base/json.h>
#include <treadle/base/json_parse.h>
#include <treadle/plan/plan.h>

#include <boost/json.hpp>
#include <fmt/format.h>

#include <cstdlib>

namespace treadle::cli {
namespace {

// Where Dagster looks for code locations when nothing else names them.
constexpr const char* kWorkspaceFile = "workspace.yaml";

tl::unexpected<Stop> stop(int exit_code) {
  return tl::unexpected<Stop>(Stop{exit_code});
}

std::vector<std::string> arguments_of(const Session& session) {
  return {session.words().begin() + 1, session.words().end()};
}

// -f and -m, else the settings; nothing of them is an error with the three ways out.
Result<LoadRequest> make_request(Session& session, const SourceOptions& source) {
  if (!source.file.empty() + !source.module.empty() + !source.workspace.empty() > 1)
    return fail(Errc::kInvalidArgument, "Give one of --file, --module and --workspace.");
  LoadRequest request{.file = source.file,
                      .module = source.module,
                      .working_dir = source.working_dir,
                      .as_dagster = source.as_dagster,
                      .attribute = source.attribute,
                      .workspace = source.workspace,
                      .location = source.location};
  if (!source.given()) {
    TREADLE_TRY(const app::Settings settings, session.settings());
    request.file = settings.file;
    request.module = settings.module;
    if (request.working_dir.empty())
      request.working_dir =
          settings.working_directory.empty() ? settings.folder : settings.working_directory;
    if (request.file.empty() && request.module.empty() && real_files().stat(kWorkspaceFile))
      request.workspace = kWorkspaceFile;
    if (request.file.empty() && request.module.empty() && request.workspace.empty())
      return fail(Errc::kInvalidArgument,
                  "Which definitions? Name a file (-f pipeline.py) or a module (-m "
                  "package.module), or say it once for the "
                  "project in pyproject.toml:\n  [tool.treadle]\n  module = \"package.module\"");
  }
  for (const std::string& path : {request.file, request.workspace}) {
    if (path.empty()) continue;
    const auto found = real_files().stat(path);
    if (!found) return fail(Error{found.error()}.with_context("Cannot read the definitions"));
    if (found->kind == FileStat::Kind::kFolder)
      return fail(Errc::kInvalidArgument,
                  fmt::format("'{}' is a folder; {}", printable(path),
                              request.file.empty() ? "--workspace names a workspace.yaml."
                                                   : "--file names a Python file."));
  }
  return request;
}

// The native program has no user code: somebody else runs the same command.
OrStop<LoadedDefinitions> hand_over(Session& session) {
  auto python = find_python(search_of_this_process(session.words().front()));
  if (!python) return stop(session.fail(python.error()));
  session.release_stdout();
  setenv(kInvokedAs, session.words().front().c_str(), 1);
  return stop(session.fail(exec_python(*python, arguments_of(session))));
}

OrStop<LoadedDefinitions> hand_over_to_program(Session& session, const std::string& path) {
  session.release_stdout();
  return stop(session.fail(exec_program(path, arguments_of(session))));
}

OrStop<LoadedDefinitions> call_loader(Session& session, const LoadRequest& request) {
  try {
    auto loaded = session.program().load(request);
    if (!loaded) {
      if (loaded.error().code == Errc::kCancelled) return stop(session.fail(loaded.error()));
      return stop(
          session.fail(kExitInvalidDefinitions, "invalid_definitions", loaded.error().message));
    }
    return std::move(*loaded);
  } catch (const DefinitionError& error) {
    return stop(report_problems(session, error.problems()));
  }
}

std::string origin_field(const boost::json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value && value->is_string() ? std::string(value->get_string()) : std::string();
}

}  // namespace

void add_source_options(CommandSpec& command, const Program& program, SourceOptions& source) {
  if (!program.takes_source) return;
  command.options.push_back({.names = "-f,--file",
                             .value = "FILE.py",
                             .help = "Load definitions from a Python file",
                             .target = &source.file,
                             .kind = WordKind::kFile});
  command.options.push_back({.names = "-m,--module",
                             .value = "MODULE",
                             .help = "Load definitions from a Python module",
                             .target = &source.module,
                             .kind = WordKind::kModule});
  command.options.push_back({.names = "-d,--working-directory",
                             .value = "DIR",
                             .help = "Resolve imports from this folder instead of the current one",
                             .target = &source.working_dir,
                             .kind = WordKind::kFolder});
  command.options.push_back({.names = "-a,--attribute",
                             .value = "NAME",
                             .help = "The Definitions, repository or job in the file or module, "
                                     "where it has several",
                             .target = &source.attribute});
  command.options.push_back(
      {.names = "-w,--workspace",
       .value = "FILE",
       .help =
           "Load a code location of a workspace.yaml, which is read where nothing else is named",
       .target = &source.workspace,
       .kind = WordKind::kFile});
  command.options.push_back({.names = "-l,--location",
                             .value = "NAME",
                             .help = "Which code location, when the workspace has several",
                             .target = &source.location});
  command.options.push_back(
      {.names = "--as-dagster",
       .value = "",
       .help = "Read `import dagster` as Treadle, even where Dagster is installed",
       .target = &source.as_dagster});
}

bool has_default_source(Session& session) {
  if (!session.program().takes_source) return true;
  const auto settings = session.settings();
  return settings &&
         !(settings->file.empty() && settings->module.empty() && settings->program.empty());
}

OrStop<LoadedDefinitions> load_definitions(Session& session, const SourceOptions& source) {
  if (!session.program().takes_source) return call_loader(session, {});
  if (!session.program().load && !source.given()) {
    const auto settings = session.settings();
    if (settings && !settings->program.empty())
      return hand_over_to_program(session, settings->program);
  }
  auto request = make_request(session, source);
  if (!request) return stop(session.fail(request.error()));
  if (!session.program().load) return hand_over(session);
  return call_loader(session, *request);
}

OrStop<LoadedDefinitions> load_origin(Session& session, const std::string& origin,
                                      const std::string& run_id, const SourceOptions& source) {
  if (source.given()) return load_definitions(session, source);
  if (!session.program().takes_source) return call_loader(session, {});
  boost::json::value parsed;
  const auto* object = parse_json_value(origin, parsed) ? parsed.if_object() : nullptr;
  const std::string kind = object ? origin_field(*object, "kind") : std::string();
  if (kind == "program") {
    const std::string path = origin_field(*object, "path");
    if (!real_files().stat(path))
      return stop(session.fail(
          kExitNotFound, "not_found",
          fmt::format(
              "Run {} was made by the program {}, which is not there any more. Build it again, or "
              "resume with the program that has the same definitions.",
              short_id(run_id), printable(path))));
    return hand_over_to_program(session, path);
  }
  if (kind != "python")
    return stop(
        session.usage_error(fmt::format("The record does not say which code run {} was made from. "
                                        "Name it: -f pipeline.py or -m package.module.",
                                        short_id(run_id))));
  if (!session.program().load) return hand_over(session);
  const auto* as_dagster = object->if_contains("as_dagster");
  return call_loader(session,
                     {.file = origin_field(*object, "file"),
                      .module = origin_field(*object, "module"),
                      .working_dir = origin_field(*object, "working_dir"),
                      .as_dagster = source.as_dagster || (as_dagster && *as_dagster == true),
                      .attribute = origin_field(*object, "attribute"),
                      .workspace = {},
                      .location = {}});
}

OrStop<Code> check_code(Session& session, LoadedDefinitions loaded, app::Home* home) {
  if (home) app::add_defaults(*loaded.definitions, *home);
  const auto problems = plan::check_definitions(*loaded.definitions);
  if (!problems.empty()) return stop(report_problems(session, problems));
  auto graph = std::make_unique<plan::AssetGraph>(*loaded.definitions);
  return Code{std::move(loaded), std::move(graph)};
}

int report_problems(Session& session, const std::vector<Problem>& problems) {
  session.note(render_problems(problems, session.err()));
  if (session.json()) {
    JsonWriter w;
    w.begin_object().field("ok", false).key("problems").begin_array();
    for (const Problem& problem : problems) write_problem(w, problem);
    w.end_array().end_object();
    session.print_json(w.str());
  }
  return kExitInvalidDefinitions;
}

}  // namespace treadle::cli
