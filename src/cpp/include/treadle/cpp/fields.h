// TREADLE_FIELDS: says which fields a struct has, so that it can be kept as a JSON object (a dict
// for Python).
//   struct Metrics { double accuracy = 0; std::vector<std::string> labels; };
//   TREADLE_FIELDS(Metrics, accuracy, labels)      // after the struct, in its namespace
// A field that a stored object lacks is an error, unless it is a std::optional; one that it has too
// much is ignored.
#pragma once

#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace treadle::cpp {

template <class Owner, class T>
struct Field {
  std::string_view name;
  T Owner::* member;
};
template <class Owner, class T>
Field(const char*, T Owner::*) -> Field<Owner, T>;

template <class T>
concept Described = requires(const T* none) { treadle_fields(none); };

template <class T>
concept Enumerated = std::is_enum_v<T> && requires(const T* none) { treadle_enumerators(none); };

}  // namespace treadle::cpp

#define TREADLE_FIELDS(Type, ...)                                                  \
  [[maybe_unused]] inline constexpr auto treadle_fields(const Type*) {             \
    return std::make_tuple(TREADLE_EXPAND(TREADLE_EACH_FIELD(Type, __VA_ARGS__))); \
  }

// The names of an enumeration, which is then kept and configured by name instead of by number:
//   enum class Season { spring, autumn };
//   TREADLE_ENUM(Season, spring, autumn)
#define TREADLE_ENUM(Type, ...)                                      \
  [[maybe_unused]] inline auto treadle_enumerators(const Type*) {    \
    return std::vector<std::pair<std::string_view, Type>>{           \
        TREADLE_EXPAND(TREADLE_EACH_ENUMERATOR(Type, __VA_ARGS__))}; \
  }
#define TREADLE_EACH_ENUMERATOR(Type, name, ...) \
  {#name, Type::name} __VA_OPT__(, TREADLE_EACH_ENUMERATOR_AGAIN TREADLE_PARENS(Type, __VA_ARGS__))
#define TREADLE_EACH_ENUMERATOR_AGAIN() TREADLE_EACH_ENUMERATOR

// The usual recursion: each EXPAND scans again, so that EACH_FIELD may come back for the next name
// (up to 256 fields).
#define TREADLE_PARENS ()
#define TREADLE_EXPAND(...) \
  TREADLE_EXPAND4(TREADLE_EXPAND4(TREADLE_EXPAND4(TREADLE_EXPAND4(__VA_ARGS__))))
#define TREADLE_EXPAND4(...) \
  TREADLE_EXPAND3(TREADLE_EXPAND3(TREADLE_EXPAND3(TREADLE_EXPAND3(__VA_ARGS__))))
#define TREADLE_EXPAND3(...) \
  TREADLE_EXPAND2(TREADLE_EXPAND2(TREADLE_EXPAND2(TREADLE_EXPAND2(__VA_ARGS__))))
#define TREADLE_EXPAND2(...) \
  TREADLE_EXPAND1(TREADLE_EXPAND1(TREADLE_EXPAND1(TREADLE_EXPAND1(__VA_ARGS__))))
#define TREADLE_EXPAND1(...) __VA_ARGS__
#define TREADLE_EACH_FIELD(Type, name, ...) \
  ::treadle::cpp::Field{                    \
      #name, &Type::name} __VA_OPT__(, TREADLE_EACH_FIELD_AGAIN TREADLE_PARENS(Type, __VA_ARGS__))
#define TREADLE_EACH_FIELD_AGAIN() TREADLE_EACH_FIELD
