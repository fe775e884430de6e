// What a command is: its words, options, examples and action, as plain data. Parsing, help,
// completion and the test that keeps docs/reference/command-line.md true all read the same tree.
// Options point into a struct that the command's action shares.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace treadle::cli {

class Session;

// What a word on the command line names: decides what completion offers.
enum class WordKind { kText, kFile, kFolder, kAsset, kArtifact, kRun, kModule };

// Where a parsed value goes. A list is filled by giving the option several times.
using Target = std::variant<bool*, int*, std::string*, std::vector<std::string>*>;

struct OptionSpec {
  std::string names;  // "-f,--file" or "--json": short first
  std::string value;  // how the value is called in help; "" exactly for a bool* target
  std::string help;   // no full stop
  Target target;
  WordKind kind = WordKind::kText;
  std::vector<std::string> choices;  // the only values allowed; empty = any
  bool hidden = false;               // understood, but not shown

  std::string long_name() const;   // "--file"
  std::string short_name() const;  // "-f" or ""
};

struct ArgumentSpec {
  std::string name;  // "SELECTION"
  std::string help;
  Target target;  // std::string* or, for the last one, a list
  WordKind kind = WordKind::kText;
  bool required = true;
};

struct Example {
  std::string command;  // without the program's name: "run show 3f2a"
  std::string what;
};

struct CommandSpec {
  std::string name;     // one word; the program's name at the root
  std::string summary;  // one line, no full stop
  std::string details;  // paragraphs; "" = none
  std::vector<ArgumentSpec> arguments;
  std::vector<OptionSpec> options;
  std::vector<Example> examples;
  std::vector<CommandSpec> subcommands;  // not empty: a group without an action of its own
  std::function<int(Session&)> run;      // empty for a group
  bool needs_definitions = false;  // loads the user's code: the native program hands it to Python
  bool hidden = false;
};

}  // namespace treadle::cli
