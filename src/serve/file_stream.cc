#include "file_stream.h"

#include "file_stream_body.h"
#include "storage.h"

namespace treadle::serve {
namespace {

constexpr std::size_t kLongestName = 256;

}  // namespace

http::Response FileStream::answer(http::Request& request) {
  auto admitted = gate_.admit(request);
  if (auto* refused = std::get_if<http::Response>(&admitted)) return std::move(*refused);
  const Caller caller(backend_, std::get<account::User>(std::move(admitted)));
  const tracking::RunRef ref{request.parameter("entity"), request.parameter("project"),
                             request.parameter("run")};
  if (auto ok = require(caller, account::Role::kMember, ref.entity, ref.project); !ok) {
    return error_answer(ok.error());
  }
  const auto run = backend_.runs.find(ref);
  if (!run) return error_answer(run.error());
  // The client gives the run up then, which is right: it was deleted.
  if (!*run) return http::error_response(404, "There is no run '" + ref.id + "'.");

  auto body = StreamBody::parse(request.body);
  if (!body) return error_answer(body.error());
  tracking::StreamUpdate update = body->update();
  const std::string* derive = request.header("X-WANDB-SERVER-SIDE-DERIVED-SUMMARY");
  update.derive_summary = derive != nullptr && *derive == "true";
  // Several programs write to this run, each under a name it made up.
  const std::string* many = request.header("X-WANDB-USE-ASYNC-FILESTREAM");
  const std::string* writer = request.header("X-WANDB-ASYNC-CLIENT-ID");
  if (many != nullptr && *many == "true" && writer != nullptr) {
    if (writer->size() > kLongestName)
      return http::error_response(400, "This client's id is too long.");
    update.writer = *writer;
  }
  // What ends a run is on the disk before it is acknowledged.
  const auto reply =
      backend_.runs.stream((*run)->key, update, update.complete ? db::Sync::kYes : db::Sync::kNo);
  if (!reply) return error_answer(reply.error());
  http::Response response = http::json_response(
      200, reply->stop_requested ? R"({"stopped":true,"exitcode":null,"limits":{}})"
                                 : R"({"exitcode":null,"limits":{}})");
  response.note = caller.user.name;
  return response;
}

}  // namespace treadle::serve
