#include "commands.h"
#include "complete.h"
#include "session.h"
#include "text.h"
#include <treadle/base/suggest.h>

#include <fmt/format.h>

#include <algorithm>

namespace treadle::cli {

CommandSpec completion_command(const Program& program) {
  auto shell = std::make_shared<std::string>();
  CommandSpec command;
  command.name = "completion";
  command.summary =
      "Print a script that completes commands, options, assets, runs and artifacts in a shell";
  command.arguments = {{"SHELL", "bash, zsh or fish", shell.get()}};
  const std::string name = program.name;
  command.details = "To have it in every shell:\n  bash:  echo 'source <(" + name +
                    " completion bash)' >> ~/.bashrc\n  zsh:   echo 'source <(" + name +
                    " completion zsh)' >> ~/.zshrc\n  fish:  " + name +
                    " completion fish > ~/.config/fish/completions/" + name + ".fish";
  command.examples = {{"completion bash", "the script for bash"}};
  command.run = [shell, name](Session& session) -> int {
    const std::vector<std::string> shells{"bash", "zsh", "fish"};
    if (std::find(shells.begin(), shells.end(), *shell) == shells.end())
      return session.usage_error(
          fmt::format("There is completion for bash, zsh and fish, not for '{}'.{}",
                      printable(*shell), did_you_mean(*shell, shells)));
    session.write_out(completion_script(*shell, name));
    return kExitOk;
  };
  return command;
}

}  // namespace treadle::cli
