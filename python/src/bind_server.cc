// treadle._core.Server: which server, and as whom. What it keeps is read through Tracking and Artifacts.
#include "bindings.h"
#include "convert.h"
#include "server.h"
#include <treadle/client/runs.h>

namespace treadle::python {
namespace {

// `patience`: seconds that a query may take while the server is away.
void open_server(PythonServer* self, nb::handle base_url, nb::handle api_key, double patience) {
  client::Address given;
  given.base_url = text_of(base_url);
  given.api_key = text_of(api_key);
  client::ConnectionOptions options;
  options.user_agent = "treadle/" TREADLE_VERSION;
  options.patience = std::chrono::milliseconds(static_cast<std::int64_t>(patience * 1000));
  options.address = value_or_raise(client::find_address(given));
  new (self) PythonServer{value_or_raise(client::Connection::open(options))};
}

// ("entity/project/id", host) of what lies in a folder of an unsent run.
nb::tuple sent_tuple(const client::SentRun& sent) {
  return nb::make_tuple(to_text(sent.run), to_text(sent.host));
}

}  // namespace

void bind_server(nb::module_& module) {
  nb::class_<PythonServer>(module, "Server")
      .def("__init__", open_server)
      .def_prop_ro("url", [](PythonServer& s) { return to_text(s.connection->address().base_url); })
      // Those that names without one mean; "" = the server decides.
      .def_prop_ro("entity",
                   [](PythonServer& s) { return to_text(s.connection->address().entity); })
      .def_prop_ro("project",
                   [](PythonServer& s) { return to_text(s.connection->address().project); })
      .def("default_entity",
           [](PythonServer& s) {
             return to_text(
                 value_or_raise(without_lock([&] { return s.connection->default_entity(); })));
           })
      .def("send_kept", [](PythonServer& s, nb::handle folder) {
        const std::string path = text_of(folder);
        return sent_tuple(
            value_or_raise(without_lock([&] { return client::send_kept(*s.connection, path); })));
      });
  module.def("kept_run", [](nb::handle folder) {
    return sent_tuple(value_or_raise(client::kept_run(text_of(folder))));
  });
}

}  // namespace treadle::python
