// Live objects, through the C API.
#include "client.hpp"
#include "engine/engine.hpp"
#include "providers/memory/faults.hpp"

#include <future>
#include <thread>
#include <utility>

namespace {

using namespace client;

constexpr const char* kUrl = "mem://h/scene.live";

struct Update {
  OmniClientResult result;
  uint64_t object;
  uint64_t sequence;
  std::string content;
  std::thread::id thread;
};

void keep_update(void* data, OmniClientResult result, uint64_t object, uint64_t sequence,
                 OmniClientContent* content) noexcept {
  const std::string bytes(static_cast<const char*>(content->buffer), content->buffer == nullptr ? 0 : content->size);
  static_cast<Collected<Update>*>(data)->add({result, object, sequence, bytes, std::this_thread::get_id()});
}

OmniClientContent content_of(const std::string& text) {
  auto content = omniClientAllocContent(text.size());
  text.copy(static_cast<char*>(content.buffer), text.size());
  return content;
}

struct Sent {
  OmniClientResult result = eOmniClientResult_Error;
  uint64_t object = 0;
  uint64_t sequence = 0;
  uint64_t request = 0;
};

Sent create(const char* url, const std::string& text) {
  Sent sent;
  auto content = content_of(text);
  omniClientWait(omniClientLiveCreate(
      url, &content, &sent, [](void* data, OmniClientResult result, uint64_t object, uint64_t sequence) noexcept {
        *static_cast<Sent*>(data) = {result, object, sequence, 0};
      }));
  return sent;
}

Sent update(const char* url, uint64_t object, const std::string& text) {
  Sent sent;
  auto content = content_of(text);
  omniClientWait(omniClientLiveUpdate(url, object, &content, &sent,
                                      [](void* data, OmniClientResult result, uint64_t sequence, uint64_t id) noexcept {
                                        *static_cast<Sent*>(data) = {result, 0, sequence, id};
                                      }));
  return sent;
}

class LiveObject : public testing::Test {
 protected:
  LiveObject() { omniClientLiveConfigureJitterReduction(0, 0, 0); }
  ~LiveObject() override { omniClientStop(reading); }

  void read(uint64_t have_object = 0, uint64_t have_sequence = 0) {
    reading = omniClientLiveRead(kUrl, have_object, have_sequence, &updates, keep_update);
  }

  Library library;
  Collected<Update> updates;
  OmniClientRequestId reading = 0;
};

TEST_F(LiveObject, NumbersItsUpdates) {
  const auto created = create(kUrl, "one");
  EXPECT_EQ(created.result, kOk);
  EXPECT_NE(created.object, 0u);
  EXPECT_EQ(created.sequence, 1u);
  const auto updated = update(kUrl, created.object, "two");
  EXPECT_EQ(updated.result, kOk);
  EXPECT_EQ(updated.sequence, 2u);
  EXPECT_NE(updated.request, 0u);
  EXPECT_TRUE(stat(kUrl).item.flags & fOmniClientItem_CanLiveUpdate);
  EXPECT_EQ(update(kUrl, created.object + 100, "x").result, eOmniClientResult_ErrorNotFound);
  EXPECT_EQ(update("mem://h/none", 1, "x").result, eOmniClientResult_ErrorNotFound);
  EXPECT_EQ(client::read(kUrl).result, eOmniClientResult_ErrorWrongType);
}

TEST_F(LiveObject, IsReadFromItsBeginning) {
  const auto created = create(kUrl, "one");
  ASSERT_EQ(update(kUrl, created.object, "two").result, kOk);
  ASSERT_EQ(update(kUrl, created.object, "three").result, kOk);

  read();
  const auto history = updates.wait_for(3);

  EXPECT_EQ(history[0].result, kOk);
  EXPECT_EQ(history[0].content, "one");
  EXPECT_EQ(history[1].result, kOk);
  EXPECT_EQ(history[2].result, eOmniClientResult_OkLatest);
  EXPECT_EQ(history[2].content, "three");
  EXPECT_EQ(history[2].sequence, 3u);
}

TEST_F(LiveObject, IsReadFromWhereTheReaderStands) {
  const auto created = create(kUrl, "one");
  ASSERT_EQ(update(kUrl, created.object, "two").result, kOk);

  read(created.object, 1);
  EXPECT_EQ(updates.wait_for(1)[0].content, "two");
  EXPECT_EQ(updates.wait_for(1)[0].result, eOmniClientResult_OkLatest);
  omniClientStop(reading);
  read(created.object, 2);
  const auto all = updates.wait_for(2);
  EXPECT_EQ(all[1].result, eOmniClientResult_OkLatest);
  EXPECT_EQ(all[1].content, "");
  EXPECT_EQ(all[1].sequence, 2u);
}

TEST_F(LiveObject, IsNotThereBeforeItIsMade) {
  read();

  EXPECT_EQ(updates.wait_for(1)[0].result, eOmniClientResult_ErrorNotFound);
}

Collected<OmniClientLiveUpdateType> queued;
void keep_queued(void*, OmniClientLiveUpdateInfo const* info) noexcept { queued.add(info->updateType); }

TEST_F(LiveObject, GivesUpdatesToWhoProcessesThem) {
  const auto created = create(kUrl, "one");
  read();
  updates.wait_for(1);
  EXPECT_EQ(omniClientLiveGetLatestServerTime("mem://h/other"), 0u);
  const auto before = omniClientLiveGetLatestServerTime(kUrl);
  static std::atomic<int> processed{0};
  const auto processing = omniClientLiveRegisterProcessUpdatesCallback(nullptr, [](void*) noexcept { ++processed; });
  const auto handle = omniClientLiveRegisterQueuedCallback2(nullptr, keep_queued);

  ASSERT_EQ(update(kUrl, created.object, "two").result, kOk);
  queued.wait_until([](const auto& type) { return type == eOmniClientLiveUpdateType_Remote; });
  queued.wait_until([](const auto& type) { return type == eOmniClientLiveUpdateType_Local; });
  EXPECT_EQ(updates.all().size(), 1u);
  omniClientLiveProcess();

  const auto all = updates.all();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[1].content, "two");
  EXPECT_EQ(all[1].thread, std::this_thread::get_id());
  EXPECT_EQ(processed, 1);
  EXPECT_GE(omniClientLiveGetLatestServerTime(kUrl), before);
  EXPECT_GT(omniClientLiveGetLatestServerTime(kUrl), 0u);
  omniClientUnregisterCallback(handle);
  omniClientUnregisterCallback(processing);
}

TEST_F(LiveObject, MayBeProcessedInTheCallbackThatTellsOfIt) {
  const auto created = create(kUrl, "one");
  read();
  updates.wait_for(1);
  const auto handle =
      omniClientLiveRegisterQueuedCallback2(nullptr, [](void*, OmniClientLiveUpdateInfo const*) noexcept {
        omniClientLiveProcess();
        omniClientLiveWaitForPendingUpdates();
      });

  for (int i = 0; i < 100; ++i) update(kUrl, created.object, std::to_string(i));

  const auto all = updates.wait_for(101);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(all[static_cast<std::size_t>(i) + 1].content, std::to_string(i));
  omniClientUnregisterCallback(handle);
}

TEST_F(LiveObject, TellsWithoutWords) {
  static Collected<int> told;
  const auto created = create(kUrl, "one");
  read();
  updates.wait_for(1);
  omniClientLiveSetQueuedCallback([]() noexcept { told.add(1); });

  ASSERT_EQ(update(kUrl, created.object, "two").result, kOk);

  told.wait_for(1);
  omniClientLiveSetQueuedCallback(nullptr);
}

TEST_F(LiveObject, HoldsUpdatesBackAndSaysWhenThereAreMore) {
  omniClientLiveConfigureJitterReduction(30, 0, 1000);
  static Collected<OmniClientLiveUpdateType> told;
  const auto handle =
      omniClientLiveRegisterQueuedCallback2(nullptr, [](void*, OmniClientLiveUpdateInfo const* info) noexcept {
        told.add(info->updateType);
        omniClientLiveProcess();
      });
  const auto created = create(kUrl, "one");
  read();
  updates.wait_for(1);

  ASSERT_EQ(update(kUrl, created.object, "two").result, kOk);

  // Processed when it comes, which is too early, and again when it is told that there is more.
  EXPECT_EQ(updates.wait_for(2)[1].content, "two");
  omniClientUnregisterCallback(handle);
}

TEST_F(LiveObject, IsProcessedUpToATimeDueOrNot) {
  omniClientLiveConfigureJitterReduction(3600000, 0, 3600000);
  const auto created = create(kUrl, "one");
  read();
  updates.wait_for(1);
  ASSERT_EQ(update(kUrl, created.object, "two").result, kOk);
  omniClientLiveProcess();
  EXPECT_EQ(updates.all().size(), 1u);

  omniClientLiveProcessUpTo("mem://h/other", UINT64_MAX / 2);
  EXPECT_EQ(updates.all().size(), 1u);
  while (updates.all().size() < 2) omniClientLiveProcessUpTo(kUrl, omniClientLiveGetLatestServerTime(kUrl));

  EXPECT_EQ(updates.all()[1].content, "two");
}

TEST_F(LiveObject, GivesUpdatesAtOnceToWhoAsksForThat) {
  const auto created = create(kUrl, "one");
  reading = omniClientLiveRead2(kUrl, 0, 0, &updates, keep_update);
  updates.wait_for(1);

  ASSERT_EQ(update(kUrl, created.object, "two").result, kOk);

  EXPECT_EQ(updates.wait_for(2)[1].content, "two");
}

TEST_F(LiveObject, StartsAnewWithAnotherId) {
  const auto created = create(kUrl, "one");
  reading = omniClientLiveRead2(kUrl, 0, 0, &updates, keep_update);
  updates.wait_for(1);

  const auto again = create(kUrl, "anew");

  EXPECT_NE(again.object, created.object);
  EXPECT_EQ(again.sequence, 1u);
  EXPECT_EQ(updates.wait_for(2)[1].object, again.object);
}

TEST_F(LiveObject, EndsForItsReadersWhenItIsDeleted) {
  ASSERT_EQ(create(kUrl, "one").result, kOk);
  reading = omniClientLiveRead2(kUrl, 0, 0, &updates, keep_update);
  updates.wait_for(1);

  ASSERT_EQ(delete_item(kUrl), kOk);

  EXPECT_EQ(updates.wait_for(2)[1].result, eOmniClientResult_ErrorNotFound);
}

TEST_F(LiveObject, IsConfirmedForWhoWaits) {
  const auto created = create(kUrl, "one");
  static std::atomic<int> confirmed{0};
  confirmed = 0;
  for (int i = 0; i < 50; ++i) {
    auto content = content_of("x");
    omniClientLiveUpdate(kUrl, created.object, &content, nullptr,
                         [](void*, OmniClientResult, uint64_t, uint64_t) noexcept { ++confirmed; });
  }

  omniClientLiveWaitForPendingUpdates();

  EXPECT_EQ(confirmed, 50);
}

struct Parts {
  std::string host;
  OmniClientLiveUpdateType type;
  uint64_t sequence;
};
Collected<Parts> parts;
void keep_parts(void*, OmniClientUrl const* url, OmniClientLiveUpdateType type, uint64_t sequence, uint64_t) noexcept {
  parts.add({url->host == nullptr ? "" : url->host, type, sequence});
}

TEST_F(LiveObject, TellsOfAnUpdateThatWasGivenUp) {
  static Collected<OmniClientLiveUpdateType> told;
  const auto created = create(kUrl, "one");
  const auto handle = omniClientLiveRegisterQueuedCallback2(
      nullptr,
      [](void*, OmniClientUrl const*, OmniClientLiveUpdateType type, uint64_t, uint64_t) noexcept { told.add(type); });
  omniClientSetRetries({0, 0, 0});
  omniclient::memory::Faults faults;
  faults.busy = 1;
  omniclient::memory::set_faults(faults);

  EXPECT_EQ(update(kUrl, created.object, "two").result, eOmniClientResult_Error);

  told.wait_until([](OmniClientLiveUpdateType type) { return type == eOmniClientLiveUpdateType_Local; });
  omniClientUnregisterCallback(handle);
}

TEST_F(LiveObject, TellsCallbacksOfTheOlderForm) {
  const auto created = create(kUrl, "one");
  read();
  updates.wait_for(1);
  const auto by_name = omniClientLiveRegisterQueuedCallback2(nullptr, keep_parts);
  const auto by_lambda = omniClientLiveRegisterQueuedCallback2(
      nullptr, [](void*, OmniClientUrl const* url, OmniClientLiveUpdateType type, uint64_t sequence,
                  uint64_t time) noexcept { keep_parts(nullptr, url, type, sequence, time); });
  EXPECT_EQ(omniClientLiveRegisterQueuedCallback2(nullptr, nullptr), 0u);

  ASSERT_EQ(update(kUrl, created.object, "two").result, kOk);
  const auto told = parts.wait_for(4);  // Remote and Local, each of them twice.
  omniClientUnregisterCallback(by_name);
  omniClientUnregisterCallback(by_lambda);

  for (const auto& one : told) {
    EXPECT_EQ(one.host, "h");
    EXPECT_EQ(one.sequence, 2u);
  }
}

/// The history, which holds up the callbacks' thread until it may go on.
struct SlowReader {
  std::promise<void> running;
  std::promise<void> go_on;
  std::atomic<int> inside{0};
  Collected<std::string> contents;
  bool first = true;

  static void call(void* data, OmniClientResult, uint64_t, uint64_t, OmniClientContent* content) noexcept {
    auto& self = *static_cast<SlowReader*>(data);
    EXPECT_EQ(++self.inside, 1);
    if (std::exchange(self.first, false)) {
      self.running.set_value();
      self.go_on.get_future().wait();
    }
    self.contents.add({static_cast<const char*>(content->buffer), content->size});
    --self.inside;
  }
};

TEST_F(LiveObject, GivesNoUpdateBeforeItsHistoryIsThrough) {
  const auto created = create(kUrl, "one");
  SlowReader reader;
  Collected<OmniClientLiveUpdateType> told;
  const auto handle =
      omniClientLiveRegisterQueuedCallback2(&told, [](void* data, OmniClientLiveUpdateInfo const* info) noexcept {
        static_cast<Collected<OmniClientLiveUpdateType>*>(data)->add(info->updateType);
      });
  const auto id = omniClientLiveRead(kUrl, 0, 0, &reader, SlowReader::call);
  reader.running.get_future().wait();
  auto content = content_of("two");
  omniClientLiveUpdate(kUrl, created.object, &content, nullptr, nullptr);
  std::promise<void> arrived;  // The server is on the loop's thread as well.
  omniclient::Engine::get()->loop().post([&arrived] { arrived.set_value(); });
  arrived.get_future().wait();
  omniClientLiveProcess();
  EXPECT_TRUE(reader.contents.all().empty());

  // It is told when it can be processed, and then it is.
  reader.go_on.set_value();
  told.wait_until([](const auto& type) { return type == eOmniClientLiveUpdateType_More; });
  omniClientLiveProcess();
  omniClientUnregisterCallback(handle);
  omniClientStop(id);

  EXPECT_EQ(reader.contents.all(), (std::vector<std::string>{"one", "two"}));
}

TEST_F(LiveObject, ForgetsWhatWasNotProcessedWhenItIsStopped) {
  const auto created = create(kUrl, "one");
  read();
  updates.wait_for(1);
  ASSERT_EQ(update(kUrl, created.object, "two").result, kOk);
  omniClientStop(std::exchange(reading, 0));
  omniClientLiveProcess();

  EXPECT_EQ(updates.all().size(), 1u);
}

TEST_F(LiveObject, IsUpdatedByEitherFunction) {
  const auto created = create(kUrl, "one");
  Sent sent;
  auto content = content_of("two");
  omniClientWait(
      omniClientLiveUpdate2(kUrl, created.object, &content, &sent,
                            [](void* data, OmniClientResult result, uint64_t sequence, uint64_t id) noexcept {
                              *static_cast<Sent*>(data) = {result, 0, sequence, id};
                            }));
  EXPECT_EQ(sent.result, kOk);
  EXPECT_EQ(sent.sequence, 2u);
  EXPECT_NE(sent.request, 0u);
}

}  // namespace
