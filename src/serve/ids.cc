#include "ids.h"

#include <treadle/base/digest.h>

#include <charconv>

namespace treadle::serve {

std::string make_text_id(std::string_view kind, std::string_view text) {
  return to_base64(std::string(kind) + ":" + std::string(text));
}

std::optional<std::string> text_of(std::string_view id, std::string_view kind) {
  const auto plain = from_base64(id);
  if (!plain || plain->size() <= kind.size() || !plain->starts_with(kind) ||
      (*plain)[kind.size()] != ':') {
    return std::nullopt;
  }
  return plain->substr(kind.size() + 1);
}

std::string make_id(std::string_view kind, std::int64_t number) {
  return make_text_id(kind, std::to_string(number));
}

std::optional<std::int64_t> number_of(std::string_view id, std::string_view kind) {
  const auto text = text_of(id, kind);
  if (!text) return std::nullopt;
  std::int64_t out = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), out);
  if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
  return out;
}

std::string make_run_id(const RunId& run) {
  return make_text_id("Run:v1", run.name + ":" + run.project + ":" + run.entity);
}

std::optional<RunId> parse_run_id(std::string_view id) {
  const auto text = text_of(id, "Run:v1");
  if (!text) return std::nullopt;
  const auto first = text->find(':');
  const auto second = first == std::string::npos ? first : text->find(':', first + 1);
  if (second == std::string::npos) return std::nullopt;
  return RunId{text->substr(second + 1), text->substr(first + 1, second - first - 1),
               text->substr(0, first)};
}

}  // namespace treadle::serve
