#include <treadle/define/definitions.h>

namespace treadle {

std::string Place::text() const {
  return file.empty() || line <= 0 ? file : file + ":" + std::to_string(line);
}

std::string Problem::text() const {
  std::string text = place.text();
  if (!text.empty()) text += ": ";
  text += message;
  if (!cure.empty()) text += " " + cure;
  return text;
}

DefinitionError::DefinitionError(std::vector<Problem> problems) : problems_(std::move(problems)) {
  if (problems_.size() == 1) {
    text_ = problems_[0].text();
    return;
  }
  text_ = std::to_string(problems_.size()) + " problems with these definitions:";
  for (const Problem& problem : problems_) text_ += "\n  - " + problem.text();
}

}  // namespace treadle
