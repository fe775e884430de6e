#include "commands.h"
#include "complete.h"
#include "dagster_words.h"
#include "help.h"
#include "parse.h"
#include "reference.h"
#include "session.h"
#include "text.h"
#include <treadle/artifact/store.h>
#include <treadle/cli/cli.h>

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <exception>
#include <optional>

namespace treadle::cli {
namespace {

constexpr const char* kVersion = TREADLE_VERSION;

// Names of kept things, for completion. A home that cannot be read offers none.
std::vector<Candidate> kept_names(Session& session, WordKind kind) {
  std::vector<Candidate> out;
  if (kind != WordKind::kAsset && kind != WordKind::kArtifact && kind != WordKind::kRun) return out;
  const auto home = session.open_existing_home();
  if (!home || !*home) return out;
  if (kind == WordKind::kAsset) {
    for (const AssetKey& key : (*home)->record().asset_keys().value_or(std::vector<AssetKey>{}))
      out.push_back({key.text(), ""});
  } else if (kind == WordKind::kRun) {
    events::RunFilter filter;
    filter.limit = 30;
    out.push_back({"latest", "the newest run"});
    for (const Run& run : (*home)->record().runs(filter).value_or(std::vector<Run>{}))
      out.push_back({run.run_id, format_ago(run.created, session.now())});
  } else {
    for (const auto& collection :
         (*home)->store().collections().value_or(std::vector<artifact::Collection>{}))
      out.push_back({collection.name, collection.type});
  }
  return out;
}

int print_completions(Session& session, const CommandSpec& root,
                      const std::vector<std::string>& words) {
  const Completion completion =
      complete(root, words, [&](WordKind kind) { return kept_names(session, kind); });
  std::string out;
  for (const Candidate& candidate : completion.candidates)
    out += printable(candidate.word) + "\t" + printable(candidate.description) + "\n";
  if (completion.kind == WordKind::kFile) out += ":files\n";
  if (completion.kind == WordKind::kFolder) out += ":folders\n";
  session.write_out(out);
  return kExitOk;
}

// Whether the words ask for the version alone, and as JSON; nothing: they ask for something else.
std::optional<bool> asks_for_version(std::vector<std::string> words) {
  const bool json = std::erase(words, "--json") > 0;
  if (words.size() != 1) return {};
  const std::string& word = words.front();
  if (word != "--version" && word != "-V" && word != "version") return {};
  return json;
}

int run_words(std::vector<std::string> words, const Program& program) {
  GlobalOptions globals;
  const CommandSpec root = root_command(program, globals);
  std::vector<std::string> rest(words.begin() + 1, words.end());
  if (program.takes_source) {
    Spelling said = read_dagster_words(rest);
    if (!said.advice.empty()) {
      globals.json = std::find(rest.begin(), rest.end(), "--json") != rest.end();
      return Session(program, words, globals).usage_error(said.advice);
    }
    rest = std::move(said.words);
    words.resize(1);
    words.insert(words.end(), rest.begin(), rest.end());
  }
  if (!rest.empty() && rest.front() == "__complete") {
    Session session(program, words, globals);
    return print_completions(session, root, {rest.begin() + 1, rest.end()});
  }
  if (const std::optional<bool> json = asks_for_version(rest)) {
    Session session(program, words, globals);
    session.write_out(
        *json ? fmt::format("{{\"name\":\"{}\",\"version\":\"{}\"}}\n", program.name, kVersion)
              : fmt::format("{} {}\n", program.name, kVersion));
    return kExitOk;
  }
  if (rest.size() == 1 && rest.front() == "__reference") {
    Session session(program, words, globals);
    session.write_out(render_reference(root));
    return kExitOk;
  }
  const Parsed parsed = parse(root, rest);
  // Parsing stops at the first mistake; who asked for JSON gets the error as JSON, wherever they
  // said so.
  if (parsed.error && std::find(rest.begin(), rest.end(), "--json") != rest.end())
    globals.json = true;
  Session session(program, words, globals);
  if (parsed.help || rest.empty()) {
    session.write_out(render_help(parsed.path, session.out()));
    return session.end(rest.empty() ? kExitUsage : kExitOk);
  }
  if (parsed.error)
    return session.usage_error(*parsed.error + "\n" + render_usage(parsed.path) +
                               "\nSee: " + parsed.command_line() + " --help");
  return session.end(parsed.command().run(session));
}

}  // namespace

int main(int argc, const char* const* argv, const Program& program) {
  // A reader that closes the pipe early (`| head`) ends output, not the run.
  std::signal(SIGPIPE, SIG_IGN);
  // A limit on the size of files is an error like a full disk, not the end of the process.
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    std::vector<std::string> words(argv, argv + argc);
    if (words.empty()) words.push_back(program.name);
    return run_words(words, program);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "Error: %s (this is a bug in Treadle)\n",
                 printable_block(error.what()).c_str());
    return kExitInternal;
  }
}

}  // namespace treadle::cli
