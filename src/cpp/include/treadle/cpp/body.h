// The step bodies behind declared functions: load the inputs, call, hand over what came back.
#pragma once

#include <treadle/cpp/returned.h>
#include <treadle/cpp/wiring.h>

#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace treadle::cpp {

// Calls user code and turns every exception that leaves it into a failure.
class FunctionBody : public StepBody {
 public:
  StepOutcome run(StepContext& step) final;
  std::string derived_code_version() final;

 protected:
  // Loads, calls and hands over. Failures of the engine travel through it as thrown StepFailures.
  virtual void call(Context& context) = 0;

 private:
  friend void set_body(StepDef& step, std::unique_ptr<FunctionBody> body, const void* code);
  std::vector<AssetKey> outputs_;
  std::vector<AssetKey> inputs_;
  const void* code_ = nullptr;  // an address in the program or shared library that has the function
};

// The last thing said about a step, after its outputs.
void set_body(StepDef& step, std::unique_ptr<FunctionBody> body, const void* code);

// Where the code of `fn` is.
template <class F>
const void* code_address(const F& fn) {
  if constexpr (std::is_pointer_v<F>) {
    return reinterpret_cast<const void*>(fn);
  } else {
    return reinterpret_cast<const void*>(&code_address<F>);
  }
}

// Identifies the build of the program or shared library that `code` lies in: its linker build id,
// else the digest of its file.
std::string build_version(const void* code);

// The dependency side of a step definition; inputs get the names of their assets.
void declare_input(StepDef& step, AssetKey asset, const std::type_info* type,
                   std::shared_ptr<const Codec> codec);
void declare_order(StepDef& step, AssetKey asset, PartitionMappingPtr mapping = nullptr);

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
template <class T>
void declare(StepDef& step, const AssetWith<T>& given) {
  declare(step, given.asset);
  InputDef& input = step.inputs.back();
  input.io_manager_key = given.in.io_manager;
  input.metadata = given.in.metadata;
  input.partition_mapping = given.in.mapping;
}
template <class T>
void declare(StepDef& step, const AllOf<T>& given) {
  static_assert(!std::is_void_v<T>,
                "treadle: this asset keeps no values to take by partition: write td::after(asset)");
  declare(step, given.asset);
}
inline void declare(StepDef& step, const After& after) {
  for (const After::One& one : after.assets) declare_order(step, one.asset, one.mapping);
}
template <class T>
void declare(StepDef& step, const ResourceHandle<T>& resource) {
  step.required_resources.push_back(resource.key());
}
template <class T>
void declare(StepDef&, const T&) {}  // a mistake that Wire<T> has already told

// The step's input of that index, as the IO manager gives it. Throws StepFailure; so when it is no
// `wanted`.
Value load_input(Context& context, std::size_t input, const std::type_info& wanted);
// The same for an input over partitions: a `wanted` of the only one, whose key goes to `key`, else
// an `all` (of several) or nothing (there are none).
Value load_partitions(Context& context, std::size_t input, const std::type_info& wanted,
                      const std::type_info& all, std::string& key);

// One thing that is wired: keeps its value alive during the call, and gives the arguments it stands
// for (one or none).
template <class Dep>
struct Loaded {
  Loaded(Context&, const Dep& dep, std::size_t& next_input) {
    if constexpr (std::same_as<Dep, After>) next_input += dep.assets.size();
    if constexpr (std::same_as<Dep, Asset<void>>) ++next_input;
  }
  std::tuple<> arguments() { return {}; }
};
template <class T>
  requires(!std::is_void_v<T>)
struct Loaded<Asset<T>> {
  Value value;
  Loaded(Context& context, const Asset<T>&, std::size_t& next_input)
      : value(load_input(context, next_input++, typeid(T))) {}
  std::tuple<const T&> arguments() { return {*value.get<T>()}; }
};
template <class T>
struct Loaded<AssetWith<T>> : Loaded<Asset<T>> {
  Loaded(Context& context, const AssetWith<T>& given, std::size_t& next_input)
      : Loaded<Asset<T>>(context, given.asset, next_input) {}
};
template <class T>
struct Loaded<AllOf<T>> {
  Value value;
  Loaded(Context& context, const AllOf<T>&, std::size_t& next_input) {
    std::string key;
    value = load_partitions(context, next_input++, typeid(T), typeid(ByPartition<T>), key);
    if (const T* only = value.get<T>()) {
      ByPartition<T> all;
      all.emplace(std::move(key), *only);
      value = Value::of(std::move(all));
    } else if (!value) {
      value = Value::of(ByPartition<T>());
    }
  }
  std::tuple<const ByPartition<T>&> arguments() { return {*value.get<ByPartition<T>>()}; }
};
template <class T>
struct Loaded<ResourceHandle<T>> {
  T& resource;
  Loaded(Context& context, const ResourceHandle<T>& handle, std::size_t&)
      : resource(context.resource<T>(handle.key())) {}
  std::tuple<T&> arguments() { return {resource}; }
};

// `Then` is stateless and says what to do with the result (nothing for void).
template <class Then, class F, class... Deps>
class Body final : public FunctionBody {
 public:
  Body(F fn, std::size_t first_input, const Deps&... deps)
      : fn_(std::move(fn)), first_input_(first_input), deps_(deps...) {}

 private:
  using W = WiringOf<F, Deps...>;
  using R = std::remove_cvref_t<typename W::Result>;

  void call(Context& context) override {
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      [[maybe_unused]] std::size_t next_input = first_input_;
      // Braces: from left to right.
      std::tuple<Loaded<Deps>...> loaded{Loaded<Deps>(context, std::get<I>(deps_), next_input)...};
      call_with(context, std::tuple_cat(std::get<I>(loaded).arguments()...));
    }(std::index_sequence_for<Deps...>());
  }

  template <class... Argument>
  void call_with(Context& context, std::tuple<Argument...> arguments) {
    std::apply(
        [&](Argument... argument) {
          if constexpr (std::is_void_v<R>) {
            invoke(context, argument...);
            Then::hand_over(context);
          } else {
            finish(context, invoke(context, argument...));
          }
        },
        arguments);
  }
  template <class... Argument>
  typename W::Result invoke(Context& context, Argument&... argument) {
    if constexpr (W::kContext) {
      return fn_(context, argument...);
    } else {
      return fn_(argument...);
    }
  }
  template <class Result>
  void finish(Context& context, Result&& result) {
    if constexpr (is_a<R, tl::expected>) {
      if (!result) throw to_failure(std::move(result).error());
      if constexpr (std::is_void_v<typename R::value_type>) {
        Then::hand_over(context);
      } else {
        Then::hand_over(context, std::move(*result));
      }
    } else {
      Then::hand_over(context, std::forward<Result>(result));
    }
  }

  F fn_;
  const std::size_t first_input_;
  const std::tuple<Deps...> deps_;
};

template <class Then, class F, class... Deps>
void give_body(StepDef& step, F fn, std::size_t first_input, const Deps&... deps) {
  if constexpr (WiringOf<F, Deps...>::kOk) {  // else the compiler has said why
    const void* code = code_address(fn);
    set_body(step,
             std::unique_ptr<FunctionBody>(
                 new Body<Then, F, Deps...>(std::move(fn), first_input, deps...)),
             code);
  }
}

}  // namespace treadle::cpp
