#include <treadle/model/event.h>

#include <gtest/gtest.h>

#include <cmath>

namespace treadle {
namespace {

TEST(Event, IsTheSameAfterAWayThroughJson) {
  Event event;
  event.id = 7;
  event.run_id = "r";
  event.type = EventType::kStepFailure;
  event.level = LogLevel::kError;
  event.time = 1'234'567;
  event.step_key = "a";
  event.asset_key = "raw/\"a\"";
  event.message = "line\nbreak 한글";
  event.payload = R"({"error":{"message":"x","list":[1,2.5,null,true,{}]}})";
  EXPECT_EQ(event_from_json(event_to_json(event)).value(), event);
}

TEST(Event, EveryTypeHasANameThatReadsBack) {
  for (int i = 0; i <= static_cast<int>(EventType::kHookSkipped); ++i) {
    const auto type = static_cast<EventType>(i);
    EXPECT_EQ(event_type_from(to_string(type)), type);
  }
  EXPECT_EQ(event_type_from("NOPE"), std::nullopt);
}

TEST(Event, ReadingGarbageIsAnErrorAndNotACrash) {
  for (const char* bad : {"", "{", "[]", "{}", R"({"type":5})", R"({"type":"NOPE"})", "nul"}) {
    EXPECT_EQ(event_from_json(bad).error().code, Errc::kCorrupt) << bad;
  }
}

TEST(Metadata, KeepsOrderKindsAndValues) {
  Metadata metadata = {{"z", 1},
                       {"a", 0.5},
                       {"md", MetadataValue::md("| a |")},
                       {"json", MetadataValue::json(R"({"k":[1,2]})")},
                       {"none", {}},
                       {"ok", true},
                       {"when", MetadataValue::timestamp(1.5)},
                       {"asset", MetadataValue::asset("raw/iris")}};
  EXPECT_EQ(metadata_from_json(metadata_to_json(metadata)).value(), metadata);
  EXPECT_EQ(metadata_to_json({{"a", 0.5}}), R"({"a":{"type":"float","raw_value":0.5}})");
  set_metadata(metadata, "z", "new");
  EXPECT_EQ(metadata.front().second.display(), "new");
  EXPECT_EQ(find_metadata(metadata, "nope"), nullptr);
}

TEST(Metadata, NotANumberSurvives) {
  const auto back = metadata_from_json(metadata_to_json({{"loss", std::nan("")}})).value();
  EXPECT_TRUE(std::isnan(std::get<double>(back.at(0).second.data())));
}

TEST(Provenance, IsTheSameAfterAWayThroughJson) {
  const Provenance provenance{
      "code", "data", {{AssetKey("a/b"), "1"}, {AssetKey("c"), ""}}, "local/default/x:v3"};
  EXPECT_EQ(provenance_from_json(provenance_to_json(provenance)).value(), provenance);
  EXPECT_EQ(provenance_from_json("").value(), Provenance{});
  Event event;
  event.payload = R"({"metadata":{},"provenance":)" + provenance_to_json(provenance) + "}";
  EXPECT_EQ(provenance_of(event).value(), provenance);
}

}  // namespace
}  // namespace treadle
