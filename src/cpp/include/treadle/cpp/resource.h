// Resources made by functions: how what they return becomes an object that steps share.
#pragma once

#include <treadle/cpp/values.h>
#include <treadle/cpp/wiring.h>
#include <treadle/define/io_manager.h>

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace treadle::cpp {

template <class R>
struct Pointee {
  using type = R;
  static std::shared_ptr<R> share(R object) { return std::make_shared<R>(std::move(object)); }
};
template <class T>
struct Pointee<std::shared_ptr<T>> {
  using type = T;
  static std::shared_ptr<T> share(std::shared_ptr<T> object) { return object; }
};
template <class T, class Deleter>
struct Pointee<std::unique_ptr<T, Deleter>> {
  using type = T;
  static std::shared_ptr<T> share(std::unique_ptr<T, Deleter> object) { return object; }
};

template <class Make, class... Needed>
using MadeBy = typename Success<std::remove_cvref_t<std::invoke_result_t<Make&, Needed&...>>>::type;
template <class Make, class... Needed>
using ResourceOf = typename Pointee<MadeBy<Make, Needed...>>::type;

struct NoTearDown {
  template <class T>
  void operator()(T&) const {}
};

StepFailure no_such_object(const std::string& key);
// The value of a resource that another one asked for. Throws StepFailure when it is of another type.
const Value& needed_resource(const Resource::SetupContext& context, const std::string& key);
[[noreturn]] void throw_other_type(const std::string& key, const std::type_info& wanted);

template <class T>
T& needed_object(const Resource::SetupContext& context, const std::string& key) {
  const auto* held = needed_resource(context, key).template get<std::shared_ptr<T>>();
  if (held == nullptr) throw_other_type(key, typeid(T));
  return **held;
}

// What `make` gives, as steps see it.
template <class T, class Call>
tl::expected<Value, StepFailure> made_value(const std::string& key, Call make) {
  try {
    std::shared_ptr<T> object;
    auto made = make();
    using Shared = Pointee<typename Success<decltype(made)>::type>;
    if constexpr (is_a<decltype(made), tl::expected>) {
      if (!made) return tl::make_unexpected(to_failure(std::move(made).error()));
      object = Shared::share(std::move(*made));
    } else {
      object = Shared::share(std::move(made));
    }
    if (object == nullptr) return tl::make_unexpected(no_such_object(key));
    return Value::of(std::move(object));
  } catch (...) {
    return tl::make_unexpected(current_exception_failure());
  }
}

// The value that steps see is a std::shared_ptr<T>, so that they may change the object.
template <class T, class Make, class TearDown, class... Needed>
class MadeResource final : public Resource {
 public:
  MadeResource(Make make, TearDown tear_down, std::vector<std::string> needed)
      : make_(std::move(make)), tear_down_(std::move(tear_down)), needed_(std::move(needed)) {}

  std::vector<std::string> required_resources() const override { return needed_; }

  tl::expected<Value, StepFailure> set_up(const SetupContext& context) override {
    return made_value<T>(context.key,
                         [&] { return make(context, std::index_sequence_for<Needed...>()); });
  }
  StepOutcome tear_down(const Value& value) override {
    try {
      if (const auto* object = value.get<std::shared_ptr<T>>()) tear_down_(**object);
      return {};
    } catch (...) {
      return tl::make_unexpected(current_exception_failure());
    }
  }

 private:
  template <std::size_t... I>
  auto make(const SetupContext& context, std::index_sequence<I...>) {
    static_cast<void>(context);
    return make_(needed_object<Needed>(context, needed_[I])...);
  }

  Make make_;
  TearDown tear_down_;
  const std::vector<std::string> needed_;
};

}  // namespace treadle::cpp
