#include "dagster_words.h"

#include <algorithm>
#include <array>
#include <span>

namespace treadle::cli {
namespace {

struct CommandWords {
  const char* group;
  const char* command;   // nullptr: any, or none
  const char* treadles;  // its words here; "" = there is none
  const char* advice;
};

constexpr const char* kSwitches =
    "Schedules and sensors have no switch here: 'treadle automation tick' evaluates them all, says "
    "what they ask for and remembers that it did. Call it from cron or a systemd timer.";
constexpr const char* kInterface =
    "Treadle has no web interface and no process of its own that waits: 'treadle materialize' runs "
    "assets and jobs, 'treadle automation tick' evaluates schedules, sensors and conditions, "
    "'treadle status', 'run list' and 'run show' say how things are.";
constexpr const char* kScaffold =
    "Treadle makes no files for you: a Python file with a function under @asset is a project. See "
    "docs/getting-started-python.md.";

constexpr std::array kCommands = {
    CommandWords{"asset", "materialize", "materialize", ""},
    CommandWords{"asset", "list", "list", ""},
    CommandWords{"asset", "wipe", "",
                 "What was recorded of an asset is forgotten from Python: "
                 "DagsterInstance.get().wipe_assets([AssetKey('name')]). Its versions are deleted "
                 "by 'treadle artifact delete'."},
    CommandWords{"asset", "wipe-partitions-status-cache", "",
                 "There is nothing to clear: 'treadle status' looks again at what has changed."},
    CommandWords{"job", "execute", "materialize --one-job", ""},
    CommandWords{"job", "launch", "materialize --one-job", ""},
    CommandWords{"job", "backfill", "materialize --one-job", ""},
    CommandWords{"job", "list", "list --jobs", ""},
    CommandWords{"job", "print", "materialize --one-job --dry-run", ""},
    CommandWords{"job", "scaffold_config", "config", ""},
    CommandWords{"job", nullptr, "",
                 "A job is run by 'treadle materialize --job NAME'; 'treadle list --jobs' lists "
                 "them, 'treadle config NAME' prints what one takes."},
    CommandWords{"schedule", "list", "automation list", ""},
    CommandWords{"schedule", "preview", "automation tick --dry-run", ""},
    CommandWords{"schedule", "logs", "automation ticks", ""},
    CommandWords{"schedule", nullptr, "", kSwitches},
    CommandWords{"sensor", "list", "automation list", ""},
    CommandWords{"sensor", "preview", "automation tick --dry-run", ""},
    CommandWords{"sensor", nullptr, "", kSwitches},
    CommandWords{"definitions", "validate", "check", ""},
    CommandWords{"definitions", nullptr, "", "Definitions are checked by 'treadle check'."},
    CommandWords{"check", "defs", "check", ""},
    CommandWords{"launch", nullptr, "materialize", ""},
    CommandWords{"run", "delete", "",
                 "The command line deletes no runs. From Python: "
                 "DagsterInstance.get().delete_run(run_id)."},
    CommandWords{"run", "wipe", "",
                 "The command line deletes no runs. To begin anew, use another home (--home), or "
                 "remove its folder."},
    CommandWords{"instance", "concurrency", "",
                 "Limits on how many steps run at once are those of pools: 'treadle pool'."},
    CommandWords{"instance", nullptr, "",
                 "An instance is a home folder here (--home, TREADLE_HOME or DAGSTER_HOME); it "
                 "keeps itself up to date and needs no dagster.yaml. 'treadle run list' and "
                 "'treadle status' say what it knows."},
    CommandWords{"dev", nullptr, "", kInterface},
    CommandWords{"code-server", nullptr, "", kInterface},
    CommandWords{"api", nullptr, "", kInterface},
    CommandWords{"debug", nullptr, "", "What a run did is shown by 'treadle run logs RUN'."},
    CommandWords{"project", nullptr, "", kScaffold},
    CommandWords{"scaffold", nullptr, "", kScaffold},
};

struct OptionWords {
  const char* dagsters;
  const char* treadles;  // "" = means nothing here
  bool takes_value = true;
};

constexpr std::array kOptions = {
    OptionWords{"--python-file", "--file"},
    OptionWords{"--module-name", "--module"},
    OptionWords{"--package-name", "--module"},
    OptionWords{"--autoload-defs-module-name", "--module"},
    OptionWords{"--config-json", "--config"},
    OptionWords{"--config-file", "--config"},
    OptionWords{"--partition-range", "--partitions"},
    OptionWords{"--assets", "--select"},
    OptionWords{"--noprompt", "", false},
    OptionWords{"--empty-workspace", "", false},
};

// Commands that take Dagster's options: those that read definitions.
constexpr std::array kReading = {"materialize", "list",   "status",    "partitions",
                                 "check",       "config", "automation"};

bool is_among(std::span<const char* const> names, const std::string& word) {
  return std::find(names.begin(), names.end(), word) != names.end();
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> out(1);
  for (const char c : text) {
    if (c == at) {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return out;
}

// Reads options one by one and says them again.
class Options {
 public:
  Options(const std::vector<std::string>& words, std::size_t from, bool is_backfill)
      : words_(words), position_(from), is_backfill_(is_backfill) {}

  void say_again(std::vector<std::string>& out) {
    for (; position_ < words_.size(); ++position_) {
      const std::string& word = words_[position_];
      const auto equals = word.starts_with("--") ? word.find('=') : std::string::npos;
      const std::string name = word.substr(0, equals);
      if (name == "--") {
        out.insert(out.end(), words_.begin() + static_cast<std::ptrdiff_t>(position_),
                   words_.end());
        break;
      }
      if (name == "-o" || name == "--op-selection") {
        for (const std::string& step : split(value(word, equals), ',')) {
          out.emplace_back("--op");
          out.push_back(step);
        }
      } else if (is_backfill_ && (name == "--from" || name == "--to")) {
        (name == "--from" ? first_ : last_) = value(word, equals);
      } else if (is_backfill_ && name == "--all") {
        // Dagster's takes a value, which it does not look at.
        if (position_ + 1 < words_.size() && !words_[position_ + 1].starts_with('-')) ++position_;
        partitions_ = "all";
      } else if (const auto* known = find(name)) {
        const std::string given = known->takes_value ? value(word, equals) : "";
        if (*known->treadles == '\0') continue;
        out.emplace_back(known->treadles);
        if (known->takes_value) out.push_back(given);
      } else {
        out.push_back(word);
      }
    }
    if (!first_.empty() || !last_.empty()) partitions_ = first_ + "..." + last_;
    if (!partitions_.empty()) {
      out.emplace_back("--partitions");
      out.push_back(partitions_);
    }
  }

 private:
  static const OptionWords* find(const std::string& name) {
    const auto* found = std::find_if(kOptions.begin(), kOptions.end(),
                                     [&](const OptionWords& o) { return name == o.dagsters; });
    return found == kOptions.end() ? nullptr : found;
  }

  std::string value(const std::string& word, std::size_t equals) {
    if (equals != std::string::npos) return word.substr(equals + 1);
    return position_ + 1 < words_.size() ? words_[++position_] : std::string();
  }

  const std::vector<std::string>& words_;
  std::size_t position_;
  bool is_backfill_;
  std::string first_, last_, partitions_;
};

}  // namespace

Spelling read_dagster_words(const std::vector<std::string>& words) {
  Spelling out;
  std::size_t read = 0;
  if (!words.empty()) {
    const std::string second = words.size() > 1 ? words[1] : "";
    for (const CommandWords& known : kCommands) {
      if (words[0] != known.group || (known.command && second != known.command)) continue;
      if (*known.treadles == '\0') {
        out.advice = known.advice;
        out.words = words;
        return out;
      }
      out.words = split(known.treadles, ' ');
      read = known.command ? 2 : 1;
      break;
    }
  }
  const std::string command = !out.words.empty() ? out.words[0] : words.empty() ? "" : words[0];
  if (!is_among(kReading, command)) {
    out.words = words;
    return out;
  }
  Options(words, read, read == 2 && words[1] == "backfill").say_again(out.words);
  return out;
}

}  // namespace treadle::cli
