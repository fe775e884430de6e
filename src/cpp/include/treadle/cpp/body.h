// The step bodies behind declared functions: load the inputs, call, hand over what came back.
#pragma once

#include <treadle/cpp/returned.h>
#include <treadle/cpp/wiring.h>

#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace treadle::cpp {

// Calls user code and turns every exception that leaves it into a failure.
class FunctionBody final : public StepBody {
 public:
  using Call = std::function<StepOutcome(Context&)>;
  // `code`: an address inside the program or shared library that the function was compiled into.
  FunctionBody(Call call, std::vector<AssetKey> outputs, const void* code)
      : call_(std::move(call)), outputs_(std::move(outputs)), code_(code) {}
  StepOutcome run(StepContext& step) override;
  std::string derived_code_version() override;

 private:
  Call call_;
  std::vector<AssetKey> outputs_;
  const void* code_;
};

// Where the code of `fn` is.
template <class F>
const void* code_address(const F& fn) {
  if constexpr (std::is_pointer_v<F>) {
    return reinterpret_cast<const void*>(fn);
  } else {
    return reinterpret_cast<const void*>(&code_address<F>);
  }
}

// Identifies the build of the program or shared library that `code` lies in: its linker build id, else the digest of its file.
std::string build_version(const void* code);

// The dependency side of a step definition; inputs get the names of their assets.
void declare_input(StepDef& step, AssetKey asset, const std::type_info* type,
                   std::shared_ptr<const Codec> codec);
void declare_order(StepDef& step, AssetKey asset);

template <class T>
void declare(StepDef& step, const Asset<T>& asset) {
  if constexpr (std::is_void_v<T>) {
    declare_order(step, asset.key());
  } else if constexpr (Storable<T>) {
    declare_input(step, asset.key(), &typeid(T), codec_of<T>());
  } else {
    declare_input(step, asset.key(), &typeid(T), nullptr);
  }
}
inline void declare(StepDef& step, const After& after) {
  for (const auto& asset : after.assets) declare_order(step, asset);
}
template <class T>
void declare(StepDef& step, const ResourceHandle<T>& resource) {
  step.required_resources.push_back(resource.key());
}
template <class T>
void declare(StepDef&, const T&) {}  // a mistake that Wire<T> has already told

// One loaded input or resource: keeps the value alive, and gives the arguments it stands for (one or none).
StepFailure wrong_input(const StepContext& step, std::size_t input, const Value& value,
                        const std::type_info& wanted);

template <class Dep>
struct Loaded {
  StepOutcome load(Context&, const Dep& dep, std::size_t& next_input) {
    if constexpr (std::same_as<Dep, After>) next_input += dep.assets.size();
    if constexpr (std::same_as<Dep, Asset<void>>) ++next_input;
    return {};
  }
  std::tuple<> arguments() { return {}; }
};
template <class T>
  requires(!std::is_void_v<T>)
struct Loaded<Asset<T>> {
  Value value;
  StepOutcome load(Context& context, const Asset<T>&, std::size_t& next_input) {
    const std::size_t input = next_input++;
    auto loaded = context.step().load_input(input);
    if (!loaded) return tl::make_unexpected(std::move(loaded).error());
    value = std::move(*loaded);
    if (value.get<T>() == nullptr)
      return tl::make_unexpected(wrong_input(context.step(), input, value, typeid(T)));
    return {};
  }
  std::tuple<const T&> arguments() { return {*value.get<T>()}; }
};
template <class T>
struct Loaded<ResourceHandle<T>> {
  T* resource = nullptr;
  StepOutcome load(Context& context, const ResourceHandle<T>& handle, std::size_t&) {
    resource = &context.resource<T>(handle.key());
    return {};
  }
  std::tuple<T&> arguments() { return {*resource}; }
};

// Calls `fn` with everything that is wired to it, the step's inputs from `first_input` on; `then(result...)` hands over what came back (no argument for void).
template <class W, class F, class Then, class... Deps>
StepOutcome call(F& fn, Context& context, std::size_t first_input, const std::tuple<Deps...>& deps,
                 Then then) {
  std::tuple<Loaded<Deps>...> loaded;
  StepOutcome outcome;
  std::size_t next_input = first_input;
  [&]<std::size_t... I>(std::index_sequence<I...>) {
    (void)((outcome = std::get<I>(loaded).load(context, std::get<I>(deps), next_input),
            outcome.has_value()) &&
           ...);
  }(std::index_sequence_for<Deps...>());
  if (!outcome) return outcome;

  auto arguments =
      std::apply([](auto&... one) { return std::tuple_cat(one.arguments()...); }, loaded);
  const auto invoke = [&]() -> typename W::Result {
    return std::apply(
        [&](auto&... argument) -> typename W::Result {
          if constexpr (W::kContext) {
            return fn(context, argument...);
          } else {
            return fn(argument...);
          }
        },
        arguments);
  };
  if constexpr (std::is_void_v<typename W::Result>) {
    invoke();
    return then();
  } else if constexpr (is_a<std::remove_cvref_t<typename W::Result>, tl::expected>) {
    auto result = invoke();
    if (!result) return tl::make_unexpected(to_failure(std::move(result).error()));
    if constexpr (std::is_void_v<typename std::remove_cvref_t<typename W::Result>::value_type>) {
      return then();
    } else {
      return then(std::move(*result));
    }
  } else {
    return then(invoke());
  }
}

// The body of a step: `Then` is stateless and says what to do with the result.
template <class Then, class F, class... Deps>
std::shared_ptr<StepBody> make_body(F fn, const StepDef& step, std::size_t first_input,
                                    const Deps&... deps) {
  using W = WiringOf<F, Deps...>;
  if constexpr (!W::kOk) {
    return nullptr;  // the compiler has said why
  } else {
    const void* code = code_address(fn);
    auto run = [fn = std::move(fn), first_input,
                wired = std::tuple<Deps...>(deps...)](Context& context) mutable {
      return call<W>(fn, context, first_input, wired, [&](auto&&... result) {
        return Then::hand_over(context, std::forward<decltype(result)>(result)...);
      });
    };
    std::vector<AssetKey> outputs;
    for (const auto& output : step.outputs) outputs.push_back(output.asset.key);
    return std::make_shared<FunctionBody>(std::move(run), std::move(outputs), code);
  }
}

}  // namespace treadle::cpp
