#include "validate.h"

#include "coerce.h"
#include <treadle/base/suggest.h>

#include <algorithm>
#include <map>
#include <set>

namespace treadle::graphql {
namespace {

constexpr std::size_t kMostErrors = 20;

class Validator {
 public:
  Validator(const Schema& schema, const Document& document, const Limits& limits)
      : schema_(schema), document_(document), limits_(limits) {}

  std::vector<Error> run() {
    std::set<std::string> names;
    for (const Fragment& fragment : document_.fragments) {
      if (!names.insert(fragment.name).second) {
        report("There can be only one fragment named \"" + fragment.name + "\".");
      }
      const TypeDefinition* type = schema_.find(fragment.on);
      if (type == nullptr) {
        report("Unknown type \"" + fragment.on + "\".");
      } else if (!type->is_composite()) {
        report("Fragment \"" + fragment.name + "\" cannot condition on non composite type \"" +
               fragment.on + "\".");
      }
    }
    find_cycles();
    names.clear();
    if (document_.operations.empty()) report("The document has no operation.");
    for (const Operation& operation : document_.operations) {
      if (!names.insert(operation.name).second) {
        report("There can be only one operation named \"" + operation.name + "\".");
      }
    }
    if (!errors_.empty()) return std::move(errors_);
    for (const Operation& operation : document_.operations) check_operation(operation);
    return std::move(errors_);
  }

 private:
  void report(std::string message) {
    if (errors_.size() < kMostErrors)
      errors_.push_back({Errc::kInvalidArgument, std::move(message)});
  }

  // What each fragment leads to, without following any twice: linear, whatever the document is.
  void find_cycles() {
    enum class State { kNew, kOpen, kDone };
    std::map<std::string, State> states;
    const auto visit = [&](auto&& self, const Fragment& fragment, int depth) -> void {
      State& state = states[fragment.name];
      if (state == State::kOpen) {
        report("Cannot spread fragment \"" + fragment.name + "\" within itself.");
        return;
      }
      if (state == State::kDone || depth > 1000) return;
      state = State::kOpen;
      const auto walk = [&](auto&& walk_self, const std::vector<Selection>& selections) -> void {
        for (const Selection& selection : selections) {
          if (selection.kind == Selection::Kind::kSpread) {
            if (const Fragment* next = document_.find_fragment(selection.name)) {
              self(self, *next, depth + 1);
            } else {
              report("Unknown fragment \"" + selection.name + "\".");
            }
          }
          walk_self(walk_self, selection.selections);
        }
      };
      walk(walk, fragment.selections);
      states[fragment.name] = State::kDone;
    };
    for (const Fragment& fragment : document_.fragments) visit(visit, fragment, 0);
  }

  void check_operation(const Operation& operation) {
    if (operation.kind == Operation::Kind::kSubscription) {
      report("Subscriptions are not offered.");
      return;
    }
    variables_.clear();
    for (const VariableDefinition& variable : operation.variables) {
      if (!variables_.insert(variable.name).second) {
        report("There can be only one variable named \"$" + variable.name + "\".");
      }
      const TypeDefinition* type = schema_.find(variable.type.innermost());
      if (type == nullptr) {
        report("Unknown type \"" + variable.type.innermost() + "\".");
      } else if (type->is_composite()) {
        report("Variable \"$" + variable.name + "\" cannot be of non-input type \"" +
               variable.type.text() + "\".");
      }
    }
    fields_ = 0;
    const TypeDefinition* root =
        schema_.find(operation.kind == Operation::Kind::kMutation ? "Mutation" : "Query");
    if (root == nullptr) {
      report("Mutations are not offered.");
      return;
    }
    check_selections(operation.selections, *root, 1);
  }

  void check_selections(const std::vector<Selection>& selections, const TypeDefinition& type,
                        int depth) {
    if (depth > limits_.depth) {
      report("The query is nested more than " + std::to_string(limits_.depth) + " deep.");
      return;
    }
    std::map<std::string_view, const Selection*> keys;
    for (const Selection& selection : selections) {
      if (errors_.size() >= kMostErrors) return;
      if (++fields_ > limits_.fields) {
        report("The query asks for more than " + std::to_string(limits_.fields) + " fields.");
        fields_ = 0;
        errors_.resize(kMostErrors, errors_.back());
        return;
      }
      check_directives(selection);
      if (selection.kind == Selection::Kind::kField) {
        check_field(selection, type, depth);
        const auto [at, fresh] = keys.emplace(selection.key, &selection);
        if (!fresh &&
            (at->second->name != selection.name || at->second->arguments != selection.arguments)) {
          report("Fields \"" + selection.key +
                 "\" conflict: they ask for different things. Use different aliases.");
        }
        continue;
      }
      const Fragment* fragment = selection.kind == Selection::Kind::kSpread
                                     ? document_.find_fragment(selection.name)
                                     : nullptr;
      if (selection.kind == Selection::Kind::kSpread && fragment == nullptr) {
        report("Unknown fragment \"" + selection.name + "\".");
        continue;
      }
      const std::string& on = fragment ? fragment->on : selection.name;
      const TypeDefinition* inner = on.empty() ? &type : schema_.find(on);
      if (inner == nullptr || !inner->is_composite()) {
        report("Unknown type \"" + on + "\".");
        continue;
      }
      if (!may_be(type, *inner)) {
        report("Fragment on \"" + on + "\" can never be a \"" + type.name + "\".");
        continue;
      }
      check_selections(fragment ? fragment->selections : selection.selections, *inner, depth + 1);
    }
  }

  bool may_be(const TypeDefinition& a, const TypeDefinition& b) const {
    if (a.kind != TypeDefinition::Kind::kObject || b.kind != TypeDefinition::Kind::kObject) {
      if (a.kind == TypeDefinition::Kind::kObject) return schema_.is_a(a.name, b.name);
      if (b.kind == TypeDefinition::Kind::kObject) return schema_.is_a(b.name, a.name);
      return true;
    }
    return a.name == b.name;
  }

  void check_field(const Selection& selection, const TypeDefinition& type, int depth) {
    if (selection.name == "__typename") return;
    const auto found = type.fields.find(selection.name);
    if (found == type.fields.end()) {
      std::vector<std::string> names;
      for (const auto& [name, field] : type.fields) names.push_back(name);
      std::sort(names.begin(), names.end());
      report("Cannot query field \"" + selection.name + "\" on type \"" + type.name + "\"." +
             did_you_mean(selection.name, names));
      return;
    }
    const FieldDefinition& field = found->second;
    const std::string where = "field \"" + type.name + "." + field.name + "\"";
    check_variables(Value{selection.arguments});
    if (const auto ok =
            coerce_members(schema_, field.arguments, selection.arguments, where, nullptr);
        !ok) {
      report(ok.error().message);
    }
    const TypeDefinition* result = schema_.find(field.type.innermost());
    if (result->is_leaf() != selection.selections.empty()) {
      report(result->is_leaf()
                 ? "Field \"" + field.name + "\" must not have a selection since type \"" +
                       field.type.text() + "\" has no subfields."
                 : "Field \"" + field.name + "\" of type \"" + field.type.text() +
                       "\" must have a selection of subfields.");
      return;
    }
    if (!result->is_leaf()) check_selections(selection.selections, *result, depth + 1);
  }

  void check_variables(const Value& value) {
    if (const auto* variable = value.get<Value::Variable>()) {
      if (!variables_.contains(variable->name)) {
        report("Variable \"$" + variable->name + "\" is not defined.");
      }
    } else if (const auto* list = value.get<Value::List>()) {
      for (const Value& item : *list) check_variables(item);
    } else if (const auto* object = value.get<Value::Object>()) {
      for (const auto& [name, item] : *object) check_variables(item);
    }
  }

  void check_directives(const Selection& selection) {
    for (const Directive& directive : selection.directives) {
      if (directive.name != "include" && directive.name != "skip") {
        report("Unknown directive \"@" + directive.name + "\".");
        continue;
      }
      check_variables(Value{directive.arguments});
      if (directive.arguments.size() != 1 || directive.arguments[0].first != "if" ||
          (!directive.arguments[0].second.get<bool>() &&
           !directive.arguments[0].second.get<Value::Variable>())) {
        report("Directive \"@" + directive.name +
               "\" takes one argument, \"if\", of type \"Boolean!\".");
      }
    }
  }

  const Schema& schema_;
  const Document& document_;
  const Limits& limits_;
  std::vector<Error> errors_;
  std::set<std::string, std::less<>> variables_;
  std::size_t fields_ = 0;
};

}  // namespace

std::vector<Error> validate(const Schema& schema, const Document& document, const Limits& limits) {
  return Validator(schema, document, limits).run();
}

}  // namespace treadle::graphql
