// What people write about their projects: automations (when this happens, do that), the integrations
// these reach the world by, reports and workspaces (views), chart presets. Kept and listed faithfully;
// nothing here acts on them.
//
//   TREADLE_TRY(auto desk, Desk::open(database));
//   TREADLE_TRY(auto kept, desk->add({.name = "promote", .scope = ScopeKind::kProject, .scope_id = 7,
//       .entity_id = 3, .project_id = 7, .event = "LINK_MODEL", .action = "NO_OP"}));
#pragma once

#include <treadle/base/clock.h>
#include <treadle/base/result.h>
#include <treadle/db/database.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace treadle::desk {

// A webhook, or a Slack channel, of a user or a team.
struct Integration {
  enum class Kind : std::uint8_t { kWebhook = 0, kSlack = 1 };
  std::int64_t id = 0;
  std::int64_t entity_id = 0;
  Kind kind = Kind::kWebhook;
  std::string name;       // of a Slack channel: the workspace it is in
  std::string target;     // URL, or channel
  std::string token_ref;  // names of secrets, never the secrets
  std::string secret_ref;
  Micros created = 0;
};

// What an automation watches. Ids are those of rooms account and artifact.
enum class ScopeKind : std::uint8_t { kProject = 0, kCollection = 1, kEntity = 2 };

struct Automation {
  std::int64_t id = 0;
  std::string name;  // unique in its scope
  std::optional<std::string> description;
  bool enabled = true;
  ScopeKind scope = ScopeKind::kProject;
  std::int64_t scope_id = 0;
  std::int64_t entity_id = 0;   // whose the scope is
  std::int64_t project_id = 0;  // where the scope is, or the scope; 0 for an entity
  std::string event;            // "LINK_MODEL", as on W&B's wire
  std::string filter;           // JSON text, kept to the letter
  std::string action;           // "GENERIC_WEBHOOK"
  std::string action_config;    // JSON object text: the action's own input
  std::int64_t creator_id = 0;
  Micros created = 0;
  Micros updated = 0;
};

// A report, its draft, or a saved workspace of a project.
struct View {
  std::int64_t id = 0;
  std::int64_t project_id = 0;
  std::string type;  // "runs", "runs/draft", "project-view"
  std::string name;
  std::string display_name;
  std::string description;
  std::string spec;  // JSON text, kept to the letter
  std::int64_t user_id = 0;
  Micros created = 0;
  Micros updated = 0;
};
struct ViewChanges {
  std::optional<std::string> type;
  std::optional<std::string> name;
  std::optional<std::string> display_name;
  std::optional<std::string> description;
  std::optional<std::string> spec;
};

// A preset of a custom chart, of an entity.
struct Chart {
  std::int64_t id = 0;
  std::int64_t entity_id = 0;
  std::string name;
  std::string display_name;
  std::string type;    // "vega2"
  std::string access;  // "PRIVATE", "PUBLIC"
  std::string spec;
  std::int64_t user_id = 0;
  Micros created = 0;
};

// Thread-safe. Ids are never used twice.
class Desk {
 public:
  static Result<std::unique_ptr<Desk>> open(db::Database& database, Clock& clock = system_clock());

  // kAlreadyExists: the entity has an integration of this name.
  Result<Integration> add(const Integration& integration);
  Result<std::optional<Integration>> find_integration(std::int64_t id);
  Result<std::vector<Integration>> integrations(std::int64_t entity_id);

  // kAlreadyExists: the scope has an automation of this name.
  Result<Automation> add(const Automation& automation);
  Result<Automation> replace(const Automation& automation);  // by its id
  Result<std::optional<Automation>> find_automation(std::int64_t id);
  // By age. Of an entity with all its projects, or of one project.
  Result<std::vector<Automation>> automations_of_entity(std::int64_t entity_id);
  Result<std::vector<Automation>> automations_of_project(std::int64_t project_id);
  Result<void> remove_automation(std::int64_t id);

  Result<View> add(const View& view);
  Result<View> change_view(std::int64_t id, const ViewChanges& changes);
  Result<std::optional<View>> find_view(std::int64_t id);
  // Newest first; type "" = of any.
  Result<std::vector<View>> views(std::int64_t project_id, const std::string& type = {});
  Result<void> remove_view(std::int64_t id);

  // Replaces the chart of that name.
  Result<Chart> put(const Chart& chart);

  // With everything that is in the project.
  Result<void> remove_project(std::int64_t project_id);

 private:
  Desk(db::Database& database, Clock& clock) : database_(database), clock_(clock) {}
  db::Database& database_;
  Clock& clock_;
};

}  // namespace treadle::desk
