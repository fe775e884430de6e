#include "execute.h"
#include "validate.h"

#include <list>
#include <mutex>
#include <unordered_map>

namespace treadle::graphql {
namespace {

// A document that was looked at before; what is wrong with it, if anything.
struct Known {
  std::string text;
  Document document;
  std::vector<Error> errors;
};

const Operation* choose(const Document& document, std::string_view name) {
  if (name.empty() && document.operations.size() == 1) return &document.operations.front();
  for (const Operation& operation : document.operations) {
    if (operation.name == name) return &operation;
  }
  return nullptr;
}

}  // namespace

struct Engine::Impl {
  Schema schema;
  Limits limits;
  std::mutex mutex;
  // Most recently used first. The map's keys are views of the texts in the list.
  std::list<std::shared_ptr<const Known>> recent;
  std::unordered_map<std::string_view, std::list<std::shared_ptr<const Known>>::iterator> by_text;

  std::shared_ptr<const Known> look_up(std::string_view text) {
    {
      const std::lock_guard lock(mutex);
      if (const auto found = by_text.find(text); found != by_text.end()) {
        recent.splice(recent.begin(), recent, found->second);
        return *found->second;
      }
    }
    auto known = std::make_shared<Known>();
    known->text = std::string(text.substr(0, limits.parse.bytes + 1));
    if (auto document = parse(known->text, limits.parse)) {
      known->document = *std::move(document);
      known->errors = validate(schema, known->document, limits);
    } else {
      known->errors.push_back(std::move(document).error());
    }
    // What is wrong, or long, is asked for once.
    if (!known->errors.empty() || text.size() > (64 << 10)) return known;
    const std::lock_guard lock(mutex);
    if (by_text.contains(text)) return known;
    recent.push_front(known);
    by_text.emplace(known->text, recent.begin());
    if (recent.size() > limits.cached_documents) {
      by_text.erase(recent.back()->text);
      recent.pop_back();
    }
    return known;
  }
};

Engine::Engine(Schema schema, const Limits& limits) : impl_(std::make_unique<Impl>()) {
  schema.check();
  impl_->schema = std::move(schema);
  impl_->limits = limits;
}

Engine::~Engine() = default;

const Schema& Engine::schema() const {
  return impl_->schema;
}

Answer Engine::run(const RequestText& request, Context& context) {
  Answer answer;
  const auto refuse = [&](std::vector<Error> errors) {
    answer.json = errors_json(errors);
    answer.errors = std::move(errors);
    return std::move(answer);
  };
  const std::shared_ptr<const Known> known = impl_->look_up(request.query);
  if (!known->errors.empty()) return refuse(known->errors);
  const Operation* operation = choose(known->document, request.operation_name);
  if (operation == nullptr) {
    return refuse(
        {{Errc::kInvalidArgument,
          request.operation_name.empty()
              ? "Must provide operation name if query contains multiple operations."
              : "Unknown operation named \"" + std::string(request.operation_name) + "\"."}});
  }
  answer.kind = operation->kind;
  answer.operation = operation->name.empty() ? operation->selections.front().name : operation->name;
  auto variables = coerce_variables(impl_->schema, *operation, request.variables);
  if (!variables) return refuse({variables.error()});
  execute(impl_->schema, known->document, *operation, *variables, impl_->limits, context, answer);
  return answer;
}

}  // namespace treadle::graphql
