#include "resource_set.h"

#include "step_events.h"

#include <algorithm>
#include <exception>

namespace treadle::execute {
namespace {

const std::string kDefaultIOManager = "io_manager";

void add_sorted(std::vector<std::string>& keys, const std::string& key) {
  const auto at = std::lower_bound(keys.begin(), keys.end(), key);
  if (at == keys.end() || *at != key) keys.insert(at, key);
}

bool contains(const std::vector<std::string>& keys, const std::string& key) {
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

}  // namespace

const std::string& input_io_manager_key(const plan::Plan& plan, const InputDef& input,
                                        const plan::PlannedInput& planned) {
  if (!input.io_manager_key.empty()) return input.io_manager_key;
  for (const plan::StepOutput& output : planned.outputs) {
    if (output.step == plan::kNoStep) continue;
    return plan.steps[output.step].def->outputs[output.output].io_manager_key;
  }
  if (planned.node == plan::kNoNode) return kDefaultIOManager;
  const plan::Node& node = plan.graph->node(planned.node);
  if (node.step != nullptr) return node.step->outputs[node.output].io_manager_key;
  if (node.source != nullptr) return node.source->io_manager_key;
  return kDefaultIOManager;
}

ResourceSet::ResourceSet(const plan::Plan& plan, std::span<const std::uint32_t> steps,
                         std::string step_key)
    : definitions_(plan.graph->definitions()), step_key_(std::move(step_key)) {
  // Steps repeat the same few keys: look at each only once.
  const std::string* last = nullptr;
  const auto use_io_manager = [&](const std::string& key) {
    if (last != nullptr && *last == key) return;
    last = &key;
    add_sorted(io_managers_, key);
  };
  for (const std::uint32_t index : steps) {
    const plan::PlannedStep& step = plan.steps[index];
    for (const std::uint32_t output : step.outputs) {
      const OutputDef& def = step.def->outputs[output];
      if (def.stores_value) use_io_manager(def.io_manager_key);
    }
    for (std::size_t i = 0; i < step.inputs.size(); ++i) {
      const InputDef& input = step.def->inputs[i];
      // A value that nothing is wired to may still come through an input manager of its own.
      if (!input.loads_value || (step.inputs[i].from == plan::PlannedInput::From::kValue &&
                                 input.io_manager_key.empty())) {
        continue;
      }
      use_io_manager(input_io_manager_key(plan, input, step.inputs[i]));
    }
    for (const std::string& key : step.def->required_resources) require(key);
    for (const HookDef& hook : step.def->hooks) {
      for (const std::string& key : hook.required_resources) require(key);
    }
  }
  for (const std::string& key : io_managers_) {
    const auto at = definitions_.io_managers.find(key);
    if (at == definitions_.io_managers.end() || !at->second) continue;
    for (const std::string& required : at->second->required_resources()) require(required);
  }
}

ResourceSet::~ResourceSet() {
  tear_down({});
}

void ResourceSet::require(const std::string& key) {
  if (contains(order_, key) || contains(visiting_, key)) return;
  visiting_.push_back(key);
  const auto at = definitions_.resources.find(key);
  if (at != definitions_.resources.end() && at->second) {
    for (const std::string& required : at->second->required_resources()) require(required);
  }
  visiting_.pop_back();
  order_.push_back(key);
}

StepOutcome ResourceSet::set_up(const std::string& run_id, const std::string& run_config,
                                const EventSink& sink) {
  std::vector<std::string> keys = io_managers_;
  for (const std::string& key : order_) add_sorted(keys, key);
  if (keys.empty()) return {};
  const auto emit = [&](Event event) {
    event.step_key = step_key_;
    sink(std::move(event));
  };
  emit(resources_starting(keys));
  for (const std::string& key : order_) {
    if (StepOutcome outcome = set_up_one(key, run_id, run_config); !outcome) {
      emit(resources_failed(keys, outcome.error()));
      tear_down(sink);
      return outcome;
    }
  }
  emit(resources_ready(keys));
  return {};
}

StepOutcome ResourceSet::set_up_one(const std::string& key, const std::string& run_id,
                                    const std::string& run_config) {
  StepFailure failure;
  const auto at = definitions_.resources.find(key);
  if (at == definitions_.resources.end() || !at->second) {
    failure.message = "There is no resource '" + key + "'. Add it to the definitions.";
    return tl::make_unexpected(std::move(failure));
  }
  Resource::SetupContext context{
      .run_id = run_id, .key = key, .required = {}, .run_config = run_config};
  for (const std::string& required : at->second->required_resources()) {
    context.required.emplace_back(required, get(required));
  }
  try {
    auto value = at->second->set_up(context);
    if (!value) return tl::make_unexpected(std::move(value).error());
    up_.emplace_back(key, std::move(*value));
    return {};
  } catch (const std::exception& e) {
    failure.message = e.what();
  } catch (...) {
    failure.message = "The set-up of resource '" + key + "' threw something that is no exception.";
  }
  failure.error_class = kUncaughtException;
  return tl::make_unexpected(std::move(failure));
}

void ResourceSet::tear_down(const EventSink& sink) {
  while (!up_.empty()) {
    const auto [key, value] = std::move(up_.back());
    up_.pop_back();
    StepOutcome outcome;
    try {
      outcome = definitions_.resources.at(key)->tear_down(value);
    } catch (const std::exception& e) {
      StepFailure failure;
      failure.message = e.what();
      failure.error_class = kUncaughtException;
      outcome = tl::make_unexpected(std::move(failure));
    }
    if (!outcome && sink) {
      Event event = teardown_failed(key, outcome.error());
      event.step_key = step_key_;
      sink(std::move(event));
    }
  }
}

Value ResourceSet::get(const std::string& key) const {
  for (const auto& [name, value] : up_) {
    if (name == key) return value;
  }
  return {};
}

}  // namespace treadle::execute
