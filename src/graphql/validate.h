// Private to the room: whether a document can be run against a schema, whatever its variables are.
#pragma once

#include <treadle/graphql/engine.h>

namespace treadle::graphql {

// What is wrong with it; empty when nothing is.
std::vector<Error> validate(const Schema& schema, const Document& document, const Limits& limits);

}  // namespace treadle::graphql
