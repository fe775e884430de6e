#include "artifact_lookup.h"
#include "commands.h"
#include "render.h"
#include "text.h"

#include <fmt/format.h>

namespace treadle::cli {
namespace {

int run_artifact_verify(Session& session) {
  auto home = session.open_existing_home_to_mend();
  if (!home) return session.fail(home.error());
  artifact::VerifyReport report;
  if (*home) {
    int percent_shown = -1;
    auto done = (*home)->store().verify([&](std::int64_t now, std::int64_t all) {
      const int percent = all > 0 ? static_cast<int>(now * 100 / all) : 100;
      if (!session.err().interactive || percent == percent_shown) return;
      percent_shown = percent;
      session.redraw(fmt::format("{} of {} ({} %)", format_size(now), format_size(all), percent));
    });
    session.redraw("");
    if (!done) return session.fail(done.error());
    report = std::move(*done);
  }
  if (session.json()) {
    JsonWriter w;
    w.begin_object()
        .field("ok", report.problems.empty())
        .field("versions", report.versions)
        .field("blobs", report.blobs);
    w.field("bytes", report.bytes).key("problems").begin_array();
    for (const artifact::Problem& problem : report.problems) {
      w.begin_object().field("what", problem.what).key("used_by").begin_array();
      for (const std::string& user : problem.used_by) w.value(user);
      w.end_array().end_object();
    }
    w.end_array().end_object();
    session.print_json(w.str());
    return report.problems.empty() ? kExitOk : kExitRunFailed;
  }
  if (!*home) {
    session.print(session.no_home_text());
    return kExitOk;
  }
  const Terminal& terminal = session.out();
  std::string out;
  for (const artifact::Problem& problem : report.problems) {
    out += terminal.paint(Style::kRed, terminal.cross()) + " " + printable(problem.what) + "\n";
    for (const std::string& user : problem.used_by)
      out += "    " + printable(short_artifact(user)) + "\n";
  }
  const std::string read = fmt::format(
      "{} in {}, {} re-read", count_text(static_cast<std::size_t>(report.versions), "version"),
      count_text(static_cast<std::size_t>(report.blobs), "blob"), format_size(report.bytes));
  if (report.problems.empty()) {
    out += fmt::format("{} All content is what was stored: {}.\n",
                       terminal.paint(Style::kGreen, terminal.tick()), read);
  } else {
    out += fmt::format("\n{} found: {}. Putting the same files again repairs damaged content.\n",
                       count_text(report.problems.size(), "problem"), read);
  }
  session.print(out);
  return report.problems.empty() ? kExitOk : kExitRunFailed;
}

}  // namespace

CommandSpec artifact_verify_command() {
  CommandSpec command;
  command.name = "verify";
  command.summary = "Re-read all content and compare it with its digests";
  command.details =
      "Exits with 1 when something is damaged, naming the versions and files that have it.";
  command.examples = {{"artifact verify", "from cron, or after a crash of the disk"}};
  command.run = [](Session& session) { return run_artifact_verify(session); };
  return command;
}

}  // namespace treadle::cli
