#include "graphql_endpoint.h"

#include "types/types.h"

namespace treadle::serve {
namespace {

std::string text_member(const graphql::Value& body, std::string_view name) {
  const graphql::Value* value = body.find(name);
  const auto* text = value ? value->get<std::string>() : nullptr;
  return text ? *text : "";
}

}  // namespace

int status_for(Errc code) {
  switch (code) {
    case Errc::kInvalidArgument:
    case Errc::kUnsupported:
      return 400;
    case Errc::kPermissionDenied:
    case Errc::kReadOnly:
      return 403;
    case Errc::kNotFound:
      return 404;
    case Errc::kAlreadyExists:
      return 409;
    case Errc::kDiskFull:
    case Errc::kBusy:
    case Errc::kIo:
    case Errc::kCancelled:
      return 503;
    case Errc::kCorrupt:
      return 422;
    case Errc::kInternal:
      return 500;
  }
  return 500;
}

GraphqlEndpoint::GraphqlEndpoint(Backend& backend, Gate& gate)
    : backend_(backend), gate_(gate), engine_(make_schema()) {}

http::Response GraphqlEndpoint::answer(http::Request& request) {
  auto admitted = gate_.admit(request);
  if (auto* refused = std::get_if<http::Response>(&admitted)) return std::move(*refused);
  auto body = graphql::value_from_json(request.body);
  if (!body || !body->get<graphql::Value::Object>()) {
    return http::error_response(400, "The body must be a JSON object with a query.");
  }
  Caller caller(backend_, std::get<account::User>(std::move(admitted)));
  caller.peer = request.peer;
  caller.base_url = backend_.base_for(request);
  caller.shares_run = request.header("X-WANDB-CLIENT-ID") != nullptr;
  const std::string query = text_member(*body, "query");
  const std::string name = text_member(*body, "operationName");
  const graphql::Value* given = body->find("variables");
  graphql::RequestText text{query, name, given ? *given : graphql::Value{}};
  caller.operation = name;
  graphql::Answer answer = engine_.run(text, caller);

  http::Response response = http::json_response(200, std::move(answer.json));
  if (!answer.ran) {
    response.status = 400;
  } else if (!answer.errors.empty()) {
    // A query that fails on the server's side may succeed later; one that may not be asked never does.
    // A mutation that did nothing says so by its status, which the SDK does not try again.
    int status = status_for(answer.errors.front().code);
    // The SDK's upsert of a run, and nothing else, tries a 409 again for a quarter of an hour.
    if (status == 409 && query.find("upsertBucket") != std::string::npos) status = 422;
    if (answer.kind == graphql::Operation::Kind::kMutation || status == 503) {
      if (!answer.has_data) response.status = status;
    }
  }
  response.note = caller.user.name + " " + answer.operation;
  return response;
}

}  // namespace treadle::serve
