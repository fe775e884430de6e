// Private to the room: one operation of a valid document, run and written as JSON.
#pragma once

#include "coerce.h"
#include <treadle/graphql/engine.h>

namespace treadle::graphql {

void execute(const Schema& schema, const Document& document, const Operation& operation,
             const Variables& variables, const Limits& limits, Context& context, Answer& answer);

// {"message":...} of an error that has no place in the data.
std::string errors_json(const std::vector<Error>& errors);

}  // namespace treadle::graphql
