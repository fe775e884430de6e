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

// The type that is kept of one returned element, and whether the element may be absent (of a multi-asset).
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

// Demanded of what the default IO manager keeps. Named so that the compiler's notes read as the explanation.
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

template <class T>
OutputReport report_of(Output<T> output) {
  OutputReport report;
  if constexpr (!std::is_void_v<T>) {
    using Stored = typename Kept<T>::type;
    report.value = Value::of(Stored(std::move(output.value)));
    report.type_name = readable_name(typeid(Stored));
  }
  report.metadata = std::move(output.metadata);
  if (!output.data_version.empty()) report.data_version = std::move(output.data_version);
  report.tags = std::move(output.tags);
  return report;
}
template <class T>
OutputReport report_of(T value) {
  return report_of(Output<T>{std::move(value)});
}

// Adds what the context knows and hands the report to the engine.
StepOutcome hand_over(Context& context, std::size_t index, OutputReport report);

template <class X>
StepOutcome hand_over_element(Context& context, std::size_t index, X element) {
  if (!context.step().output_selected(index)) return {};
  return hand_over(context, index, report_of(std::move(element)));
}
template <class X>
StepOutcome hand_over_element(Context& context, std::size_t index, std::optional<X> element) {
  if (!element) return {};
  return hand_over_element(context, index, std::move(*element));
}

template <class R, std::size_t... I>
StepOutcome hand_over_all(Context& context, R elements, std::index_sequence<I...>) {
  StepOutcome outcome;
  (void)((outcome = hand_over_element(context, I, std::move(std::get<I>(elements))),
          outcome.has_value()) &&
         ...);
  return outcome;
}

}  // namespace treadle::cpp
