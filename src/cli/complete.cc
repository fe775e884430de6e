#include "complete.h"

#include <fmt/format.h>

#include <algorithm>

namespace treadle::cli {
namespace {

const OptionSpec* find_option(const std::vector<const CommandSpec*>& path,
                              const std::string& word) {
  for (auto command = path.rbegin(); command != path.rend(); ++command)
    for (const OptionSpec& option : (*command)->options)
      if (option.long_name() == word || option.short_name() == word) return &option;
  return nullptr;
}

void add_matching(Completion& completion, const std::string& begin, std::string word,
                  std::string description) {
  if (word.starts_with(begin))
    completion.candidates.push_back({std::move(word), std::move(description)});
}

Completion complete_value(const OptionSpec& option, const std::string& begin,
                          const std::string& prefix, const NameSource& names) {
  Completion completion;
  completion.kind = prefix.empty() ? option.kind : WordKind::kText;
  for (const std::string& choice : option.choices)
    add_matching(completion, prefix + begin, prefix + choice, "");
  if (option.choices.empty())
    for (Candidate& name : names(option.kind))
      add_matching(completion, prefix + begin, prefix + name.word, name.description);
  return completion;
}

constexpr const char* kBash =
    R"(# {0} completion for bash: load it with  source <({0} completion bash)
_{1}_complete() {{
  local IFS=$'\n' line kind words=("${{COMP_WORDS[@]:1:COMP_CWORD}}")
  COMPREPLY=()
  while IFS= read -r line; do
    case "$line" in
      :files) COMPREPLY+=($(compgen -f -- "${{COMP_WORDS[COMP_CWORD]}}")); compopt -o filenames ;;
      :folders) COMPREPLY+=($(compgen -d -- "${{COMP_WORDS[COMP_CWORD]}}")); compopt -o filenames ;;
      *) COMPREPLY+=("${{line%%$'\t'*}}") ;;
    esac
  done < <("${{COMP_WORDS[0]}}" __complete "${{words[@]}}" 2>/dev/null)
  # Bash breaks words at ':' and replaces only what follows it.
  if [[ "${{COMP_WORDS[COMP_CWORD]}}" != *:* ]] || [[ "$COMP_WORDBREAKS" != *:* ]]; then return; fi
  local prefix="${{COMP_WORDS[COMP_CWORD]%"${{COMP_WORDS[COMP_CWORD]##*:}}"}}" i
  for i in "${{!COMPREPLY[@]}}"; do COMPREPLY[i]="${{COMPREPLY[i]#"$prefix"}}"; done
}}
complete -F _{1}_complete {0}
)";

constexpr const char* kZsh = R"(#compdef {0}
# {0} completion for zsh: load it with  source <({0} completion zsh)
_{1}_complete() {{
  local -a lines candidates
  local line word
  lines=("${{(@f)$("${{words[1]}}" __complete "${{(@)words[2,CURRENT]}}" 2>/dev/null)}}")
  for line in $lines; do
    case "$line" in
      :files) _files ;;
      :folders) _files -/ ;;
      *) word="${{line%%$'\t'*}}"; candidates+=("${{word//:/\\:}}:${{line#*$'\t'}}") ;;
    esac
  done
  (( $#candidates )) && _describe '{0}' candidates
}}
compdef _{1}_complete {0}
)";

constexpr const char* kFish =
    R"(# {0} completion for fish: load it with  {0} completion fish | source
function __{1}_complete
  set -l words (commandline -opc) (commandline -ct)
  for line in ($words[1] __complete $words[2..-1] 2>/dev/null)
    switch $line
      case :files
        __fish_complete_path (commandline -ct)
      case :folders
        __fish_complete_directories (commandline -ct)
      case '*'
        echo $line
    end
  end
end
complete -c {0} -f -a '(__{1}_complete)'
)";

}  // namespace

Completion complete(const CommandSpec& root, const std::vector<std::string>& words,
                    const NameSource& names) {
  std::vector<const CommandSpec*> path{&root};
  const std::string last = words.empty() ? std::string() : words.back();
  std::size_t arguments = 0;
  bool only_arguments = false;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string& word = words[i];
    if (!only_arguments && word == "--") {
      only_arguments = true;
    } else if (!only_arguments && word.size() > 1 && word[0] == '-') {
      const OptionSpec* option = find_option(path, word);
      if (!option || std::holds_alternative<bool*>(option->target)) continue;
      if (i + 2 == words.size()) return complete_value(*option, last, "", names);
      ++i;
    } else if (!path.back()->subcommands.empty()) {
      const auto& subs = path.back()->subcommands;
      const auto found = std::find_if(subs.begin(), subs.end(),
                                      [&](const CommandSpec& sub) { return sub.name == word; });
      if (found == subs.end()) return {};
      path.push_back(&*found);
    } else {
      ++arguments;
    }
  }
  Completion completion;
  const CommandSpec& command = *path.back();
  if (!only_arguments && last.starts_with('-')) {
    const auto equals = last.find('=');
    if (equals != std::string::npos) {
      const OptionSpec* option = find_option(path, last.substr(0, equals));
      return option ? complete_value(*option, last.substr(equals + 1), last.substr(0, equals + 1),
                                     names)
                    : completion;
    }
    for (const CommandSpec* part : path)
      for (const OptionSpec& option : part->options)
        if (!option.hidden && (part == &root || part == &command))
          add_matching(completion, last, option.long_name(), option.help);
    add_matching(completion, last, "--help", "Show this help");
    return completion;
  }
  for (const CommandSpec& sub : command.subcommands)
    if (!sub.hidden) add_matching(completion, last, sub.name, sub.summary);
  if (!command.arguments.empty()) {
    const ArgumentSpec& argument =
        command.arguments[std::min(arguments, command.arguments.size() - 1)];
    const bool list = std::holds_alternative<std::vector<std::string>*>(argument.target);
    if (arguments < command.arguments.size() || list) {
      completion.kind = argument.kind;
      for (Candidate& name : names(argument.kind))
        add_matching(completion, last, name.word, name.description);
    }
  }
  return completion;
}

std::string completion_script(const std::string& shell, const std::string& program) {
  std::string identifier = program;
  std::replace_if(
      identifier.begin(), identifier.end(), [](unsigned char c) { return !std::isalnum(c); }, '_');
  const char* script = shell == "zsh" ? kZsh : shell == "fish" ? kFish : kBash;
  return fmt::format(fmt::runtime(script), program, identifier);
}

}  // namespace treadle::cli
