#include "parse.h"

#include "text.h"
#include <treadle/base/suggest.h>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace treadle::cli {
namespace {

// Values of -1 are data ("-1 day"), not options.
bool looks_like_option(const std::string& word) {
  return word.size() > 1 && word[0] == '-' && !(word[1] >= '0' && word[1] <= '9');
}

class Parser {
 public:
  explicit Parser(const CommandSpec& root) { parsed_.path.push_back(&root); }

  Parsed parse(const std::vector<std::string>& words) {
    bool only_arguments = false;
    for (position_ = 0; position_ < words.size() && !parsed_.error; ++position_) {
      const std::string& word = words[position_];
      if (only_arguments || !looks_like_option(word)) {
        take_word(word);
      } else if (word == "--") {
        only_arguments = true;
      } else if (word == "--help" || word == "-h") {
        parsed_.help = true;
      } else if (word.starts_with("--")) {
        take_long(word, words);
      } else {
        take_short(word, words);
      }
    }
    if (parsed_.help) parsed_.error.reset();
    if (!parsed_.help && !parsed_.error) check_complete();
    return std::move(parsed_);
  }

 private:
  const CommandSpec& current() const { return *parsed_.path.back(); }

  void take_word(const std::string& word) {
    if (!current().subcommands.empty()) {
      take_subcommand(word);
      return;
    }
    const auto& arguments = current().arguments;
    if (next_argument_ < arguments.size()) {
      const ArgumentSpec& argument = arguments[next_argument_];
      if (auto* list = std::get_if<std::vector<std::string>*>(&argument.target)) {
        (*list)->push_back(word);
        list_seen_ = true;
      } else {
        *std::get<std::string*>(argument.target) = word;
        ++next_argument_;
      }
      return;
    }
    parsed_.error =
        fmt::format("'{}' takes {}; '{}' is one word too many.", parsed_.command_line(),
                    arguments.empty() ? "no arguments" : count_text(arguments.size(), "argument"),
                    printable(word));
    if (word.find(' ') == std::string::npos && arguments.size() == 1)
      *parsed_.error += " Quote a text with spaces.";
  }

  void take_subcommand(const std::string& word) {
    if (word == "help") {
      parsed_.help = true;
      return;
    }
    std::vector<std::string> names;
    for (const CommandSpec& sub : current().subcommands) {
      if (sub.name == word) {
        parsed_.path.push_back(&sub);
        return;
      }
      if (!sub.hidden) names.push_back(sub.name);
    }
    if (parsed_.help) return;  // `treadle help mistyped` still helps
    std::string hint = did_you_mean(word, names);
    if (hint.empty()) hint = elsewhere(word);
    parsed_.error = fmt::format("'{}' is not a command of '{}'.{}", printable(word),
                                parsed_.command_line(), hint);
    if (hint.empty()) *parsed_.error += fmt::format(" Its commands are: {}.", join(names, ", "));
  }

  // `treadle put`: the word is a command of some group.
  std::string elsewhere(const std::string& word) const {
    for (const CommandSpec& group : parsed_.path.front()->subcommands)
      for (const CommandSpec& sub : group.subcommands)
        if (sub.name == word)
          return fmt::format(" Did you mean '{} {} {}'?", parsed_.path.front()->name, group.name,
                             word);
    return {};
  }

  const OptionSpec* find(const std::string& name) const {
    for (auto command = parsed_.path.rbegin(); command != parsed_.path.rend(); ++command)
      for (const OptionSpec& option : (*command)->options)
        if (option.long_name() == name || option.short_name() == name) return &option;
    return nullptr;
  }

  void unknown(const std::string& name) {
    std::vector<std::string> names{"--help"};
    for (const CommandSpec* command : parsed_.path)
      for (const OptionSpec& option : command->options)
        if (!option.hidden) names.push_back(option.long_name());
    parsed_.error = fmt::format("'{}' has no option {}.{}", parsed_.command_line(), printable(name),
                                did_you_mean(name, names));
  }

  void take_long(const std::string& word, const std::vector<std::string>& words) {
    const auto equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const OptionSpec* option = find(name);
    if (!option) return unknown(name);
    if (std::holds_alternative<bool*>(option->target)) {
      if (equals != std::string::npos) {
        parsed_.error = fmt::format("Option {} takes no value.", name);
      } else {
        *std::get<bool*>(option->target) = true;
      }
      return;
    }
    if (equals != std::string::npos) return store(*option, name, word.substr(equals + 1));
    take_value(*option, name, words);
  }

  void take_short(const std::string& word, const std::vector<std::string>& words) {
    for (std::size_t i = 1; i < word.size() && !parsed_.error; ++i) {
      const std::string name{'-', word[i]};
      if (name == "-h") {
        parsed_.help = true;
        continue;
      }
      const OptionSpec* option = find(name);
      if (!option) return unknown(word.size() == 2 ? name : word);
      if (auto* flag = std::get_if<bool*>(&option->target)) {
        **flag = true;
        continue;
      }
      if (i + 1 < word.size())
        return store(*option, name, word.substr(word[i + 1] == '=' ? i + 2 : i + 1));
      return take_value(*option, name, words);
    }
  }

  void take_value(const OptionSpec& option, const std::string& name,
                  const std::vector<std::string>& words) {
    if (position_ + 1 >= words.size()) {
      parsed_.error = fmt::format("Option {} needs a value: {} {}.", name, name, option.value);
      return;
    }
    store(option, name, words[++position_]);
  }

  void store(const OptionSpec& option, const std::string& name, const std::string& value) {
    if (!option.choices.empty() &&
        std::find(option.choices.begin(), option.choices.end(), value) == option.choices.end()) {
      parsed_.error =
          fmt::format("Option {} takes one of {}, not '{}'.{}", name, join(option.choices, ", "),
                      printable(value), did_you_mean(value, option.choices));
      return;
    }
    if (auto* number = std::get_if<int*>(&option.target)) {
      int parsed = 0;
      const auto [end, errc] = std::from_chars(value.data(), value.data() + value.size(), parsed);
      if (errc != std::errc() || end != value.data() + value.size() || parsed < 0) {
        parsed_.error =
            fmt::format("Option {} takes a whole number from 0, not '{}'.", name, printable(value));
        return;
      }
      **number = parsed;
    } else if (auto* text = std::get_if<std::string*>(&option.target)) {
      **text = value;
    } else {
      std::get<std::vector<std::string>*>(option.target)->push_back(value);
    }
  }

  void check_complete() {
    const CommandSpec& command = current();
    if (!command.subcommands.empty()) {
      std::vector<std::string> names;
      for (const CommandSpec& sub : command.subcommands)
        if (!sub.hidden) names.push_back(sub.name);
      parsed_.error =
          fmt::format("'{}' needs a command: {}.", parsed_.command_line(), join(names, ", "));
      return;
    }
    for (std::size_t i = next_argument_; i < command.arguments.size(); ++i) {
      const bool filled = i == next_argument_ && list_seen_;
      if (command.arguments[i].required && !filled) {
        parsed_.error = fmt::format("'{}' needs {}: {}.", parsed_.command_line(),
                                    command.arguments[i].name, command.arguments[i].help);
        return;
      }
    }
  }

  Parsed parsed_;
  std::size_t position_ = 0;
  std::size_t next_argument_ = 0;
  bool list_seen_ = false;
};

}  // namespace

std::string OptionSpec::long_name() const {
  const auto comma = names.find(',');
  return comma == std::string::npos ? names : names.substr(comma + 1);
}

std::string OptionSpec::short_name() const {
  const auto comma = names.find(',');
  return comma == std::string::npos ? std::string() : names.substr(0, comma);
}

std::string Parsed::command_line() const {
  std::string text;
  for (const CommandSpec* command : path) {
    if (!text.empty()) text += ' ';
    text += command->name;
  }
  return text;
}

Parsed parse(const CommandSpec& root, const std::vector<std::string>& words) {
  return Parser(root).parse(words);
}

}  // namespace treadle::cli
