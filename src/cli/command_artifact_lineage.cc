#include "artifact_lookup.h"
#include "commands.h"
#include "render.h"
#include "text.h"
#include <treadle/artifact/lineage.h>

#include <fmt/format.h>

#include <map>
#include <set>

namespace treadle::cli {
namespace {

using EdgeKind = artifact::LineageEdge::Kind;

struct ArtifactLineageOptions {
  std::string ref;
  int up = -1;
  int down = -1;
  bool dot = false;
  std::string host;
};

// What a person recognizes a run by.
std::map<std::string, std::string> job_names(app::Home* home, const artifact::Lineage& lineage) {
  std::map<std::string, std::string> out;
  if (home == nullptr) return out;
  for (const std::string& id : lineage.runs) {
    const auto run = home->record().get_run_by_prefix(id);
    if (run && run->run_id == id) out[id] = run->job_name == "__ASSET_JOB" ? "" : run->job_name;
  }
  return out;
}

// The graph as two trees with the version asked for as their root. What was shown before is named, not
// unfolded again.
class Tree {
 public:
  Tree(const artifact::Lineage& lineage, const std::map<std::string, std::string>& jobs,
       const Terminal& terminal)
      : lineage_(lineage), jobs_(jobs), terminal_(terminal) {}

  std::string render() {
    std::string out = terminal_.paint(Style::kBold, name_of(0)) + "\n";
    out += section("made from", true) + section("used for", false);
    if (lineage_.edges.empty()) out += "  nothing is known of where it came from or went\n";
    return out;
  }

 private:
  std::string section(std::string_view title, bool up) {
    shown_ = {0};
    const std::string body = below(0, up, "    ");
    if (body.empty()) return "";
    return "  " + terminal_.paint(Style::kDim, title) + "\n" + body;
  }

  std::string below(std::size_t version, bool up, const std::string& indent) {
    std::string out;
    for (const artifact::LineageEdge& edge : lineage_.edges) {
      if (edge.version != version || (edge.kind == EdgeKind::kMade) != up) continue;
      out += indent + run_text(edge.run) + "\n";
      for (const artifact::LineageEdge& next : lineage_.edges) {
        if (next.run != edge.run || (next.kind == EdgeKind::kUsed) != up) continue;
        const bool fresh = shown_.insert(next.version).second;
        out += indent + "  " + name_of(next.version) + (fresh ? "" : " (see above)") + "\n";
        if (fresh) out += below(next.version, up, indent + "    ");
      }
    }
    return out;
  }

  std::string run_text(std::size_t run) const {
    const std::string& id = lineage_.runs[run];
    const auto job = jobs_.find(id);
    std::string out = "run " + printable(short_id(id));
    if (job != jobs_.end() && !job->second.empty()) out += " (" + printable(job->second) + ")";
    return terminal_.paint(Style::kCyan, out);
  }
  std::string name_of(std::size_t version) const {
    const artifact::Version& v = lineage_.versions[version];
    std::string out = printable(short_artifact(v.text()));
    std::vector<std::string> names;
    for (const std::string& alias : v.aliases)
      if (alias != "latest") names.push_back(alias);
    if (!names.empty()) out += " [" + printable(join(names, ", ")) + "]";
    return out + "  " + terminal_.paint(Style::kDim, printable(v.type));
  }

  const artifact::Lineage& lineage_;
  const std::map<std::string, std::string>& jobs_;
  const Terminal& terminal_;
  std::set<std::size_t> shown_;
};

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : printable(text)) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string dot_text(const artifact::Lineage& lineage,
                     const std::map<std::string, std::string>& jobs) {
  std::string out = "digraph lineage {\n  rankdir=LR;\n";
  for (std::size_t i = 0; i < lineage.versions.size(); ++i) {
    const artifact::Version& v = lineage.versions[i];
    out += fmt::format("  v{} [shape=box, label={}{}];\n", i, quoted(short_artifact(v.text())),
                       i == 0 ? ", style=bold" : "");
  }
  for (std::size_t i = 0; i < lineage.runs.size(); ++i) {
    const auto job = jobs.find(lineage.runs[i]);
    const std::string name = job == jobs.end() || job->second.empty()
                                 ? short_id(lineage.runs[i])
                                 : job->second + " " + short_id(lineage.runs[i]);
    out += fmt::format("  r{} [shape=ellipse, label={}];\n", i, quoted(name));
  }
  for (const artifact::LineageEdge& edge : lineage.edges) {
    out += edge.kind == EdgeKind::kMade ? fmt::format("  r{} -> v{};\n", edge.run, edge.version)
                                        : fmt::format("  v{} -> r{};\n", edge.version, edge.run);
  }
  return out + "}\n";
}

std::string json_text(const artifact::Lineage& lineage,
                      const std::map<std::string, std::string>& jobs) {
  JsonWriter w;
  w.begin_object().key("version");
  write_version(w, lineage.versions[0]);
  w.key("versions").begin_array();
  for (const artifact::Version& version : lineage.versions) write_version(w, version);
  w.end_array().key("runs").begin_array();
  for (const std::string& id : lineage.runs) {
    w.begin_object().field("run_id", id).key("job");
    const auto job = jobs.find(id);
    job == jobs.end() || job->second.empty() ? w.null() : w.value(job->second);
    w.end_object();
  }
  w.end_array().key("edges").begin_array();
  for (const artifact::LineageEdge& edge : lineage.edges) {
    w.begin_object()
        .field("kind", edge.kind == EdgeKind::kMade ? "made" : "used")
        .field("run_id", lineage.runs[edge.run])
        .field("version", lineage.versions[edge.version].text())
        .end_object();
  }
  w.end_array().field("cut", lineage.cut).end_object();
  return std::move(w).str();
}

int run_artifact_lineage(Session& session, const ArtifactLineageOptions& options) {
  if (options.up < -1 || options.down < -1)
    return session.usage_error("--up and --down take a number of steps, 0 or more.");
  if (options.dot && session.json()) return session.usage_error("Give --dot or --json, not both.");
  int code = kExitOk;
  const Artifacts artifacts = open_artifacts(session, options.host, Access::kRead, code);
  if (!artifacts) return code;
  const auto version = artifacts.get(options.ref);
  if (!version) return session.fail(version.error());
  artifact::LineageOptions asked;
  asked.up = options.up;
  asked.down = options.down;
  const auto found = artifacts.lineage(*version, asked);
  if (!found) return session.fail(found.error());
  const auto jobs = job_names(artifacts.home.get(), *found);
  if (session.json()) session.print_json(json_text(*found, jobs));
  session.print(options.dot ? dot_text(*found, jobs) : Tree(*found, jobs, session.out()).render());
  if (found->cut)
    session.note(fmt::format("Only the {} versions nearest to it are shown; give --up or --down.",
                             found->versions.size()));
  return kExitOk;
}

}  // namespace

CommandSpec artifact_lineage_command() {
  auto o = std::make_shared<ArtifactLineageOptions>();
  CommandSpec command;
  command.name = "lineage";
  command.summary = "Show what a version was made from and what was made of it";
  command.details = "Versions and the runs between them, both ways, to any depth.";
  command.arguments = {{"ARTIFACT", "NAME:v3 or NAME:ALIAS; without a version, the latest", &o->ref,
                        WordKind::kArtifact}};
  command.options = {
      {.names = "--up",
       .value = "N",
       .help = "At most N steps towards what it was made from",
       .target = &o->up},
      {.names = "--down",
       .value = "N",
       .help = "At most N steps towards what was made of it",
       .target = &o->down},
      {.names = "--dot", .value = "", .help = "As a graph for Graphviz", .target = &o->dot},
      host_option(&o->host)};
  command.examples = {{"artifact lineage model:production", "as trees"},
                      {"artifact lineage report --down 0 --dot | dot -Tsvg > report.svg",
                       "a picture of where it came from"}};
  command.run = [o](Session& session) { return run_artifact_lineage(session, *o); };
  return command;
}

}  // namespace treadle::cli
