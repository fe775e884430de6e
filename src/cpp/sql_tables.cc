#include "encoded_in_memory.h"
#include "sql_text.h"
#include <treadle/base/digest.h>
#include <treadle/base/json.h>
#include <treadle/cpp/json.h>
#include <treadle/cpp/sql_tables.h>
#include <treadle/cpp/tables.h>
#include <treadle/db/database.h>
#include <treadle/define/definitions.h>
#include <treadle/define/partition_set.h>

#include <cmath>
#include <mutex>
#include <optional>
#include <unistd.h>
#include <utility>
#include <vector>

namespace treadle {
namespace {

using sql::Table;

const std::string* text_in(const Metadata& metadata, std::string_view name) {
  const MetadataValue* value = find_metadata(metadata, name);
  return value == nullptr ? nullptr : std::get_if<std::string>(&value->data());
}

// What is said of an asset's table, first by what makes it, then by who reads it.
const std::string* said_of(const std::vector<const Metadata*>& all, std::string_view name) {
  for (const Metadata* metadata : all) {
    if (const std::string* text = text_in(*metadata, name)) return text;
  }
  return nullptr;
}

MetadataValue schema_of(const std::vector<RowColumn>& columns) {
  TableSchema schema;
  for (const RowColumn& column : columns) {
    schema.columns.push_back({.name = column.name,
                              .type = std::string(sql::type_of(column.kind)),
                              .nullable = column.nullable});
  }
  return schema;
}

class SqlTables final : public IOManager {
 public:
  explicit SqlTables(SqlTablesOptions options)
      : options_(std::move(options)), postgres_(db::is_postgres_url(options_.url)) {}

  StepOutcome handle_output(OutputContext& context, const Value& value) override {
    if (auto done = store(context, value); !done) return failed(context.output.asset.key, done);
    return {};
  }

  tl::expected<Value, StepFailure> load_input(InputContext& context) override {
    auto value = load(context);
    if (!value) return failed(context.asset, value);
    return std::move(*value);
  }

 private:
  template <class T>
  static tl::unexpected<StepFailure> failed(const AssetKey& asset, const Result<T>& result) {
    StepFailure failure;
    failure.error_class = "SqlTables";
    failure.message = "'" + asset.text() + "': " + result.error().message;
    return tl::unexpected<StepFailure>(std::move(failure));
  }

  // One connection for each process: that of a parent is not used after a fork.
  Result<db::Database*> database() {
    const std::scoped_lock lock(mutex_);
    if (database_ && opened_by_ != ::getpid()) static_cast<void>(database_.release());
    if (!database_) {
      TREADLE_TRY(database_, postgres_ ? db::open_postgres(options_.url)
                                       : db::open_sqlite(sql::path_of(options_.url)));
      opened_by_ = ::getpid();
    }
    return database_.get();
  }

  Result<Table> table_of(const AssetKey& asset, const std::vector<const Metadata*>& said,
                         const Codec* codec, const PartitionSlice* partitions) const {
    if (asset.empty()) {
      return fail(
          Errc::kInvalidArgument,
          "it is the output of an op, which has no name that a table could have: use another "
          "IO manager for it.");
    }
    Table table{.postgres = postgres_};
    if (codec != nullptr) table.columns = codec->columns();
    if (table.columns.empty()) {
      return fail(Errc::kUnsupported,
                  "a table keeps a std::vector of a struct with TREADLE_FIELDS, or a "
                  "td::ByPartition of it; its type is another.");
    }
    const std::vector<std::string>& parts = asset.parts();
    const bool schemas = postgres_ && options_.by_schema;
    if (postgres_) table.schema = options_.schema;
    if (schemas && parts.size() > 1) table.schema = parts[parts.size() - 2];
    if (const std::string* name = said_of(said, "schema"); name && postgres_) table.schema = *name;
    for (const std::string& part : parts) table.name += (table.name.empty() ? "" : "__") + part;
    if (schemas) table.name = parts.back();
    if (const std::string* name = said_of(said, "table")) table.name = *name;
    if (partitions == nullptr) return table;
    TREADLE_CHECK(table.add_partition_columns(said_of(said, "partition_expr"),
                                              *partitions->set.definition()));
    return table;
  }

  Result<void> store(OutputContext& context, const Value& value) {
    const Codec* codec = context.output.codec.get();
    TREADLE_TRY(const Table table,
                table_of(context.output.asset.key,
                         {&context.output_metadata, &context.output.asset.metadata}, codec,
                         context.partitions));
    std::vector<std::string> keys;
    std::vector<Value> values{value};
    if (context.partitions != nullptr) keys = context.partitions->keys();
    if (keys.size() > 1) {
      TREADLE_TRY(values, codec->split(value, keys));
    }
    std::vector<std::string> versions;
    std::int64_t count = 0;
    TREADLE_TRY(db::Database* const database, this->database());
    TREADLE_CHECK(database->write([&](db::Session& session) -> Result<void> {
      versions.clear();
      count = 0;
      TREADLE_CHECK(table.prepare(session, keys.empty()));
      for (std::size_t i = 0; i < values.size(); ++i) {
        const std::string key = keys.empty() ? std::string() : keys[i];
        if (!keys.empty()) TREADLE_CHECK(table.remove(session, key));
        TREADLE_TRY(const Encoded encoded, codec->encode(values[i]));
        TREADLE_TRY(const Json rows, Json::parse(encoded.bytes));
        TREADLE_CHECK(table.insert(session, rows, key));
        count += static_cast<std::int64_t>(rows.size());
        versions.push_back(to_hex(sha256(encoded.bytes)));
      }
      return {};
    }));
    if (versions.size() == 1) context.data_version = versions.front();
    for (std::size_t i = 0; i < keys.size(); ++i)
      context.stored.push_back({.key = keys[i], .data_version = versions[i], .artifact = {}});
    set_metadata(context.metadata, "dagster/table_name", MetadataValue(table.full_name()));
    set_metadata(context.metadata, "dagster/row_count", MetadataValue(count));
    set_metadata(context.metadata, "dagster/column_schema", schema_of(table.columns));
    return {};
  }

  Result<Value> load(InputContext& context) {
    const Codec* codec = context.input.codec.get();
    std::vector<const Metadata*> said;
    if (context.upstream_output != nullptr)
      said.push_back(&context.upstream_output->asset.metadata);
    said.push_back(&context.input.metadata);
    TREADLE_TRY(const Table table, table_of(context.asset, said, codec, context.partitions));
    const std::vector<std::string> keys =
        context.partitions == nullptr ? std::vector<std::string>() : context.partitions->keys();
    std::vector<EncodedInMemory> read;
    TREADLE_TRY(db::Database* const database, this->database());
    TREADLE_CHECK(database->read([&](db::Session& session) -> Result<void> {
      read.clear();
      TREADLE_CHECK(table.check_is_there(session));
      for (std::size_t i = 0; i == 0 || i < keys.size(); ++i) {
        Encoded encoded{.format = "json", .file_name = "output.json"};
        TREADLE_TRY(encoded.bytes,
                    table.select(session, keys.empty() ? std::nullopt : std::optional(keys[i])));
        read.emplace_back(std::move(encoded));
      }
      return {};
    }));
    if (keys.size() <= 1) return codec->decode(read.front());
    std::vector<std::pair<std::string, Stored*>> all;
    for (std::size_t i = 0; i < keys.size(); ++i) all.emplace_back(keys[i], &read[i]);
    return codec->decode_all(all);
  }

  const SqlTablesOptions options_;
  const bool postgres_;
  std::mutex mutex_;
  std::unique_ptr<db::Database> database_;
  pid_t opened_by_ = 0;
};

}  // namespace

std::shared_ptr<IOManager> sql_tables(SqlTablesOptions options) {
  return std::make_shared<SqlTables>(std::move(options));
}

}  // namespace treadle
