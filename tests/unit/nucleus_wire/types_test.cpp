#include <nlohmann/json.hpp>
#include <nucleus/types.hpp>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace omnibroker::nucleus {
namespace {

using Json = nlohmann::json;

TEST(Names, AreTheProtocols) {
  EXPECT_EQ(name(Status::Ok), "OK");
  EXPECT_EQ(name(Status::ResourceBusy), "RESOURCE_BUSY");
  EXPECT_EQ(name(Status::MountExistsUnderPath), "MOUNT_EXISTS_UNDER_PATH");
  EXPECT_EQ(name(Status::SlowDown), "SLOW_DOWN");
  EXPECT_EQ(name(AuthStatus::ReadOnly), "READONLY");
  EXPECT_EQ(name(AuthStatus::Pending), "PENDING");
  EXPECT_EQ(name(PathType::OmniObject), "omniobject");
  EXPECT_EQ(name(PathEvent::CheckpointsChanged), "checkpoints_changed");
}

TEST(Names, AreReadBack) {
  for (int i = 0; i <= static_cast<int>(Status::SlowDown); ++i) {
    EXPECT_EQ(status_of(name(static_cast<Status>(i))), static_cast<Status>(i));
  }
  for (int i = 0; i <= static_cast<int>(AuthStatus::Pending); ++i) {
    EXPECT_EQ(auth_status_of(name(static_cast<AuthStatus>(i))), static_cast<AuthStatus>(i));
  }
  for (int i = 0; i <= static_cast<int>(PathEvent::CheckpointsChanged); ++i) {
    EXPECT_EQ(path_event_of(name(static_cast<PathEvent>(i))), static_cast<PathEvent>(i));
  }
  EXPECT_EQ(status_of("NEW_STATUS"), Status::UnknownStatus);
  EXPECT_EQ(auth_status_of("NEW_STATUS"), AuthStatus::UnknownError);
  EXPECT_EQ(path_event_of("new_event"), std::nullopt);
}

TEST(PathTypes, HaveTheProtocolsCodes) {
  EXPECT_EQ(path_type_of(std::uint64_t{3}), PathType::Channel);
  EXPECT_EQ(path_type_of(std::uint64_t{4}), PathType::OmniObject);
  EXPECT_EQ(path_type_of(std::uint64_t{5}), PathType::Mount);
  EXPECT_EQ(path_type_of(std::uint64_t{6}), std::nullopt);
  EXPECT_EQ(path_type_of("channel"), PathType::Channel);
  EXPECT_EQ(path_type_of("Channel"), std::nullopt);
}

Entry whole_entry() {
  Entry entry;
  entry.path = "/Projects/robot.usd";
  entry.type = PathType::Asset;
  entry.etag = 18'446'744'073'709'551'615u;
  entry.transaction_id = 77;
  entry.access = kRead | kAdmin;
  entry.created = 1700000000.5;
  entry.modified = 1700000001;
  entry.size = 5'000'000'000u;
  entry.created_by = "ann";
  entry.modified_by = "bob";
  entry.hash = std::string(64, 'a');
  entry.checkpointed = true;
  entry.checkpoint_count = 3;
  entry.lock = EntryLock{"ann", "ABCDEFGHIJKLMNOP", 1700000002, 30.0, 12};
  return entry;
}

TEST(Entries, AreWrittenWithTheProtocolsFields) {
  const auto json = to_json(whole_entry());

  EXPECT_EQ(json, Json::parse(R"({
    "acl": ["read", "admin"], "branch": "", "checkpoint_count": 3, "checkpointed": true, "created_by": "ann",
    "created_timestamp": 1700000000.5, "empty": false, "etag": "18446744073709551615", "hash_bsize": 1048576,
    "hash_type": "sha-256-flat", "hash_value": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "lock_duration": 30.0, "lock_etag": "12", "lock_owner": "ABCDEFGHIJKLMNOP", "lock_time": 1700000002.0,
    "locked_by": "ann", "modified_by": "bob", "modified_timestamp": 1700000001.0, "mounted": false,
    "path": "/Projects/robot.usd", "path_type": "asset", "size": 5000000000, "transaction_id": "77"})"));
}

TEST(Entries, AreReadBack) {
  auto entry = whole_entry();
  entry.deleted = true;
  entry.deleted_at = 1700000003;
  entry.deleted_by = "eve";

  const auto json = to_json(entry);

  EXPECT_EQ(to_json(entry_of(json)), json);
}

TEST(Entries, TakeWhateverIsThere) {
  EXPECT_EQ(entry_of(Json::parse("[]")).path, "");
  const auto entry = entry_of(Json::parse(R"({"path":7,"etag":5,"size":"6","acl":["write",1],"path_type":"new"})"));
  EXPECT_EQ(entry.path, "");
  EXPECT_EQ(entry.etag, 5u);
  EXPECT_EQ(entry.size, 6u);
  EXPECT_EQ(entry.access, kWrite);
  EXPECT_EQ(entry.type, PathType::None);
}

TEST(Numbers, AreTakenAsNumbersAndAsTexts) {
  const auto json =
      Json::parse(R"({"a":7,"b":"18446744073709551615","c":-1,"d":"7x","e":"","f":1.5,"g":"18446744073709551616"})");
  EXPECT_EQ(number_of(json, "a"), 7u);
  EXPECT_EQ(number_of(json, "b"), 18'446'744'073'709'551'615u);
  for (const char* key : {"c", "d", "e", "f", "g", "missing"}) EXPECT_EQ(number_of(json, key, 9), 9u) << key;
}

TEST(Interfaces, AreFoundByTheirOriginAndName) {
  const auto* connection = find_interface("omni1.idl.ts", "Connection");
  ASSERT_NE(connection, nullptr);
  std::set<std::string_view> names;
  for (const auto& method : connection->methods) EXPECT_TRUE(names.insert(method.name).second) << method.name;
  EXPECT_TRUE(names.contains("checkpoint_version"));
  EXPECT_EQ(find_interface("OmniAuth.idl.ts", "Connection"), nullptr);
  EXPECT_NE(find_interface("OmniAuth.idl.ts", "Tokens"), nullptr);
}

}  // namespace
}  // namespace omnibroker::nucleus
