#include "reference.h"

#include "help.h"
#include "text.h"

#include <fmt/format.h>

#include <algorithm>

namespace treadle::cli {
namespace {

// A bar would end the cell of a Markdown table.
std::string cell(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

std::string option_rows(const std::vector<OptionSpec>& options) {
  std::string out;
  for (const OptionSpec& option : options) {
    if (option.hidden) continue;
    std::string name = option.short_name().empty() ? "" : option.short_name() + ", ";
    name += option.long_name() + (option.value.empty() ? "" : " " + option.value);
    std::string help = option.help;
    if (!option.choices.empty()) help += ": `" + join(option.choices, "`, `") + "`";
    out += fmt::format("| `{}` | {} |\n", name, cell(help));
  }
  return out;
}

std::string details_text(const std::string& details) {
  std::string out;
  bool in_block = false;
  for (const std::string& line : split_lines(details)) {
    const bool block = line.starts_with(" ");
    if (block != in_block) out += block ? "\n```sh\n" : "```\n";
    in_block = block;
    out += (block ? line.substr(2) : line) + "\n";
  }
  if (in_block) out += "```\n";
  return out;
}

std::string render_command(const std::vector<const CommandSpec*>& path) {
  const CommandSpec& command = *path.back();
  std::string name;
  for (const CommandSpec* part : path) name += (name.empty() ? "" : " ") + part->name;
  std::string out = fmt::format("### {}\n{}.\n\n```\n{}\n```\n", name, command.summary,
                                render_usage(path).substr(7));
  if (!command.details.empty()) out += "\n" + details_text(command.details);
  std::string rows;
  for (const ArgumentSpec& argument : command.arguments)
    rows += fmt::format("| `{}`{} | {} |\n", argument.name, argument.required ? "" : " (optional)",
                        cell(argument.help));
  rows += option_rows(command.options);
  if (!rows.empty()) out += "\n| | |\n| --- | --- |\n" + rows;
  if (!command.examples.empty()) {
    out += "\n```sh\n";
    std::size_t width = 0;
    for (const Example& example : command.examples) width = std::max(width, example.command.size());
    for (const Example& example : command.examples)
      out += fmt::format("{} {:<{}}  # {}\n", path.front()->name, example.command, width,
                         example.what);
    out += "```\n";
  }
  return out + "\n";
}

std::string render_commands(std::vector<const CommandSpec*> path) {
  const CommandSpec* last = path.back();
  if (last->subcommands.empty()) return render_command(path);
  std::string out;
  path.push_back(nullptr);
  for (const CommandSpec& sub : last->subcommands) {
    if (sub.hidden) continue;
    path.back() = &sub;
    out += render_commands(path);
  }
  return out;
}

}  // namespace

std::string render_reference(const CommandSpec& root) {
  std::string out = "## Options of every command\n\n| | |\n| --- | --- |\n" +
                    option_rows(root.options) + "| `-h, --help` | Show help |\n\n## Commands\n\n" +
                    render_commands({&root});
  out.pop_back();
  return out;
}

}  // namespace treadle::cli
