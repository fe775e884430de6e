// What a function's result means: which type is kept, and how it is handed to the engine.
#pragma once

#include <treadle/cpp/codec_for.h>
#include <treadle/cpp/context.h>
#include <treadle/cpp/wiring.h>

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace treadle::cpp {

// The type that is kept of one returned element, and whether the element may be absent (of a
// multi-asset).
template <class X>
struct Kept {
  using type = X;
};
template <>
struct Kept<const char*> {
  using type = std::string;
};
template <>
struct Kept<std::string_view> {
  using type = std::string;
};
template <class T>
struct Kept<Output<T>> : Kept<T> {};
// A value for each partition that the run computes.
template <class T>
struct Kept<ByPartition<T>> : Kept<T> {};

template <class X>
struct Element {
  using type = typename Kept<X>::type;
  static constexpr bool kRequired = true;
};
template <class X>
struct Element<std::optional<X>> {
  using type = typename Kept<X>::type;
  static constexpr bool kRequired = false;
};

// What a multi-asset's function returns, as Types<Element<X>...>.
template <class X>
struct Elements {
  using type = Types<>;
  static_assert(
      sizeof(X) == 0,
      "treadle: the function of a multi-asset returns a std::tuple, std::pair or std::array");
};
template <class... X>
struct Elements<std::tuple<X...>> {
  using type = Types<Element<X>...>;
};
template <class A, class B>
struct Elements<std::pair<A, B>> : Elements<std::tuple<A, B>> {};
template <class X>
struct Elements<std::array<X, 1>> : Elements<std::tuple<X>> {};
template <class X, std::size_t N>
struct Elements<std::array<X, N>> {
  using type =
      typename Joined<Types<Element<X>>, typename Elements<std::array<X, N - 1>>::type>::type;
};

template <std::size_t kNames, class Result>
struct NamesForResult {
  static constexpr bool kOk = Elements<Result>::type::kSize == kNames;
  static_assert(kOk,
                "treadle: the function of this multi-asset returns another number of values than "
                "assets are named");
};

// Demanded of what the default IO manager keeps. Named so that the compiler's notes read as the
// explanation.
template <class T>
struct ValuesOfType {
  static constexpr bool kCanBeKept = std::is_void_v<T> || kept_by_own_io_manager<T> || Storable<T>;
  static_assert(kCanBeKept,
                "treadle: values of this type cannot be kept as they are: describe the struct with "
                "TREADLE_FIELDS(Type, fields...), "
                "or specialise treadle::CodecFor<Type>, or return a td::File");
};

// What the definitions say about a value of type T. Nothing for void.
template <class T>
void describe_output(OutputDef& output) {
  if constexpr (std::is_void_v<T>) {
    output.stores_value = false;
  } else {
    output.type = &typeid(T);
    if constexpr (Storable<T>) output.codec = codec_of<T>();
  }
}

// Hands the output of that index to the engine, with what the context knows about it. `type` null:
// no value. Throws StepFailure.
void hand_over(Context& context, std::size_t index, Value value, const std::type_info* type);
void hand_over(Context& context, std::size_t index, Value value, const std::type_info* type,
               Output<void> facts);
// Throws StepFailure.
void report_check(Context& context, std::size_t check, CheckResult result);
// Whether the run wants that output.
bool is_wanted(Context& context, std::size_t index);

// Whether the run computes this partition and no other.
bool is_only_partition(Context& context, const std::string& key);

template <class X>
Value kept_value(Context&, X element) {
  return Value::of(typename Kept<X>::type(std::move(element)));
}
template <class T>
Value kept_value(Context& context, ByPartition<T> all) {
  if (all.size() == 1 && is_only_partition(context, all.begin()->first)) {
    return Value::of(T(std::move(all.begin()->second)));
  }
  return Value::of(std::move(all));
}

template <class X>
void hand_over_element(Context& context, std::size_t index, X element) {
  using T = typename Kept<X>::type;
  hand_over(context, index, kept_value(context, std::move(element)), &typeid(T));
}
template <class X>
void hand_over_element(Context& context, std::size_t index, Output<X> element) {
  if constexpr (std::is_void_v<X>) {
    hand_over(context, index, Value(), nullptr, std::move(element));
  } else {
    using T = typename Kept<X>::type;
    hand_over(context, index, kept_value(context, std::move(element.value)), &typeid(T),
              Output<void>{std::move(element.metadata), std::move(element.data_version),
                           std::move(element.tags), std::move(element.checks)});
  }
}

template <class X>
void hand_over_if_wanted(Context& context, std::size_t index, X element) {
  if (is_wanted(context, index)) hand_over_element(context, index, std::move(element));
}
template <class X>
void hand_over_if_wanted(Context& context, std::size_t index, std::optional<X> element) {
  if (element && is_wanted(context, index)) hand_over_element(context, index, std::move(*element));
}

template <class R, std::size_t... I>
void hand_over_all(Context& context, R elements, std::index_sequence<I...>) {
  (hand_over_if_wanted(context, I, std::move(std::get<I>(elements))), ...);
}

}  // namespace treadle::cpp
