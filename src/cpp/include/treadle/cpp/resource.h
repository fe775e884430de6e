// Resources made by functions: how what they return becomes an object that steps share.
#pragma once

#include <treadle/cpp/values.h>
#include <treadle/cpp/wiring.h>
#include <treadle/define/io_manager.h>

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

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

template <class Make>
using MadeBy = typename Success<std::remove_cvref_t<std::invoke_result_t<Make&>>>::type;
template <class Make>
using ResourceOf = typename Pointee<MadeBy<Make>>::type;

struct NoTearDown {
  template <class T>
  void operator()(T&) const {}
};

StepFailure no_such_object(const std::string& key);

// The value that steps see is a std::shared_ptr<T>, so that they may change the object.
template <class T, class Make, class TearDown>
class MadeResource final : public Resource {
 public:
  MadeResource(Make make, TearDown tear_down)
      : make_(std::move(make)), tear_down_(std::move(tear_down)) {}

  tl::expected<Value, StepFailure> set_up(const SetupContext& context) override {
    try {
      std::shared_ptr<T> object;
      if constexpr (is_a<std::remove_cvref_t<std::invoke_result_t<Make&>>, tl::expected>) {
        auto made = make_();
        if (!made) return tl::make_unexpected(to_failure(std::move(made).error()));
        object = Pointee<MadeBy<Make>>::share(std::move(*made));
      } else {
        object = Pointee<MadeBy<Make>>::share(make_());
      }
      if (object == nullptr) return tl::make_unexpected(no_such_object(context.key));
      return Value::of(std::move(object));
    } catch (...) {
      return tl::make_unexpected(current_exception_failure());
    }
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
  Make make_;
  TearDown tear_down_;
};

}  // namespace treadle::cpp
