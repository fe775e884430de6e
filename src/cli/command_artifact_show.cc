#include "artifact_lookup.h"
#include "commands.h"
#include "render.h"
#include "table.h"
#include "text.h"
#include <treadle/artifact/lineage.h>

#include <fmt/format.h>

#include <algorithm>

namespace treadle::cli {
namespace {

struct ArtifactShowOptions {
  std::string ref;
  int limit = 50;
  std::string host;
};

// On a server: what its run used. Of what was made there, the server keeps no code.
Result<artifact::Origin> origin_of(const Artifacts& artifacts, const artifact::Version& version) {
  if (artifacts.home) return artifact::origin_of(artifacts.home->store(), version);
  artifact::Origin origin;
  TREADLE_TRY(const artifact::Lineage above, artifacts.lineage(version, {.up = 1, .down = 0}));
  origin.inputs.assign(above.versions.begin() + 1, above.versions.end());
  return origin;
}

int run_artifact_show(Session& session, const ArtifactShowOptions& options) {
  int code = kExitOk;
  const Artifacts artifacts = open_artifacts(session, options.host, Access::kRead, code);
  if (!artifacts) return code;
  const auto version = artifacts.get(options.ref);
  if (!version) return session.fail(version.error());
  const auto entries = artifacts.library->entries(*version);
  if (!entries) return session.fail(entries.error());
  const auto users = artifacts.library->users_of(*version);
  if (!users) return session.fail(users.error());
  const auto origin = origin_of(artifacts, *version);
  if (!origin) return session.fail(origin.error());
  const auto places = artifacts.library->memberships_of(*version);
  if (!places) return session.fail(places.error());
  if (session.json()) {
    JsonWriter w;
    w.begin_object().key("version");
    write_version(w, *version);
    w.key("code");
    write_code(w, origin->code);
    w.key("made_from").begin_array();
    for (const artifact::Version& input : origin->inputs) w.value(input.text());
    w.end_array().key("linked_as").begin_array();
    for (const artifact::Membership& place : *places)
      if (place.kind == artifact::CollectionKind::kPortfolio) w.value(place.text());
    w.end_array().key("files").begin_array();
    for (const artifact::Entry& entry : *entries) write_entry(w, entry);
    w.end_array().key("used_by_runs").begin_array();
    for (const std::string& run : *users) w.value(run);
    w.end_array().end_object();
    session.print_json(w.str());
    return kExitOk;
  }
  const Terminal& terminal = session.out();
  std::string out = render_version(*version, terminal, session.now());
  const auto line = [&](std::string_view name, const std::string& text) {
    if (text.empty()) return;
    out += "  " + terminal.paint(Style::kDim, pad_right(name, 12)) + printable(text) + "\n";
  };
  if (origin->code) line("code", code_text(*origin->code));
  for (const artifact::Version& input : origin->inputs)
    line("made from", short_artifact(input.text()));
  for (const artifact::Membership& place : *places)
    if (place.kind == artifact::CollectionKind::kPortfolio)
      line("linked as", short_artifact(place.text()));
  if (!users->empty()) {
    std::vector<std::string> ids;
    for (const std::string& run : *users) ids.push_back(short_id(run));
    out += "  " + terminal.paint(Style::kDim, pad_right("used by", 12)) +
           printable(join(ids, ", ")) + "\n";
  }
  Table table;
  table.columns = {{"file", Column::Align::kLeft, 2, true},
                   {"size", Column::Align::kRight},
                   {"md5"},
                   {"reference", Column::Align::kLeft, 1, false}};
  const std::size_t shown =
      options.limit == 0
          ? entries->size()
          : std::min<std::size_t>(entries->size(), static_cast<std::size_t>(options.limit));
  for (std::size_t i = 0; i < shown; ++i) {
    const artifact::Entry& entry = (*entries)[i];
    table.rows.push_back({entry.path, entry.size < 0 ? "" : format_size(entry.size),
                          entry.reference.empty() ? entry.md5 : "", entry.reference});
  }
  out += "\n" + render_table(table, terminal);
  if (shown < entries->size())
    out += fmt::format("... and {} more (--limit 0 shows all).\n", entries->size() - shown);
  session.print(out);
  return kExitOk;
}

}  // namespace

CommandSpec artifact_show_command() {
  auto o = std::make_shared<ArtifactShowOptions>();
  CommandSpec command;
  command.name = "show";
  command.summary = "Show a version: what it is, its files, its lineage";
  command.arguments = {{"ARTIFACT", "NAME, NAME:v3 or NAME:ALIAS; without a version, the latest",
                        &o->ref, WordKind::kArtifact}};
  command.options = {{.names = "-n,--limit",
                      .value = "N",
                      .help = "At most N files (default 50); 0: all",
                      .target = &o->limit},
                     host_option(&o->host)};
  command.examples = {{"artifact show model", "the latest version"},
                      {"artifact show model:v3 --json", "for a script"}};
  command.run = [o](Session& session) { return run_artifact_show(session, *o); };
  return command;
}

}  // namespace treadle::cli
