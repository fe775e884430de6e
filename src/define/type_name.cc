#include <treadle/define/type_name.h>

#include <array>
#include <cstdlib>
#include <cxxabi.h>
#include <memory>
#include <string_view>
#include <vector>

namespace treadle {
namespace {

// Template arguments that nobody writes because they are the default.
constexpr std::array<std::string_view, 8> kDefaults = {
    "std::char_traits<",    "std::allocator<",
    "std::less<",           "std::greater<",
    "std::hash<",           "std::equal_to<",
    "std::default_delete<", "std::pmr::polymorphic_allocator<"};

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
}

bool is_default(std::string_view argument) {
  for (const std::string_view start : kDefaults) {
    if (argument.starts_with(start)) return true;
  }
  return false;
}

// Reads a type from `text` at `at` up to an unmatched '>', a top-level ',' or the end, and writes
// it without default arguments.
std::string simplify(std::string_view text, std::size_t& at) {
  std::string out;
  int parentheses = 0;
  while (at < text.size()) {
    const char c = text[at];
    if (parentheses == 0 && (c == '>' || c == ',')) break;
    ++at;
    if (c == '(') ++parentheses;
    if (c == ')') --parentheses;
    if (c != '<') {
      out += c;
      continue;
    }
    std::vector<std::string> arguments;
    while (at < text.size()) {
      while (at < text.size() && text[at] == ' ') ++at;
      arguments.push_back(simplify(text, at));
      if (at >= text.size() || text[at++] == '>') break;
    }
    out += '<';
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      if (i > 0 && is_default(arguments[i])) continue;
      if (i > 0) out += ", ";
      out += arguments[i];
    }
    out += '>';
  }
  while (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

}  // namespace

std::string type_name(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> demangled(
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), std::free);
  std::string text = status == 0 && demangled ? demangled.get() : type.name();
  replace_all(text, "std::__cxx11::", "std::");
  replace_all(text, "(anonymous namespace)::", "");
  std::string simple;
  for (std::size_t at = 0; at < text.size();) {
    simple += simplify(text, at);
    if (at < text.size()) simple += text[at++];
  }
  replace_all(simple, "std::basic_string<char>", "std::string");
  replace_all(simple, "std::basic_string_view<char>", "std::string_view");
  return simple;
}

}  // namespace treadle
