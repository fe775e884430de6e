#include "partitions.h"

#include "text.h"

#include <fmt/format.h>

#include <algorithm>

namespace treadle::cli {
namespace {

enum class State { kMaterialized, kInProgress, kMissing, kFailed };

std::string cell(State state, const Terminal& terminal) {
  switch (state) {
    case State::kMaterialized:
      return terminal.paint(Style::kGreen, terminal.unicode ? "█" : "#");
    case State::kInProgress:
      return terminal.paint(Style::kCyan, terminal.unicode ? "▒" : "o");
    case State::kMissing:
      return terminal.paint(Style::kDim, terminal.unicode ? "·" : ".");
    case State::kFailed:
      break;
  }
  return terminal.paint(Style::kRed, terminal.unicode ? "✗" : "x");
}

// What partitions that share a cell show: the worst of them.
State state_of(const app::PartitionStatus& status, const PartitionSubset& missing,
               const PartitionSubset& part) {
  if (status.failed.intersects(part)) return State::kFailed;
  if (status.in_progress.intersects(part)) return State::kInProgress;
  return missing.intersects(part) ? State::kMissing : State::kMaterialized;
}

constexpr std::int64_t kCells = 60;

}  // namespace

std::string render_timeline(const app::PartitionStatus& status, const Terminal& terminal) {
  const PartitionSet& set = status.set;
  const PartitionSubset missing = status.missing();
  if (set.dimensions().empty()) {
    const std::int64_t cells = std::min(set.size(), kCells);
    std::string line = "  " + printable(set.key(0)) + " ";
    for (std::int64_t c = 0; c < cells; ++c) {
      const auto part =
          PartitionSubset::range(c * set.size() / cells, (c + 1) * set.size() / cells);
      line += cell(state_of(status, missing, part), terminal);
    }
    return line + " " + printable(set.key(set.size() - 1)) + "\n";
  }
  // Time, or else the longest dimension, along the line; a line for each combination of the others.
  const std::vector<PartitionSet>& dimensions = set.dimensions();
  std::size_t along = 0;
  for (std::size_t d = 1; d < dimensions.size(); ++d) {
    const auto rank = [&](std::size_t i) {
      return std::pair(dimensions[i].has_windows(), dimensions[i].size());
    };
    if (rank(along) < rank(d)) along = d;
  }
  constexpr std::int64_t kLines = 20;
  const std::int64_t columns = dimensions[along].size(), lines = set.size() / columns;
  const std::int64_t rows = std::min(lines, kLines), cells = std::min(columns, kCells);
  // The numbers of a line's combination, the one along the line being 0.
  const auto numbers_of = [&](std::int64_t row) {
    std::vector<std::int64_t> numbers(dimensions.size());
    for (std::size_t d = dimensions.size(); d-- > 0;) {
      if (d == along) continue;
      numbers[d] = row % dimensions[d].size();
      row /= dimensions[d].size();
    }
    return numbers;
  };
  std::vector<std::string> labels;
  int width = 0;
  for (std::int64_t r = 0; r < rows; ++r) {
    const std::vector<std::int64_t> numbers = numbers_of(r);
    std::string label;
    for (std::size_t d = 0; d < dimensions.size(); ++d) {
      if (d != along) label += (label.empty() ? "" : "|") + dimensions[d].key(numbers[d]);
    }
    labels.push_back(printable(label));
    width = std::max(width, display_width(labels.back()));
  }
  std::string out = "  " + pad_right("", width) + " " + printable(dimensions[along].key(0)) +
                    " ... " + printable(dimensions[along].key(columns - 1)) + "\n";
  for (std::int64_t r = 0; r < rows; ++r) {
    std::vector<std::int64_t> numbers = numbers_of(r);
    out += "  " + pad_right(labels[static_cast<std::size_t>(r)], width) + " ";
    for (std::int64_t c = 0; c < cells; ++c) {
      std::vector<std::int64_t> part;
      for (std::int64_t i = c * columns / cells; i < (c + 1) * columns / cells; ++i) {
        numbers[along] = i;
        part.push_back(set.join(numbers));
      }
      out += cell(state_of(status, missing, PartitionSubset::of(std::move(part))), terminal);
    }
    out += "\n";
  }
  if (rows < lines) out += fmt::format("  and {} more\n", lines - rows);
  return out;
}

}  // namespace treadle::cli
