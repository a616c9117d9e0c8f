#include "requests.hpp"

namespace {

using omnibroker::testing::FakeCall;

TEST(Snapshot, AsksOnceAndSubscribesToNothing) {
  HandlerTest handler("snapshot");
  FakeCall call(handler.host());

  EXPECT_EQ(handler.handle(request("snapshot", R"(,"prim_path":"/World/*","bbox":[0,0,1,1])"), call), "consumed");

  ASSERT_EQ(call.snapshots.size(), 1u);
  EXPECT_EQ(call.snapshots[0].type, "coordinate_update");
  EXPECT_EQ(call.snapshots[0].key_glob, "/World/*");
  EXPECT_EQ(call.snapshots[0].boxes.size(), 1u);
  EXPECT_TRUE(call.subscribed.empty());
  EXPECT_TRUE(call.acknowledged);
  EXPECT_TRUE(handler.host().violations().empty());
}

TEST(Snapshot, NamesTheFieldAndWhatItMustBe) {
  HandlerTest handler("snapshot");

  EXPECT_EQ(handler.handle(R"({"type":"snapshot"})"), invalid("Field 'message_type' is required and must be a string"));
  EXPECT_EQ(handler.handle(request("snapshot", R"(,"prim_path":7)")), invalid("Field 'prim_path' must be a string"));
  EXPECT_EQ(handler.handle(request("snapshot", R"(,"bbox":[0,0,1])")),
            invalid("Field 'bbox' must be an array of four numbers (west, south, east, north) or six (west, south, "
                    "lowest, east, north, highest)"));
}

TEST(Snapshot, PassesTheHostsRefusalOn) {
  HandlerTest handler("snapshot");
  FakeCall call(handler.host());
  call.subscription_status = OMNIBROKER_UNSUPPORTED;
  call.subscription_refusal = "It cannot be";

  EXPECT_EQ(handler.handle(request("snapshot"), call), "SUBSCRIPTION_FAILED: It cannot be");

  EXPECT_FALSE(call.acknowledged);
}

}  // namespace
