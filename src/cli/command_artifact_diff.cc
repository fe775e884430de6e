#include "artifact_lookup.h"
#include "commands.h"
#include "render.h"
#include "table.h"
#include "text.h"
#include <treadle/artifact/diff.h>

#include <fmt/format.h>

namespace treadle::cli {
namespace {

using Kind = artifact::EntryChange::Kind;

std::string_view word_of(Kind kind) {
  switch (kind) {
    case Kind::kAdded:
      return "added";
    case Kind::kRemoved:
      return "removed";
    case Kind::kChanged:
      return "changed";
    case Kind::kMoved:
      return "moved";
  }
  return "";
}

Style style_of(Kind kind) {
  switch (kind) {
    case Kind::kAdded:
      return Style::kGreen;
    case Kind::kRemoved:
      return Style::kRed;
    case Kind::kChanged:
      return Style::kYellow;
    case Kind::kMoved:
      return Style::kCyan;
  }
  return Style::kPlain;
}

void write_side(JsonWriter& w, std::string_view key, bool there, const artifact::Entry& entry) {
  w.key(key);
  there ? write_entry(w, entry) : static_cast<void>(w.null());
}

std::string diff_json(const artifact::Version& before, const artifact::Version& after,
                      const artifact::VersionDiff& diff) {
  JsonWriter w;
  w.begin_object().key("before");
  write_version(w, before);
  w.key("after");
  write_version(w, after);
  w.field("same_content", diff.same_content()).field("same_files", diff.same);
  w.key("files").begin_array();
  for (const artifact::EntryChange& change : diff.entries) {
    w.begin_object().field("change", word_of(change.kind)).field("path", change.path).key("from");
    change.from.empty() ? w.null() : w.value(change.from);
    write_side(w, "before", change.kind != Kind::kAdded, change.before);
    write_side(w, "after", change.kind != Kind::kRemoved, change.after);
    w.end_object();
  }
  w.end_array().key("metadata").begin_array();
  for (const artifact::MetadataChange& change : diff.metadata) {
    w.begin_object().field("key", change.key).key("before");
    change.before.empty() ? w.null() : w.raw(change.before);
    w.key("after");
    change.after.empty() ? w.null() : w.raw(change.after);
    w.end_object();
  }
  w.end_array().end_object();
  return std::move(w).str();
}

std::string size_text(const artifact::Entry& entry) {
  return entry.size < 0 ? "?" : format_size(entry.size);
}

std::string diff_text(const artifact::VersionDiff& diff, const Terminal& terminal) {
  Table table;
  table.columns = {{""}, {"file", Column::Align::kLeft, 1, true}, {"size", Column::Align::kRight}};
  for (const artifact::EntryChange& change : diff.entries) {
    std::string path = change.path;
    if (!change.from.empty()) path = change.from + " -> " + path;
    const std::string size = change.kind == Kind::kRemoved ? size_text(change.before)
                             : change.kind == Kind::kChanged
                                 ? size_text(change.before) + " -> " + size_text(change.after)
                                 : size_text(change.after);
    table.rows.push_back(
        {Cell(std::string(word_of(change.kind)), style_of(change.kind)), path, size});
  }
  std::string out = render_table(table, terminal);
  if (diff.same_content()) out += "The content is the same.\n";
  if (!diff.metadata.empty()) {
    Table metadata;
    metadata.columns = {{"metadata"},
                        {"before", Column::Align::kLeft, 1, false},
                        {"after", Column::Align::kLeft, 1, false}};
    for (const artifact::MetadataChange& change : diff.metadata) {
      metadata.rows.push_back({change.key, change.before.empty() ? "-" : change.before,
                               change.after.empty() ? "-" : change.after});
    }
    out += "\n" + render_table(metadata, terminal);
  }
  if (diff.description_differs) out += "\nThe descriptions differ.\n";
  if (!diff.same_content())
    out += fmt::format("\n{} in both.\n",
                       count_text(static_cast<std::size_t>(diff.same), "equal file"));
  return out;
}

int run_artifact_diff(Session& session, const std::string& first, const std::string& second,
                      const std::string& host) {
  int code = kExitOk;
  const Artifacts artifacts = open_artifacts(session, host, Access::kRead, code);
  if (!artifacts) return code;
  const auto before = artifacts.get(first);
  if (!before) return session.fail(before.error());
  const auto after = artifacts.get(second);
  if (!after) return session.fail(after.error());
  const auto found = artifact::diff(*artifacts.library, *before, *after);
  if (!found) return session.fail(found.error());
  if (session.json()) session.print_json(diff_json(*before, *after, *found));
  session.print(fmt::format("{} -> {}\n\n{}", printable(short_artifact(before->text())),
                            printable(short_artifact(after->text())),
                            diff_text(*found, session.out())));
  return kExitOk;
}

}  // namespace

CommandSpec artifact_diff_command() {
  struct Options {
    std::string before;
    std::string after;
    std::string host;
  };
  auto o = std::make_shared<Options>();
  CommandSpec command;
  command.name = "diff";
  command.summary = "Compare two versions: files, metadata, description";
  command.arguments = {{"BEFORE", "NAME:v3 or NAME:ALIAS", &o->before, WordKind::kArtifact},
                       {"AFTER", "The same of another version, or of another artifact", &o->after,
                        WordKind::kArtifact}};
  command.options = {host_option(&o->host)};
  command.examples = {{"artifact diff iris:v3 iris:v4", "what changed"},
                      {"artifact diff model:production model:latest", "what would go live"}};
  command.run = [o](Session& session) {
    return run_artifact_diff(session, o->before, o->after, o->host);
  };
  return command;
}

}  // namespace treadle::cli
