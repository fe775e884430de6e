// Resources that a run configures: defs.resource("db", td::Config<DbConfig>(), make).
#pragma once

#include <treadle/cpp/config.h>
#include <treadle/cpp/resource.h>

#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace treadle::cpp {

// The configuration of a resource, checked and with defaults filled in, as JSON. Throws StepFailure.
Json load_resource_config(const Resource::SetupContext& context, const ConfigType& type);

template <class C, class Make, class... Needed>
struct ConfiguredMake {
  using Result = std::remove_cvref_t<std::invoke_result_t<Make&, const C&, Needed&...>>;
  using Made = typename Pointee<typename Success<Result>::type>::type;
};

template <class T, class C, class Make, class TearDown, class... Needed>
class ConfiguredResource final : public Resource {
 public:
  ConfiguredResource(Make make, TearDown tear_down, std::vector<std::string> needed)
      : make_(std::move(make)), tear_down_(std::move(tear_down)), needed_(std::move(needed)) {}

  std::vector<std::string> required_resources() const override { return needed_; }
  std::shared_ptr<const ConfigType> config_type() const override {
    static const auto type = std::make_shared<const ConfigType>(ConfigTypeOf<C>::type());
    return type;
  }
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
    const C config = config_from<C>(load_resource_config(context, *config_type()),
                                    "resource '" + context.key + "'");
    return make_(config, needed_object<Needed>(context, needed_[I])...);
  }

  Make make_;
  TearDown tear_down_;
  const std::vector<std::string> needed_;
};

}  // namespace treadle::cpp

namespace treadle {

// An object as a resource, in place of the one that is declared: .resources = {{"db", td::given(FakeDatabase())}}.
template <class T>
std::shared_ptr<Resource> given(T object) {
  using Shared = cpp::Pointee<T>;
  auto shared = Shared::share(std::move(object));
  auto make = [shared] { return shared; };
  return std::make_shared<
      cpp::MadeResource<typename Shared::type, decltype(make), cpp::NoTearDown>>(
      std::move(make), cpp::NoTearDown(), std::vector<std::string>());
}

}  // namespace treadle
