#include "render.h"
#include "text.h"
#include <treadle/app/status.h>

#include <fmt/format.h>

namespace treadle::cli {

namespace {
// A key that is refused for being too long should not fill the screen.
constexpr int kSubjectWidth = 200;
}  // namespace

std::string render_problems(const std::vector<Problem>& problems, const Terminal& terminal) {
  std::string out =
      terminal.paint(Style::kRed, fmt::format("The definitions cannot be used: {}.",
                                              count_text(problems.size(), "problem"))) +
      "\n";
  for (const Problem& problem : problems) {
    out += "\n" + terminal.paint(Style::kRed, terminal.cross()) + " " +
           terminal.paint(Style::kBold, truncate_to(printable(problem.subject), kSubjectWidth));
    if (!problem.place.text().empty())
      out += "  " + terminal.paint(Style::kDim, printable(problem.place.text()));
    out += "\n" + indent(printable_block(problem.message), "    ") + "\n";
    if (!problem.cure.empty()) out += indent(printable_block(problem.cure), "    ") + "\n";
  }
  out.pop_back();
  return out;
}

void write_problem(JsonWriter& json, const Problem& problem) {
  json.begin_object().field("code", problem.code).field("subject", problem.subject).key("place");
  if (problem.place.file.empty()) {
    json.null();
  } else {
    json.begin_object()
        .field("file", problem.place.file)
        .field("line", problem.place.line)
        .end_object();
  }
  json.field("message", problem.message).field("cure", problem.cure).end_object();
}

std::string_view staleness_word(plan::Staleness staleness) {
  switch (staleness) {
    case plan::Staleness::kFresh:
      return "fresh";
    case plan::Staleness::kStale:
      return "stale";
    case plan::Staleness::kMissing:
      return "missing";
  }
  return "unknown";
}

Style staleness_style(plan::Staleness staleness) {
  switch (staleness) {
    case plan::Staleness::kFresh:
      return Style::kGreen;
    case plan::Staleness::kStale:
      return Style::kYellow;
    case plan::Staleness::kMissing:
      return Style::kDim;
  }
  return Style::kPlain;
}

void write_reasons(JsonWriter& json, const plan::AssetStatus& status,
                   const plan::AssetGraph& graph) {
  json.begin_array();
  for (const plan::StaleReason& reason : status.reasons) {
    json.begin_object();
    app::write_reason_fields(json, reason, graph);
    json.end_object();
  }
  json.end_array();
}

}  // namespace treadle::cli
