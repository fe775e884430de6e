#include "help.h"

#include "text.h"

#include <fmt/format.h>

#include <algorithm>

namespace treadle::cli {
namespace {

struct Entry {
  std::string left;
  std::string right;
};

int usable_width(const Terminal& terminal) {
  return terminal.width > 0 ? std::min(terminal.width, 100) : 100;
}

std::string render_section(std::string_view title, const std::vector<Entry>& entries,
                           const Terminal& terminal) {
  if (entries.empty()) return {};
  int left = 0;
  for (const Entry& entry : entries) left = std::max(left, display_width(entry.left));
  left = std::min(left, 34);
  std::string out = terminal.paint(Style::kBold, title) + "\n";
  for (const Entry& entry : entries) {
    const auto lines = wrap(entry.right, std::max(20, usable_width(terminal) - left - 4));
    const bool fits = display_width(entry.left) <= left;
    out += "  " + (fits ? pad_right(entry.left, left)
                        : entry.left + "\n" + std::string(static_cast<std::size_t>(left) + 2, ' '));
    for (std::size_t i = 0; i < lines.size(); ++i) {
      if (i > 0) out += std::string(static_cast<std::size_t>(left) + 2, ' ');
      out += "  " + lines[i] + "\n";
    }
  }
  return out + "\n";
}

Entry option_entry(const OptionSpec& option) {
  std::string left = option.short_name().empty() ? "    " : option.short_name() + ", ";
  left += option.long_name();
  if (!option.value.empty()) left += " " + option.value;
  std::string right = option.help;
  if (!option.choices.empty() && option.value.find('|') == std::string::npos)
    right += " (" + join(option.choices, ", ") + ")";
  return {left, right};
}

}  // namespace

std::string render_usage(const std::vector<const CommandSpec*>& path) {
  std::string text = "Usage:";
  for (const CommandSpec* command : path) text += " " + command->name;
  const CommandSpec& last = *path.back();
  if (!last.subcommands.empty()) return text + " COMMAND";
  if (!last.options.empty()) text += " [OPTIONS]";
  for (const ArgumentSpec& argument : last.arguments) {
    const bool list = std::holds_alternative<std::vector<std::string>*>(argument.target);
    const std::string name = argument.name + (list ? "..." : "");
    text += argument.required ? " " + name : " [" + name + "]";
  }
  return text;
}

std::string render_help(const std::vector<const CommandSpec*>& path, const Terminal& terminal) {
  const CommandSpec& command = *path.back();
  std::string prefix;
  for (const CommandSpec* part : path) prefix += part->name + " ";

  std::string out = command.summary + ".\n\n" + render_usage(path) + "\n\n";
  if (!command.details.empty()) {
    for (const std::string& line : split_lines(command.details)) {
      // Indented lines are examples or lists: kept as they are.
      if (line.starts_with(" ")) {
        out += line + "\n";
      } else {
        out += join(wrap(line, usable_width(terminal)), "\n") + "\n";
      }
    }
    out += "\n";
  }
  std::vector<Entry> entries;
  for (const CommandSpec& sub : command.subcommands)
    if (!sub.hidden) entries.push_back({sub.name, sub.summary});
  out += render_section("Commands", entries, terminal);

  entries.clear();
  for (const ArgumentSpec& argument : command.arguments)
    entries.push_back({argument.name, argument.help});
  out += render_section("Arguments", entries, terminal);

  entries.clear();
  for (const OptionSpec& option : command.options)
    if (!option.hidden && path.size() > 1) entries.push_back(option_entry(option));
  out += render_section("Options", entries, terminal);

  entries.clear();
  for (const OptionSpec& option : path.front()->options)
    if (!option.hidden) entries.push_back(option_entry(option));
  entries.push_back({"-h, --help", "Show this help"});
  out += render_section("Options of every command", entries, terminal);

  entries.clear();
  if (!command.examples.empty()) {
    out += terminal.paint(Style::kBold, "Examples") + "\n";
    for (const Example& example : command.examples) {
      out += "  " + terminal.paint(Style::kDim, "# " + example.what) + "\n";
      out += "  " + path.front()->name + " " + example.command + "\n";
    }
    out += "\n";
  }
  if (!command.subcommands.empty())
    out += fmt::format("'{}COMMAND --help' explains a command.\n\n", prefix);
  out.erase(out.find_last_not_of('\n') + 2);
  return out;
}

}  // namespace treadle::cli
