// Many threads that use the library at the same time, and stop what they have begun at any moment.
#include "client.hpp"

#include <deque>
#include <random>
#include <thread>

namespace {

using namespace client;

constexpr int kThreads = 32;
constexpr int kRounds = 8;

template <class Work>
void in_threads(const Work& work) {
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back([&work, i] { work(i); });
  for (auto& thread : threads) thread.join();
}

/// Whether a callback has come after the stop that forbids it. Lives until the library has ended, so that one that
/// comes much too late is seen as well.
struct Guarded {
  std::atomic<bool> stopped{false};
  std::atomic<int> late{0};
  std::atomic<int> called_ever{0};
  void called() {
    ++called_ever;
    if (stopped) ++late;
  }
};

class ManyThreads : public testing::Test {
 protected:
  Guarded& guarded() {
    std::lock_guard lock(mutex);
    return all_guarded.emplace_back();
  }
  /// Ends the library, and looks at all of them.
  void expect_none_late() {
    omniClientShutdown();
    int called = 0;
    for (const auto& one : all_guarded) {
      EXPECT_EQ(one.late, 0);
      called += one.called_ever;
    }
    EXPECT_GT(called, 0);
  }

  std::mutex mutex;
  std::deque<Guarded> all_guarded;
  Library library;
  const std::string files = (library.folder() / "files").string();
};

TEST_F(ManyThreads, ReadWriteAndListTheSamePlaces) {
  in_threads([this](int thread) {
    for (int round = 0; round < kRounds; ++round) {
      for (const std::string& base : {files, std::string("mem://h/many")}) {
        const auto own = base + "/" + std::to_string(thread);
        const auto text = std::to_string(thread) + " " + std::to_string(round);
        EXPECT_EQ(write(own, text), eOmniClientResult_Ok);
        EXPECT_EQ(write(base + "/shared", std::string(1000, static_cast<char>('a' + thread % 26))),
                  eOmniClientResult_Ok);
        EXPECT_EQ(read(own).content, text);
        const auto shared = read(base + "/shared").content;
        EXPECT_EQ(shared, std::string(1000, shared.empty() ? '?' : shared[0]));
        EXPECT_EQ(list(base).result, eOmniClientResult_Ok);
      }
    }
  });
  EXPECT_EQ(list(files).items.size(), kThreads + 1u);
  EXPECT_EQ(list("mem://h/many").items.size(), kThreads + 1u);
}

TEST_F(ManyThreads, HearNothingAfterTheyHaveStoppedARequest) {
  ASSERT_EQ(write(files + "/a", "x"), eOmniClientResult_Ok);
  ASSERT_EQ(write("mem://h/a", "x"), eOmniClientResult_Ok);
  in_threads([this](int thread) {
    std::minstd_rand random(static_cast<unsigned>(thread) + 1);
    for (int round = 0; round < kRounds * 5; ++round) {
      Guarded& mine = guarded();
      const auto url = round % 2 == 0 ? files + "/a" : std::string("mem://h/a");
      const auto called = [](void* data, OmniClientResult, OmniClientListEntry const*) noexcept {
        static_cast<Guarded*>(data)->called();
      };
      const auto changed = [](void* data, OmniClientResult, OmniClientListEvent, OmniClientListEntry const*) noexcept {
        static_cast<Guarded*>(data)->called();
      };
      const auto id = random() % 2 == 0 ? omniClientStat(url.c_str(), &mine, called)
                                        : omniClientStatSubscribe(url.c_str(), &mine, called, changed);
      if (random() % 3 == 0) omniClientWait(id);
      if (random() % 3 == 0) omniClientWaitFor(id, random() % 2);
      if (random() % 4 == 0) write(url, std::to_string(round));
      omniClientStop(id);
      mine.stopped = true;
    }
  });
  expect_none_late();
}

TEST_F(ManyThreads, RegisterAndUnregisterWhileStatusesCome) {
  in_threads([this](int thread) {
    for (int round = 0; round < kRounds; ++round) {
      Guarded& mine = guarded();
      const auto handle = omniClientRegisterFileStatusCallback(
          &mine,
          [](void* data, char const*, OmniClientFileStatus, int) noexcept { static_cast<Guarded*>(data)->called(); });
      EXPECT_EQ(write(files + "/" + std::to_string(thread), "x"), eOmniClientResult_Ok);
      omniClientUnregisterCallback(handle);
      mine.stopped = true;
    }
  });
  expect_none_late();
}

TEST_F(ManyThreads, LockOneFileOneAtATime) {
  ASSERT_EQ(write("mem://h/locked", "x"), eOmniClientResult_Ok);
  std::atomic<int> holders{0};
  std::atomic<int> got{0};
  in_threads([&](int thread) {
    const auto url = "mem://user" + std::to_string(thread) + "@h/locked";
    for (int round = 0; round < kRounds; ++round) {
      if (call(omniClientLock, url) != eOmniClientResult_Ok) continue;
      EXPECT_EQ(++holders, 1);
      ++got;
      --holders;
      EXPECT_EQ(call(omniClientUnlock, url), eOmniClientResult_Ok);
    }
  });
  EXPECT_GT(got, 0);
}

TEST_F(ManyThreads, MaySeeTheLibraryShutDownUnderThem) {
  std::atomic<int> refused{0};
  std::thread shutting([&] {
    EXPECT_EQ(stat(files).result, eOmniClientResult_Ok);
    omniClientShutdown();
  });
  in_threads([&](int) {
    while (refused < kThreads) {
      const auto id = omniClientStat(files.c_str(), nullptr, nullptr);
      omniClientWait(id);
      if (id == kInvalidRequestId) ++refused;
      omniClientLiveProcess();
    }
  });
  shutting.join();
}

}  // namespace
