// Between a server and this machine, and with many threads at once, over real connections.
#include "at_a_nucleus.hpp"
#include "requests.hpp"

#include <algorithm>
#include <map>
#include <thread>

namespace {

using namespace client;

class Between : public WithAnn {
 protected:
  const std::string files = "file:" + (library.folder() / "files").string();
};

TEST_P(Between, CopiesAFolderThereAndBack) {
  ASSERT_EQ(write(files + "/from/a", "new"), kOk);
  ASSERT_EQ(write(files + "/from/in/b%20c%23d", "b"), kOk);
  ASSERT_EQ(create_folder(files + "/from/empty"), kOk);
  ASSERT_EQ(write(at("to/a"), "old"), kOk);
  ASSERT_EQ(write(at("to/extra"), "extra"), kOk);

  EXPECT_EQ(copy(files + "/from", at("to")), kThere);
  EXPECT_EQ(copy(files + "/from/", at("to/"), eOmniClientCopy_Overwrite), kOk);
  EXPECT_EQ(read(at("to/a")).content, "new");
  EXPECT_EQ(read(at("to/in/b%20c%23d")).content, "b");
  EXPECT_EQ(list(at("to")).names(), (std::vector<std::string>{"a", "empty", "extra", "in"}));
  EXPECT_EQ(list_checkpoints(at("to/a")).names(), (std::vector<std::string>{"&1", "&2"}));

  EXPECT_EQ(copy(at("to"), files + "/back"), kOk);
  EXPECT_EQ(list(files + "/back").names(), (std::vector<std::string>{"a", "empty", "extra", "in"}));
  EXPECT_EQ(copy(at("to/a?&1"), files + "/first"), kOk);
  EXPECT_EQ(read(files + "/first").content, "old");
}

TEST_P(Between, RefusesWhatACopyOnAServerRefuses) {
  ASSERT_EQ(write(files + "/a", "x"), kOk);
  ASSERT_EQ(write(at("a"), "y"), kOk);
  ASSERT_EQ(create_folder(at("f")), kOk);

  EXPECT_EQ(copy(files + "/none", at("b")), kMissing);
  EXPECT_EQ(copy(at("none"), files + "/b"), kMissing);
  EXPECT_EQ(copy(files + "/a", at("a")), kThere);
  EXPECT_EQ(copy(files + "/a", at("f"), eOmniClientCopy_Overwrite), kWrong);
  EXPECT_EQ(copy(files + "/a", "omniverse://127.0.0.1:1/a"), kLost);
  EXPECT_EQ(copy(files + "/a", "s3://bucket/a"), eOmniClientResult_ErrorNotSupported);
  EXPECT_EQ(read(at("a")).content, "y");
}

TEST_P(Between, MovesByCopyingAndDeleting) {
  ASSERT_EQ(write(files + "/from/a", "text"), kOk);

  const auto there = move(files + "/from", at("to"));
  EXPECT_EQ(there.result, kOk);
  EXPECT_TRUE(there.copied);
  EXPECT_EQ(read(at("to/a")).content, "text");
  EXPECT_EQ(stat(files + "/from").result, kMissing);

  ASSERT_EQ(call(omniClientLock, other("to/a")), kOk);
  const auto back = move(at("to/a"), files + "/a");
  EXPECT_EQ(back.result, kLocked);
  EXPECT_TRUE(back.copied) << "it is there, and could not be deleted here";
  EXPECT_EQ(read(files + "/a").content, "text");
  EXPECT_EQ(read(at("to/a")).content, "text");
}

struct Status {
  std::string url;
  OmniClientFileStatus status;
  int percentage;
};

TEST_P(Between, TellsHowFarItIs) {
  Collected<Status> told;
  const auto handle = omniClientRegisterFileStatusCallback(
      &told, [](void* data, char const* url, OmniClientFileStatus status, int percentage) noexcept {
        static_cast<Collected<Status>*>(data)->add({url, status, percentage});
      });
  const std::string large(12'000'000, 'x');  // In three parts.
  ASSERT_EQ(write(at("a"), large), kOk);
  ASSERT_EQ(read(at("a")).content.size(), large.size());
  ASSERT_EQ(stat(at("a")).result, kOk);
  ASSERT_EQ(copy(at("a"), at("b")), kOk);
  ASSERT_EQ(move(at("b"), at("c")).result, kOk);
  ASSERT_EQ(list(at("")).result, kOk);
  ASSERT_EQ(delete_item(at("c")), kOk);
  ASSERT_EQ(obliterated(at("c")), kOk);
  omniClientUnregisterCallback(handle);

  std::map<OmniClientFileStatus, std::vector<int>> percentages;
  for (const auto& one : told.all()) {
    EXPECT_EQ(one.url.compare(0, at("").size(), at("")), 0) << one.url;
    percentages[one.status].push_back(one.percentage);
  }
  for (const auto status : {eOmniClientFileStatus_Writing, eOmniClientFileStatus_Reading, eOmniClientFileStatus_Stating,
                            eOmniClientFileStatus_Copying, eOmniClientFileStatus_Moving, eOmniClientFileStatus_Listing,
                            eOmniClientFileStatus_Deleting, eOmniClientFileStatus_Obliterating}) {
    const auto& all = percentages[status];
    ASSERT_GE(all.size(), 2u) << omniClientGetFileStatusString(status);
    EXPECT_EQ(all.front(), 0);
    EXPECT_EQ(all.back(), 100);
    EXPECT_TRUE(std::is_sorted(all.begin(), all.end())) << omniClientGetFileStatusString(status);
  }
  EXPECT_GT(percentages[eOmniClientFileStatus_Writing].size(), 2u);
}

TEST_P(Between, LetsManyThreadsListWriteAndLock) {
  constexpr int kMany = 32;
  ASSERT_EQ(create_folder(at("f")), kOk);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kMany; ++thread) {
    threads.emplace_back([this, thread] {
      const auto own = "f/" + std::to_string(thread);
      const auto shared = std::string(1000, static_cast<char>('a' + thread % 26));
      for (int round = 0; round < 3; ++round) {
        const auto text = std::to_string(thread) + " " + std::to_string(round);
        EXPECT_EQ(write(at(own), text), kOk);
        EXPECT_EQ(call(omniClientLock, at(own)), kOk);
        EXPECT_EQ(write(other(own), "stolen"), kLocked);
        EXPECT_EQ(write(at("shared"), shared), kOk);
        const auto got = read(other("shared")).content;
        EXPECT_EQ(got, std::string(1000, got.empty() ? '?' : got[0]));
        EXPECT_EQ(list(other("f")).result, kOk);
        EXPECT_EQ(read(other(own)).content, text);
        EXPECT_EQ(call(omniClientUnlock, at(own)), kOk);
      }
    });
  }
  for (auto& thread : threads) thread.join();

  EXPECT_EQ(list(at("f")).items.size(), static_cast<std::size_t>(kMany));
  for (const auto& item : list(at("f")).items) {
    EXPECT_EQ(item.locked_by, "");
    EXPECT_EQ(list_checkpoints(at("f/" + item.path)).items.size(), 3u);
  }
}

INSTANTIATE_TEST_SUITE_P(OverTheNetwork, Between, testing::ValuesIn(servers()));
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Between);

}  // namespace
