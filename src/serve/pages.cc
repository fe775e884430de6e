#include "pages.h"

#include <treadle/base/clock.h>

namespace treadle::serve {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '&':
        out += "&amp;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

http::Response html(int status, const std::string& title, const std::string& body) {
  http::Response response = http::html_response(
      status,
      "<!doctype html><html lang=en><meta charset=utf-8><title>" + escaped(title) +
          " - Treadle</title><style>body{font:15px/1.5 system-ui,sans-serif;max-width:60em;"
          "margin:2em auto;padding:0 1em}td,th{text-align:left;padding:.15em 1em .15em 0;"
          "vertical-align:top}pre{background:#f4f4f4;padding:1em;overflow:auto}</style><h1>" +
          escaped(title) + "</h1>" + body + "</html>");
  response.with("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
  response.with("X-Content-Type-Options", "nosniff");
  return response;
}

std::string link(const std::string& url, const std::string& text) {
  return "<a href=\"" + escaped(url) + "\">" + escaped(text) + "</a>";
}

std::string row(const std::string& name, const std::string& value) {
  return value.empty() ? "" : "<tr><th>" + escaped(name) + "<td>" + value;
}

// Links name no host: who reads may reach the server by another name than it knows itself by.
std::string base_path(const Backend& b) {
  const auto host = b.base_url.find("://");
  const auto slash = b.base_url.find('/', host == std::string::npos ? 0 : host + 3);
  return slash == std::string::npos ? "" : b.base_url.substr(slash);
}

std::string path_of(const Backend& b, const std::vector<std::string>& parts) {
  std::string out = base_path(b);
  for (const std::string& part : parts) out += "/" + http::percent_encode(part);
  return out;
}

http::Response not_found() {
  return html(404, "Not found", "<p>There is nothing here, or you may not see it.");
}

}  // namespace

http::Route Pages::page(const std::string& pattern, Page make) {
  return {.method = "GET", .pattern = pattern, .handler = [this, make](http::Request& request) {
            auto admitted = gate_.admit(request);
            if (auto* refused = std::get_if<http::Response>(&admitted)) {
              // The browser asks for a name and a password: the key is the password.
              http::Response response =
                  html(401, "An API key is needed",
                       "<p>Give any name and, as the password, an API key. See " +
                           link(base_path(backend_) + "/login", "how to get one") + ".");
              response.delay_ms = refused->delay_ms;
              response.with("WWW-Authenticate", "Basic realm=\"treadle\"");
              return response;
            }
            const Caller caller(backend_, std::get<account::User>(std::move(admitted)));
            return (this->*make)(caller, request);
          }};
}

void Pages::add_routes(const std::function<void(http::Route)>& add) {
  for (const char* pattern : {"/login", "/authorize"}) {
    add({.method = "GET", .pattern = pattern, .handler = [this](http::Request& request) {
           return login(request);
         }});
  }
  add(page("/", &Pages::home));
  add(page("/home", &Pages::home));
  add(page("/settings", &Pages::home));
  add(page("/{entity}/{project}", &Pages::project));
  add(page("/{entity}/{project}/workspace", &Pages::project));
  add(page("/{entity}/{project}/runs", &Pages::project));
  add(page("/{entity}/{project}/runs/{run}", &Pages::run));
  add(page("/{entity}/{project}/runs/{run}/{more...}", &Pages::run));
  add(page("/{entity}/{project}/artifacts/{type}/{collection}", &Pages::artifact));
  add(page("/{entity}/{project}/artifacts/{type}/{collection}/{version}", &Pages::artifact));
  add(page("/{entity}/{project}/artifacts/{type}/{collection}/{version}/{more...}",
           &Pages::artifact));
}

http::Response Pages::login(const http::Request& request) {
  return html(
      200, "Log in",
      "<p>This is a Treadle server. Programs log in with an API key:<pre>wandb login --host " +
          escaped(backend_.base_for(request)) +
          "</pre><p>Ask an administrator of this server for one; who has the machine makes "
          "one with <pre>treadle key new USER</pre>");
}

http::Response Pages::home(const Caller& caller, const http::Request&) {
  std::string body = "<p>You are " + escaped(caller.user.name) + ".<h2>Projects</h2><ul>";
  const auto entities = caller.user.admin ? backend_.accounts.entities()
                                          : backend_.accounts.entities_of(caller.user.id);
  if (!entities) return http::error_response(503, entities.error().message);
  for (const account::Entity& entity : *entities) {
    const auto projects = backend_.accounts.projects(entity.name);
    if (!projects) return http::error_response(503, projects.error().message);
    for (const account::Project& p : *projects) {
      if (!require(caller, account::Role::kViewer, p.entity, p.name)) continue;
      body += "<li>" + link(path_of(backend_, {p.entity, p.name}), p.entity + "/" + p.name);
    }
  }
  return html(200, "Treadle", body + "</ul>");
}

http::Response Pages::project(const Caller& caller, const http::Request& request) {
  const std::string& entity = request.parameter("entity");
  const std::string& name = request.parameter("project");
  if (!require(caller, account::Role::kViewer, entity, name)) return not_found();
  const auto runs = backend_.runs.runs({.entity = entity,
                                        .project = name,
                                        .order = "-created_at",
                                        .limit = 200,
                                        .with_documents = false});
  const auto collections = backend_.catalog.collections({.entity = entity, .project = name});
  if (!runs || !collections) return not_found();
  if (runs->runs.empty() && collections->empty()) {
    const auto known = backend_.accounts.project(entity, name, false);
    if (!known || !*known) return not_found();
  }
  std::string body = "<h2>Runs</h2><table><tr><th>run<th>name<th>state<th>begun";
  for (const tracking::Run& r : runs->runs) {
    body += "<tr><td>" + link(path_of(backend_, {entity, name, "runs", r.id}), r.id) + "<td>" +
            escaped(r.display_name) + "<td>" + std::string(tracking::to_string(r.state)) + "<td>" +
            format_utc(r.created);
  }
  body += "</table><h2>Artifacts</h2><table><tr><th>name<th>type<th>versions<th>size";
  for (const artifact::Collection& c : *collections) {
    body += "<tr><td>" +
            link(path_of(backend_, {entity, name, "artifacts", c.type, c.name}), c.name) + "<td>" +
            escaped(c.type) + "<td>" + std::to_string(c.version_count) + "<td>" +
            format_size(c.size);
  }
  return html(200, entity + "/" + name, body + "</table>");
}

http::Response Pages::run(const Caller& caller, const http::Request& request) {
  const std::string& entity = request.parameter("entity");
  const std::string& name = request.parameter("project");
  if (!require(caller, account::Role::kViewer, entity, name)) return not_found();
  const auto found = backend_.runs.find({entity, name, request.parameter("run")});
  if (!found || !*found) return not_found();
  const tracking::Run& r = **found;
  std::string body =
      "<table>" + row("project", link(path_of(backend_, {entity, name}), entity + "/" + name)) +
      row("id", escaped(r.id)) + row("state", std::string(tracking::to_string(r.state))) +
      row("user", escaped(r.user)) + row("group", escaped(r.group)) +
      row("job type", escaped(r.job_type)) + row("notes", escaped(r.notes)) +
      row("host", escaped(r.host)) + row("begun", format_utc(r.created)) +
      row("last heard of", format_utc(r.heartbeat)) +
      row("lines of history", std::to_string(r.history_lines)) + "</table>";
  body += "<h2>Summary</h2><pre>" + escaped(r.summary) + "</pre><h2>Config</h2><pre>" +
          escaped(r.config) + "</pre>";
  if (r.console_lines > 0) {
    const auto lines =
        backend_.runs.console(r.key, std::max<std::int64_t>(0, r.console_lines - 200), 200);
    body += "<h2>Console</h2><pre>";
    if (lines) {
      for (const std::string& line : *lines) body += escaped(line) + "\n";
    }
    body += "</pre>";
  }
  if (const auto files = backend_.runs.files(r.key); files && !files->empty()) {
    body += "<h2>Files</h2><table>";
    for (const tracking::RunFile& f : *files) {
      const std::string url = backend_.signer.url(
          base_path(backend_), "GET", "run_files/" + std::to_string(r.key) + "/" + f.name);
      body += "<tr><td>" + link(url, f.name) + "<td>" + format_size(f.size);
    }
    body += "</table>";
  }
  return html(200, r.display_name.empty() ? r.id : r.display_name, body);
}

http::Response Pages::artifact(const Caller& caller, const http::Request& request) {
  const std::string& entity = request.parameter("entity");
  const std::string& project = request.parameter("project");
  if (!require(caller, account::Role::kViewer, entity, project)) return not_found();
  const auto found = backend_.catalog.find_member(
      {entity, project, request.parameter("collection"), request.parameter("version")});
  if (!found || !*found) return not_found();
  const artifact::Membership& m = **found;
  std::string aliases;
  for (const std::string& alias : m.aliases) aliases += escaped(alias) + " ";
  std::string body =
      "<table>" + row("type", escaped(m.version.type)) + row("aliases", aliases) +
      row("digest", m.version.digest) + row("size", format_size(m.version.size)) +
      row("made", format_utc(m.version.created)) + row("by run", escaped(m.version.run_id)) +
      row("description", escaped(m.version.description)) + "</table><h2>Metadata</h2><pre>" +
      escaped(m.version.metadata) + "</pre><h2>Files</h2><table>";
  const auto entries = backend_.artifacts.entries(m.version);
  if (!entries) return http::error_response(503, entries.error().message);
  std::size_t shown = 0;
  for (const artifact::Entry& e : *entries) {
    if (++shown > 1000) {
      body += "<tr><td>and " + std::to_string(entries->size() - 1000) + " more";
      break;
    }
    body += "<tr><td>" + escaped(e.path) + "<td>" +
            (e.reference.empty() ? format_size(e.size) : escaped(e.reference));
  }
  return html(200, m.text(), body + "</table>");
}

}  // namespace treadle::serve
