// Live objects, channels and locks: what several programs do with one another, over real connections.
#include "at_a_nucleus.hpp"
#include "requests.hpp"

#include <atomic>
#include <thread>

namespace {

using namespace client;

struct LiveResult {
  OmniClientResult result = eOmniClientResult_Error;
  std::uint64_t first = 0;   // Object, or sequence.
  std::uint64_t second = 0;  // Sequence, or request.
};

void keep_live(void* data, OmniClientResult result, uint64_t first, uint64_t second) noexcept {
  *static_cast<LiveResult*>(data) = {result, first, second};
}

LiveResult begin_live(const std::string& url, std::string_view text) {
  LiveResult made;
  auto content = AuthCallback::text(text);
  omniClientWait(omniClientLiveCreate(url.c_str(), &content, &made, keep_live));
  return made;
}

LiveResult change_live(decltype(&omniClientLiveUpdate) function, const std::string& url, std::uint64_t object,
                       std::string_view text) {
  LiveResult changed;
  auto content = AuthCallback::text(text);
  omniClientWait(function(url.c_str(), object, &content, &changed, keep_live));
  return changed;
}

struct LiveNews {
  OmniClientResult result;
  std::uint64_t object;
  std::uint64_t sequence;
  std::string content;
  std::thread::id thread;
};

/// A live read for as long as this is there.
class LiveReader {
 public:
  explicit LiveReader(decltype(&omniClientLiveRead) function, const std::string& url, std::uint64_t object = 0,
                      std::uint64_t sequence = 0)
      : id_(function(
            url.c_str(), object, sequence, &news,
            [](void* data, OmniClientResult result, uint64_t of, uint64_t number, OmniClientContent* content) noexcept {
              const auto* bytes = static_cast<const char*>(content->buffer);
              static_cast<Collected<LiveNews>*>(data)->add(
                  {result, of, number, std::string(bytes, bytes ? content->size : 0), std::this_thread::get_id()});
            })) {}
  ~LiveReader() { omniClientStop(id_); }
  LiveReader(const LiveReader&) = delete;

  Collected<LiveNews> news;

 private:
  const OmniClientRequestId id_;
};

class LiveLayer : public AtANucleus {
 protected:
  LiveLayer() { omniClientLiveConfigureJitterReduction(0, 0, 0); }

  const std::string mine = at("l.live");
  const std::string theirs = other("l.live");
};

using Queued = Collected<OmniClientLiveUpdateType>;

void keep_queue(void* data, OmniClientLiveUpdateInfo const* info) noexcept {
  static_cast<Queued*>(data)->add(info->updateType);
}

TEST_P(LiveLayer, IsNumbered) {
  const auto made = begin_live(mine, "one");
  EXPECT_EQ(made.result, kOk);
  EXPECT_NE(made.first, 0u);
  EXPECT_EQ(made.second, 1u);
  const auto second = change_live(omniClientLiveUpdate, theirs, made.first, "two");
  EXPECT_EQ(second.result, kOk);
  EXPECT_EQ(second.first, 2u);
  EXPECT_NE(second.second, 0u);
  EXPECT_EQ(change_live(omniClientLiveUpdate2, mine, made.first, "three").first, 3u);
  EXPECT_TRUE(stat(mine).item.flags & fOmniClientItem_CanLiveUpdate);
  EXPECT_EQ(read(mine).result, eOmniClientResult_ErrorWrongType);
  const auto anew = begin_live(mine, "anew");
  EXPECT_NE(anew.first, made.first);
  EXPECT_EQ(change_live(omniClientLiveUpdate, mine, made.first, "x").result, kMissing);
  EXPECT_EQ(change_live(omniClientLiveUpdate, at("none.live"), 1, "x").result, kMissing);
}

TEST_P(LiveLayer, IsReadFromItsBeginningOrFromWhereTheReaderIs) {
  const auto made = begin_live(mine, "one");
  ASSERT_EQ(change_live(omniClientLiveUpdate, mine, made.first, "two").result, kOk);
  LiveReader all(omniClientLiveRead, theirs);
  LiveReader rest(omniClientLiveRead, theirs, made.first, 1);
  LiveReader nothing(omniClientLiveRead, theirs, made.first, 2);
  LiveReader none(omniClientLiveRead, other("none.live"));

  const auto history = all.news.wait_for(2);
  EXPECT_EQ(history[0].content, "one");
  EXPECT_EQ(history[0].result, kOk);
  EXPECT_EQ(history[1].content, "two");
  EXPECT_EQ(history[1].result, eOmniClientResult_OkLatest);
  EXPECT_EQ(rest.news.wait_for(1)[0].content, "two");
  EXPECT_EQ(rest.news.wait_for(1)[0].result, eOmniClientResult_OkLatest);
  EXPECT_EQ(nothing.news.wait_for(1)[0].content, "");
  EXPECT_EQ(nothing.news.wait_for(1)[0].result, eOmniClientResult_OkLatest);
  EXPECT_EQ(none.news.wait_for(1)[0].result, kMissing);
}

TEST_P(LiveLayer, IsProcessedByTheProgram) {
  const auto made = begin_live(mine, "one");
  LiveReader reader(omniClientLiveRead, mine);
  reader.news.wait_for(1);
  Queued queued;
  std::atomic<int> processed{0};
  const auto handle = omniClientLiveRegisterQueuedCallback2(&queued, keep_queue);
  const auto processing = omniClientLiveRegisterProcessUpdatesCallback(
      &processed, [](void* data) noexcept { ++*static_cast<std::atomic<int>*>(data); });

  ASSERT_EQ(change_live(omniClientLiveUpdate, theirs, made.first, "two").result, kOk);
  queued.wait_until([](auto type) { return type == eOmniClientLiveUpdateType_Remote; });
  EXPECT_EQ(reader.news.all().size(), 1u);
  omniClientLiveProcess();

  const auto all = reader.news.all();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[1].content, "two");
  EXPECT_EQ(all[1].sequence, 2u);
  EXPECT_EQ(all[1].thread, std::this_thread::get_id());
  EXPECT_EQ(processed, 1);
  EXPECT_GT(omniClientLiveGetLatestServerTime(mine.c_str()), 0u);
  EXPECT_EQ(omniClientLiveGetLatestServerTime(at("other.live").c_str()), 0u);
  omniClientUnregisterCallback(handle);
  omniClientUnregisterCallback(processing);
}

TEST_P(LiveLayer, IsProcessedUpToATimeDueOrNot) {
  omniClientLiveConfigureJitterReduction(3600000, 0, 3600000);
  const auto made = begin_live(mine, "one");
  LiveReader reader(omniClientLiveRead, mine);
  reader.news.wait_for(1);
  Queued queued;
  const auto handle = omniClientLiveRegisterQueuedCallback2(&queued, keep_queue);
  ASSERT_EQ(change_live(omniClientLiveUpdate, theirs, made.first, "two").result, kOk);
  queued.wait_until([](auto type) { return type == eOmniClientLiveUpdateType_Remote; });

  omniClientLiveProcess();
  EXPECT_EQ(reader.news.all().size(), 1u) << "it is held back for an hour";
  omniClientLiveProcessUpTo(mine.c_str(), omniClientLiveGetLatestServerTime(mine.c_str()));

  EXPECT_EQ(reader.news.wait_for(2)[1].content, "two");
  omniClientUnregisterCallback(handle);
}

TEST_P(LiveLayer, IsConfirmedForWhoWaits) {
  const auto made = begin_live(mine, "one");
  std::atomic<int> confirmed{0};
  for (int i = 0; i < 50; ++i) {
    auto content = AuthCallback::text("x");
    omniClientLiveUpdate(mine.c_str(), made.first, &content, &confirmed,
                         [](void* data, OmniClientResult result, uint64_t, uint64_t) noexcept {
                           if (result == kOk) ++*static_cast<std::atomic<int>*>(data);
                         });
  }

  omniClientLiveWaitForPendingUpdates();

  EXPECT_EQ(confirmed, 50);
  EXPECT_EQ(change_live(omniClientLiveUpdate, mine, made.first, "last").first, 52u);
}

TEST_P(LiveLayer, TellsCallbacksOfEachForm) {
  static Collected<int> plain;  // There is no user data.
  struct Parts {
    OmniClientLiveUpdateType type;
    std::string path;
    std::uint64_t sequence;
  };
  Collected<Parts> parts;
  const auto made = begin_live(mine, "one");
  LiveReader reader(omniClientLiveRead, mine);
  reader.news.wait_for(1);
  const auto before = plain.all().size();
  omniClientLiveSetQueuedCallback([]() noexcept { plain.add(1); });
  const auto handle = omniClientLiveRegisterQueuedPartsCallback(
      &parts,
      [](void* data, OmniClientUrl const* url, OmniClientLiveUpdateType type, uint64_t sequence, uint64_t) noexcept {
        static_cast<Collected<Parts>*>(data)->add({type, url->path, sequence});
      });

  ASSERT_EQ(change_live(omniClientLiveUpdate, mine, made.first, "two").result, kOk);

  plain.wait_for(before + 1);
  parts.wait_until([](const Parts& one) { return one.type == eOmniClientLiveUpdateType_Local; });
  const auto remote = parts.wait_until([](const Parts& one) { return one.type == eOmniClientLiveUpdateType_Remote; });
  EXPECT_EQ(remote.path, "/" + folder + "/l.live");
  EXPECT_EQ(remote.sequence, 2u);
  omniClientUnregisterCallback(handle);
  omniClientLiveSetQueuedCallback(nullptr);
}

TEST_P(LiveLayer, BeginsAnewAndEnds) {
  const auto made = begin_live(mine, "one");
  LiveReader reader(omniClientLiveRead2, theirs);
  reader.news.wait_for(1);

  const auto anew = begin_live(mine, "anew");
  const auto again = reader.news.wait_for(2)[1];
  EXPECT_NE(anew.first, made.first);
  EXPECT_EQ(again.object, anew.first);
  EXPECT_EQ(again.content, "anew");
  ASSERT_EQ(delete_item(mine), kOk);

  EXPECT_EQ(reader.news.wait_for(3)[2].result, kMissing);
}

// ---------------------------------------- channels

class Talking : public AtANucleus {
 protected:
  const std::string mine = at("c.channel");
  const std::string theirs = other("c.channel");
};

TEST_P(Talking, KeepsTheOrderOfWhatIsSaid) {
  Member ann(mine);
  ann.until(eOmniClientChannelEvent_Join);
  Member bob(theirs);
  bob.until(eOmniClientChannelEvent_Hello);
  const std::string binary("zero \0 and \xFF", 12);
  ASSERT_EQ(ann.send(binary), kOk);
  for (int i = 0; i < 100; ++i) ASSERT_EQ(ann.send(std::to_string(i)), kOk);

  for (auto* const member : {&ann, &bob}) {
    member->said.wait_until([](const Said& said) { return said.content == "99"; });
    std::vector<std::string> messages;
    for (const auto& said : member->said.all()) {
      if (said.event == eOmniClientChannelEvent_Message) messages.push_back(said.content);
    }
    ASSERT_EQ(messages.size(), 101u);
    EXPECT_EQ(messages[0], binary);
    for (std::size_t i = 0; i < 100; ++i) EXPECT_EQ(messages[i + 1], std::to_string(i));
  }
}

TEST_P(Talking, IsLeftByStoppingAndBySigningOut) {
  Member ann(mine);
  ann.until(eOmniClientChannelEvent_Join);
  const auto bob_id = connection_id(theirs).text;
  const auto left = [&](const std::string& who, std::size_t times) {
    std::size_t count = 0;
    ann.said.wait_until([&](const Said& said) {
      count += said.event == eOmniClientChannelEvent_Left && said.from == who;
      return count == times;
    });
  };
  {
    Member bob(theirs);
    bob.until(eOmniClientChannelEvent_Hello);
  }
  left(bob_id, 1);
  Member bob(theirs);
  bob.until(eOmniClientChannelEvent_Join);

  omniClientSignOut(theirs.c_str());

  left(bob_id, 2);
  EXPECT_EQ(bob.until(eOmniClientChannelEvent_Error).result, eOmniClientResult_ErrorConnection);
  EXPECT_NE(bob.send("x"), kOk);
}

TEST_P(Talking, NeedsAMember) {
  Member ann(mine);
  ann.until(eOmniClientChannelEvent_Join);
  EXPECT_TRUE(stat(mine).item.flags & fOmniClientItem_IsChannel);
  EXPECT_EQ(read(mine).result, eOmniClientResult_ErrorWrongType);
  EXPECT_EQ(write(mine, "x"), eOmniClientResult_ErrorWrongType);
  auto content = AuthCallback::text("x");
  EXPECT_EQ(omniClientSendMessage(kInvalidRequestId, &content, nullptr, nullptr), kInvalidRequestId);
  EXPECT_EQ(content.buffer, nullptr);

  ASSERT_EQ(delete_item(theirs), kOk);

  ann.until(eOmniClientChannelEvent_Deleted);
  EXPECT_NE(ann.send("x"), kOk);
}

// ---------------------------------------- locks

class Locking : public WithAnn {};

TEST_P(Locking, IsForOneConnection) {
  ASSERT_EQ(write(at("a"), "x"), kOk);

  EXPECT_EQ(call(omniClientUnlock, at("a")), kOk) << "nobody has it";
  EXPECT_EQ(call(omniClientLock, other("a")), kOk);
  EXPECT_EQ(call(omniClientLock, other("a")), kOk) << "it has it already";
  EXPECT_EQ(stat(at("a")).item.locked_by, "ann");
  EXPECT_EQ(list(at("")).items[0].locked_by, "ann");
  EXPECT_EQ(call(omniClientLock, at("a")), eOmniClientResult_ErrorLocked);
  EXPECT_EQ(call(omniClientUnlock, at("a")), eOmniClientResult_ErrorAccessDenied);
  EXPECT_EQ(write(at("a"), "y"), eOmniClientResult_ErrorLocked) << "an administrator, too, is kept out";
  EXPECT_EQ(write(other("a"), "y"), kOk);
  EXPECT_EQ(call(omniClientUnlock, other("a")), kOk);
  EXPECT_EQ(write(at("a"), "z"), kOk);
  EXPECT_EQ(stat(at("a")).item.locked_by, "");
}

TEST_P(Locking, EndsWithItsConnection) {
  ASSERT_EQ(write(at("a"), "x"), kOk);
  ASSERT_EQ(call(omniClientLock, other("a")), kOk);
  auto watch = Watch::item(at("a"));
  ASSERT_EQ(watch.first(), kOk);

  omniClientSignOut(other("").c_str());

  watch.until(eOmniClientListEvent_Unlocked, "a");
  EXPECT_EQ(write(at("a"), "y"), kOk);
  EXPECT_EQ(call(omniClientUnlock, other("a")), kOk);
}

INSTANTIATE_TEST_SUITE_P(OverTheNetwork, LiveLayer, testing::ValuesIn(servers()));
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(LiveLayer);
INSTANTIATE_TEST_SUITE_P(OverTheNetwork, Talking, testing::ValuesIn(servers()));
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Talking);
INSTANTIATE_TEST_SUITE_P(OverTheNetwork, Locking, testing::ValuesIn(servers()));
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Locking);

}  // namespace
