// What every request answers where it cannot do what it is asked for, over a real connection.
#include "at_a_nucleus.hpp"
#include "requests.hpp"

namespace {

using namespace client;

class Refused : public AtANucleus {};

TEST_P(Refused, IsWhatIsNotThere) {
  ASSERT_EQ(create_folder(at("f")), kOk);

  for (const auto& request : item_requests()) {
    // These make what is not there; the watch waits for it.
    const std::string name = request.function;
    const bool makes = name == "WriteFile" || name == "CreateFolder" || name == "JoinChannel" || name == "LiveCreate";
    const auto wanted = makes ? kOk : name == "StatSubscribe" ? eOmniClientResult_OkNotYetFound : kMissing;
    EXPECT_EQ(request.send(at("f/" + name)), wanted) << name;
  }
}

TEST_P(Refused, IsWhatAFolderCannot) {
  ASSERT_EQ(write(at("f/a"), "x"), kOk);
  const auto hash = stat(at("f/a")).item.hash;

  EXPECT_EQ(read(at("f")).result, kWrong);
  EXPECT_EQ(write(at("f"), "x"), kWrong);
  EXPECT_EQ(made_of_hash(at("f"), hash), kWrong);
  EXPECT_EQ(local_file(at("f")).result, kWrong);
  EXPECT_EQ(create_folder(at("f")), kThere);
  EXPECT_EQ(remove_single(at("f")), eOmniClientResult_ErrorFolderNotEmpty);
  EXPECT_EQ(obliterated(at("f")), eOmniClientResult_ErrorFolderNotEmpty);
  EXPECT_EQ(call(omniClientUndelete, at("f")), kThere);
  EXPECT_EQ(create_checkpoint(at("f"), "x", true).result, kWrong);
  EXPECT_EQ(call(omniClientLock, at("f")), kWrong);
  EXPECT_EQ(joined(at("f")), kWrong);
  EXPECT_EQ(live_created(at("f")), kWrong);
  EXPECT_EQ(live_updated(at("f")), kWrong);
  EXPECT_EQ(live_read(at("f")), kWrong);
  EXPECT_EQ(read(at("f/a")).content, "x");
}

TEST_P(Refused, IsWhatAFileCannot) {
  ASSERT_EQ(write(at("a"), "x"), kOk);

  EXPECT_EQ(list(at("a")).result, kMissing);
  EXPECT_EQ(Watch::folder(at("a")).first(), kMissing);
  EXPECT_EQ(create_folder(at("a")), kThere);
  EXPECT_EQ(write(at("a/b"), "x"), kWrong);
  EXPECT_EQ(create_folder(at("a/b")), kWrong);
  EXPECT_EQ(copy(at("a"), at("a/b")), kWrong);
  EXPECT_EQ(move(at("a"), at("a/b")).result, kWrong);
  EXPECT_EQ(joined(at("a")), kWrong);
  EXPECT_EQ(live_created(at("a")), kWrong);
  EXPECT_EQ(live_updated(at("a")), kWrong);
  EXPECT_EQ(live_read(at("a")), kWrong);
  EXPECT_EQ(call(omniClientUndelete, at("a")), kThere);
  EXPECT_EQ(read(at("a")).content, "x");
}

TEST_P(Refused, IsWhatSomebodyElseHasLocked) {
  ASSERT_EQ(write(at("f/a"), "x"), kOk);
  ASSERT_EQ(write(other("b"), "y"), kOk);
  std::uint64_t object = 0;
  ASSERT_EQ(live_created(at("l.live"), &object), kOk);
  const auto hash = stat(at("f/a")).item.hash;
  ASSERT_EQ(call(omniClientLock, at("f/a")), kOk);
  ASSERT_EQ(call(omniClientLock, at("l.live")), kOk);

  EXPECT_EQ(call(omniClientLock, other("f/a")), kLocked);
  EXPECT_EQ(call(omniClientUnlock, other("f/a")), eOmniClientResult_ErrorAccessDenied);
  EXPECT_EQ(write(other("f/a"), "y"), kLocked);
  EXPECT_EQ(made_of_hash(other("f/a"), hash), kLocked);
  EXPECT_EQ(copy(other("b"), other("f/a"), eOmniClientCopy_Overwrite), kLocked);
  EXPECT_EQ(move(other("b"), other("f/a"), eOmniClientCopy_Overwrite).result, kLocked);
  EXPECT_EQ(move(other("f/a"), other("c")).result, kLocked);
  EXPECT_EQ(move(other("f"), other("g")).result, kLocked);
  EXPECT_EQ(delete_item(other("f/a")), kLocked);
  EXPECT_EQ(delete_item(other("f")), kLocked);
  EXPECT_EQ(remove_single(other("f/a")), kLocked);
  EXPECT_EQ(obliterated(other("f/a")), kLocked);
  EXPECT_EQ(live_updated(other("l.live"), object), kLocked);
  EXPECT_EQ(live_created(other("l.live")), kLocked);

  EXPECT_EQ(read(other("f/a")).content, "x");
  EXPECT_EQ(copy(other("f/a"), other("c")), kOk) << "looking is not what a lock is about";
  EXPECT_EQ(read(other("b")).content, "y");
}

TEST_P(Refused, IsTextThatIsNone) {
  ASSERT_EQ(create_folder(at("f")), kOk);

  for (const auto& request : item_requests()) {
    // There is no such folder.
    const bool lists =
        std::string(request.function).compare(0, 4, "List") == 0 && std::string(request.function) != "ListCheckpoints";
    EXPECT_EQ(request.send(at("f/a%E4")), lists ? kMissing : kBad) << request.function;
  }
}

TEST_P(Refused, IsEverythingAtAServerThatDoesNotAnswer) {
  for (const auto& request : item_requests()) {
    EXPECT_EQ(request.send("omniverse://127.0.0.1:1/f/a"), eOmniClientResult_ErrorConnection) << request.function;
  }
  EXPECT_EQ(statuses.wait_for(2),
            (std::vector{eOmniClientConnectionStatus_Connecting, eOmniClientConnectionStatus_ConnectError}));
  EXPECT_EQ(stat("omniverse:///f/a").result, eOmniClientResult_ErrorConnection);
  EXPECT_EQ(statuses.wait_for(3).back(), eOmniClientConnectionStatus_InvalidHost);
  EXPECT_EQ(connection_id("omniverse://127.0.0.1:1/").result, eOmniClientResult_ErrorConnection);
}

INSTANTIATE_TEST_SUITE_P(OverTheNetwork, Refused, testing::ValuesIn(servers()));
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Refused);

}  // namespace
