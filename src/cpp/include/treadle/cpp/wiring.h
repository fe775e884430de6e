// How the parameters and the result of a function are read from its type. Compile time only; the
// messages at the static_asserts are for people.
#pragma once

#include <treadle/cpp/asset.h>
#include <treadle/cpp/codec_for.h>
#include <treadle/cpp/context.h>

#include <array>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace treadle::cpp {

template <class... T>
struct Types {
  static constexpr std::size_t kSize = sizeof...(T);
};

template <class... Lists>
struct Joined {
  using type = Types<>;
};
template <class... A>
struct Joined<Types<A...>> {
  using type = Types<A...>;
};
template <class... A, class... B, class... Rest>
struct Joined<Types<A...>, Types<B...>, Rest...> : Joined<Types<A..., B...>, Rest...> {};

// Result and parameters of a function, or of a function object with one operator(). kKnown is false
// for generic lambdas and overloaded objects.
template <class F>
struct Signature {
  static constexpr bool kKnown = false;
};
template <class R, class... A>
struct KnownSignature {
  static constexpr bool kKnown = true;
  using Result = R;
  using Params = Types<A...>;
};
template <class R, class... A>
struct Signature<R (*)(A...)> : KnownSignature<R, A...> {};
template <class R, class... A>
struct Signature<R (*)(A...) noexcept> : KnownSignature<R, A...> {};
template <class R, class C, class... A>
struct Signature<R (C::*)(A...)> : KnownSignature<R, A...> {};
template <class R, class C, class... A>
struct Signature<R (C::*)(A...) const> : KnownSignature<R, A...> {};
template <class R, class C, class... A>
struct Signature<R (C::*)(A...) noexcept> : KnownSignature<R, A...> {};
template <class R, class C, class... A>
struct Signature<R (C::*)(A...) const noexcept> : KnownSignature<R, A...> {};
template <class F>
  requires requires { &F::operator(); }
struct Signature<F> : Signature<decltype(&F::operator())> {};

// What a thing that is wired to a function hands to it.
template <class Dep>
struct Wire {
  static_assert(!std::convertible_to<Dep, AssetKey>,
                "treadle: a bare name says no type: write td::by_name<T>(\"name\") to get the "
                "value, or td::after(\"name\") for order only");
  static_assert(std::convertible_to<Dep, AssetKey>,
                "treadle: only assets, td::by_name<T>(...), td::after(...) and resources can be "
                "wired to a function");
  using Given = Types<>;
};
template <class T>
struct Wire<Asset<T>> {
  using Given = Types<const T&>;
};
template <>
struct Wire<Asset<void>> {
  using Given = Types<>;
};
template <class T>
struct Wire<AssetWith<T>> : Wire<Asset<T>> {};
template <class T>
struct Wire<AllOf<T>> {
  using Given = Types<const ByPartition<T>&>;
};
template <>
struct Wire<After> {
  using Given = Types<>;
};
template <class T>
struct Wire<ResourceHandle<T>> {
  using Given = Types<T&>;
};

// Whether a parameter takes what is given: the same type by value or const reference, a base of it,
// or std::string_view for text. No conversions beside: an asset of int is not one of double.
template <class Wanted, class Given>
concept Fits = std::convertible_to<Given, Wanted> &&
               (std::same_as<std::remove_cvref_t<Wanted>, std::remove_cvref_t<Given>> ||
                std::derived_from<std::remove_cvref_t<Given>, std::remove_cvref_t<Wanted>> ||
                (std::same_as<std::remove_cvref_t<Wanted>, std::string_view> &&
                 std::same_as<std::remove_cvref_t<Given>, std::string>));

// Named so that the compiler's "in instantiation of" reads as the explanation.
template <class Wanted>
struct ParameterOfType {
  template <class Given>
  struct IsWiredToAssetOfType {
    static constexpr bool kOk = Fits<Wanted, Given>;
    static_assert(kOk,
                  "treadle: a parameter of this function has another type than the asset that is "
                  "wired to it (inputs are taken "
                  "by value or const reference, in the order in which they are wired)");
  };
};

template <class Params, class Given>
struct Match {
  static constexpr bool kOk = false;
  static_assert(Params::kSize == Given::kSize,
                "treadle: the function takes another number of inputs than the assets that are "
                "wired to it (a td::Context& may "
                "come before them)");
};
template <class... Param, class... Given>
  requires(sizeof...(Param) == sizeof...(Given))
struct Match<Types<Param...>, Types<Given...>> {
  static constexpr bool kOk =
      (ParameterOfType<Param>::template IsWiredToAssetOfType<Given>::kOk && ...);
};

template <class Params>
struct WithoutContext {
  using type = Params;
  static constexpr bool kContext = false;
};
template <class First, class... Rest>
  requires std::same_as<std::remove_cvref_t<First>, Context>
struct WithoutContext<Types<First, Rest...>> {
  using type = Types<Rest...>;
  static constexpr bool kContext = true;
};

// A function and what is wired to it.
template <class F, class Given>
struct Wiring;
template <class F, class... Given>
  requires(Signature<F>::kKnown)
struct Wiring<F, Types<Given...>> {
  using Split = WithoutContext<typename Signature<F>::Params>;
  static constexpr bool kContext = Split::kContext;
  static constexpr bool kOk = Match<typename Split::type, Types<Given...>>::kOk;
  using Result = typename Signature<F>::Result;
};
template <class F, class... Given>
  requires(!Signature<F>::kKnown)
struct Wiring<F, Types<Given...>> {
  static constexpr bool kContext = std::is_invocable_v<F&, Context&, Given...>;
  static constexpr bool kOk = kContext || std::is_invocable_v<F&, Given...>;
  static_assert(
      kOk,
      "treadle: this function cannot be called with the values of the assets that are wired to it");
  using Call = std::conditional_t<kContext, std::invoke_result<F&, Context&, Given...>,
                                  std::invoke_result<F&, Given...>>;
  using Result = typename Call::type;
};
template <class F, class... Deps>
using WiringOf = Wiring<F, typename Joined<typename Wire<Deps>::Given...>::type>;

// A result that may be an error: td::Result<T>, tl::expected<T, E>.
template <class R>
struct Success {
  using type = R;
};
template <class T, class E>
struct Success<tl::expected<T, E>> {
  using type = T;
};

template <class F, class... Deps>
using ResultOf = typename Success<std::remove_cvref_t<typename WiringOf<F, Deps...>::Result>>::type;

}  // namespace treadle::cpp
