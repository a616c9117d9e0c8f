// What is repeated, how often, and when no more.
#include "engine/retries.hpp"

#include "client.hpp"
#include "providers/memory/faults.hpp"

#include <future>

namespace {

using namespace client;
using omniclient::Retries;
using std::chrono::milliseconds;

class Repeated : public testing::Test {
 protected:
  Repeated() { omniClientSetRetries({3600'000, 0, 0}); }

  static void be_busy(int times) {
    omniclient::memory::Faults faults;
    faults.busy = times;
    omniclient::memory::set_faults(faults);
  }

  Library library;
};

TEST(Retries, WaitLongerEachTime) {
  const OmniClientRetryBehavior behavior{120000, 100, 50};

  EXPECT_EQ(Retries::wait_before(behavior, 1, 0), milliseconds(100));
  EXPECT_EQ(Retries::wait_before(behavior, 2, 0), milliseconds(400));
  EXPECT_EQ(Retries::wait_before(behavior, 3, 1), milliseconds(900 + 150));
  EXPECT_EQ(Retries::wait_before({1, UINT32_MAX, UINT32_MAX}, UINT32_MAX, 1), std::chrono::hours(24));
}

TEST(Retries, KeepNothingOfEarlierAttempts) {
  omniclient::Loop loop;
  Retries retries(loop);
  retries.set({3600'000, 0, 0});
  const auto operation = std::make_shared<omniclient::Operation>();
  std::promise<OmniClientResult> answered;
  loop.post([&] {
    retries.run<omniclient::Reply>(
        operation,
        [left = std::make_shared<int>(100)](omniclient::Done<omniclient::Reply> done) {
          done(--*left > 0 ? omniclient::failed_for_now<omniclient::Reply>(eOmniClientResult_Error)
                           : omniclient::Reply{kOk});
        },
        [&](const omniclient::Reply& reply) { answered.set_value(reply.result); });
  });

  EXPECT_EQ(answered.get_future().get(), kOk);

  EXPECT_EQ(operation->cancel_functions(), 1u);
  loop.stop();
  retries.stop();
}

TEST_F(Repeated, OperationsSucceedInTheEnd) {
  ASSERT_EQ(write("mem://h/a", "x"), kOk);
  be_busy(5);
  EXPECT_EQ(read("mem://h/a").content, "x");
  be_busy(3);
  EXPECT_EQ(write("mem://h/a", "y"), kOk);
  be_busy(2);
  EXPECT_EQ(stat("mem://h/a").result, kOk);
  be_busy(2);
  Watch watch = Watch::item("mem://h/a");
  EXPECT_EQ(watch.first(), kOk);
  EXPECT_EQ(watch.firsts.all().size(), 1u);
}

TEST_F(Repeated, StepsOfATransferAre) {
  const auto files = "file:" + (library.folder() / "files").string();
  ASSERT_EQ(write(files + "/from/a", "a"), kOk);
  ASSERT_EQ(write(files + "/from/in/b", "b"), kOk);
  omniclient::memory::Faults faults;
  faults.busy_every = 2;
  omniclient::memory::set_faults(faults);

  EXPECT_EQ(copy(files + "/from", "mem://h/to"), kOk);
  const auto moved = move("mem://h/to", files + "/back");

  EXPECT_EQ(moved.result, kOk);
  EXPECT_TRUE(moved.copied);
  EXPECT_EQ(read(files + "/back/in/b").content, "b");
  EXPECT_EQ(stat("mem://h/to").result, eOmniClientResult_ErrorNotFound);
}

TEST_F(Repeated, OperationsShowTheirStatusOnce) {
  ASSERT_EQ(write("mem://h/a", "x"), kOk);
  Collected<int> shown;
  const auto handle = omniClientRegisterFileStatusCallback(
      &shown, [](void* data, char const*, OmniClientFileStatus, int percentage) noexcept {
        static_cast<Collected<int>*>(data)->add(percentage);
      });
  be_busy(3);
  EXPECT_EQ(read("mem://h/a").result, kOk);
  omniClientUnregisterCallback(handle);

  EXPECT_EQ(shown.all(), (std::vector<int>{0, 100}));
}

TEST_F(Repeated, NothingIsWhereItIsTurnedOff) {
  const auto before = omniClientSetRetries({0, 0, 0});
  EXPECT_EQ(before.maxMs, 3600'000u);
  be_busy(1);

  EXPECT_EQ(stat("mem://h/").result, eOmniClientResult_Error);
  EXPECT_EQ(stat("mem://h/").result, kOk);
}

TEST_F(Repeated, NothingIsBeyondTheMost) {
  omniClientSetRetries({1000, 1001, 0});  // The first repetition would already come too late.
  be_busy(1);

  EXPECT_EQ(stat("mem://h/").result, eOmniClientResult_Error);
}

TEST_F(Repeated, NothingIsThatWasStopped) {
  omniClientSetRetries({UINT32_MAX, 3600'000, 0});
  be_busy(1);
  bool called = false;
  const auto id = omniClientStat(
      "mem://h/", &called,
      [](void* data, OmniClientResult, OmniClientListEntry const*) noexcept { *static_cast<bool*>(data) = true; });
  EXPECT_EQ(stat("mem://h/").result, kOk);  // The first one waits by now.
  omniClientStop(id);

  EXPECT_FALSE(called);
}

TEST_F(Repeated, WhatWaitsIsAnsweredByAShutdown) {
  omniClientSetRetries({UINT32_MAX, 3600'000, 0});
  be_busy(1);
  Collected<OmniClientResult> results;
  omniClientStat("mem://h/", &results, [](void* data, OmniClientResult result, OmniClientListEntry const*) noexcept {
    static_cast<Collected<OmniClientResult>*>(data)->add(result);
  });
  EXPECT_EQ(stat("mem://h/").result, kOk);

  omniClientShutdown();

  EXPECT_EQ(results.all(), std::vector<OmniClientResult>{eOmniClientResult_ErrorConnection});
}

}  // namespace
