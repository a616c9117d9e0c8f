// The lists that are kept, against a Nucleus that tests/integration/nucleus/list_cache_test.py has started: it counts
// what the server is asked, and does there what others would do. Without one there is nothing to instantiate these
// with.
#include "places.hpp"

#include <arpa/inet.h>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace {

using namespace client;

std::vector<std::string> servers_with_lists() {
  return nucleus().empty() ? std::vector<std::string>{} : std::vector<std::string>{nucleus()};
}

/// What the test's other half answers to an order.
std::string order(const std::string& line) {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(std::atoi(std::getenv("OMNICLIENT_TEST_CONTROL"))));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(socket, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  const auto sent = line + "\n";
  EXPECT_EQ(::send(socket, sent.data(), sent.size(), 0), static_cast<ssize_t>(sent.size()));
  std::string answer;
  char part[256];
  for (ssize_t size; (size = ::recv(socket, part, sizeof part, 0)) > 0;) answer.append(part, static_cast<size_t>(size));
  ::close(socket);
  return answer.substr(0, answer.find('\n'));
}

int asked(const std::string& commands) { return std::atoi(order("count " + commands).c_str()); }
int looks() { return asked("list2 stat2 subscribe_list"); }

void expect_same(const Item& a, const Item& b) {
  EXPECT_EQ(a.path, b.path);
  EXPECT_EQ(a.access, b.access);
  EXPECT_EQ(a.flags, b.flags);
  EXPECT_EQ(a.size, b.size);
  EXPECT_EQ(a.hash, b.hash);
  EXPECT_EQ(a.version, b.version);
  EXPECT_EQ(a.locked_by, b.locked_by);
  EXPECT_EQ(a.created_by, b.created_by);
}

class ListsOfAServer : public testing::TestWithParam<std::string> {
 protected:
  ListsOfAServer() {
    omniClientConfigSetInt("omniverse.list_cache_ms", 3'600'000);
    handle_ = omniClientRegisterConnectionStatusCallback(
        &statuses, [](void* data, char const*, OmniClientConnectionStatus status) noexcept {
          static_cast<Collected<OmniClientConnectionStatus>*>(data)->add(status);
        });
  }
  ~ListsOfAServer() override {
    omniClientBypassListCache(false);
    omniClientUnregisterCallback(handle_);
  }

  std::string path(const std::string& name) const { return "/" + folder + "/" + name; }
  std::string at(const std::string& name) const { return GetParam() + folder + "/" + name; }
  void others(const std::string& what) const { EXPECT_EQ(order(what), "ok") << what; }

  /// Lists until the list is kept: the second time is when it begins to be.
  void keep(const std::string& name) const {
    ASSERT_EQ(list(at(name)).result, kOk);
    ASSERT_EQ(list(at(name)).result, kOk);
  }
  bool is_kept(const std::string& name) const {
    const auto before = looks();
    list(at(name));
    return looks() == before;
  }

  Library library;
  const std::string folder = library.folder().filename().string();
  Collected<OmniClientConnectionStatus> statuses;

 private:
  std::uint32_t handle_;
};

class KeptLists : public ListsOfAServer {};

TEST_P(KeptLists, AreAnsweredFromMemory) {
  ASSERT_EQ(write(at("f/a"), "one"), kOk);
  ASSERT_EQ(write(at("f/b"), "three"), kOk);
  ASSERT_EQ(create_folder(at("f/in")), kOk);
  ASSERT_EQ(call(omniClientLock, at("f/b")), kOk);
  const auto fresh = list(at("f"));
  const auto fresh_item = stat(at("f/b"));
  keep("f");

  const auto before = looks();
  const auto kept = list(at("f"));
  const auto kept_item = stat(at("f/b"));
  EXPECT_EQ(looks(), before);

  ASSERT_EQ(kept.names(), (std::vector<std::string>{"a", "b", "in"}));
  for (std::size_t i = 0; i < kept.items.size(); ++i) expect_same(kept.items[i], fresh.items[i]);
  EXPECT_EQ(kept_item.result, kOk);
  expect_same(kept_item.item, fresh_item.item);
  EXPECT_EQ(stat(at("f/none")).result, eOmniClientResult_ErrorNotFound);
  EXPECT_EQ(list(at("f/a")).result, eOmniClientResult_ErrorNotFound);
}

TEST_P(KeptLists, CostNothingWhereEachFolderIsListedOnce) {
  for (int i = 0; i < 5; ++i) ASSERT_EQ(write(at("f" + std::to_string(i) + "/a"), "x"), kOk);
  const auto before = looks(), subscribed = asked("subscribe_list");

  for (int i = 0; i < 5; ++i) EXPECT_EQ(list(at("f" + std::to_string(i))).names(), std::vector<std::string>{"a"});

  EXPECT_EQ(looks(), before + 5);
  EXPECT_EQ(asked("subscribe_list"), subscribed);
}

TEST_P(KeptLists, BeginWithItemsThatAreLookedAtBehindOneList) {
  ASSERT_EQ(write(at("f/a"), "x"), kOk);
  ASSERT_EQ(list(at("f")).result, kOk);

  for (int i = 0; i < 2; ++i) EXPECT_EQ(stat(at("f/a")).result, kOk);
  int before;
  do {  // Until the list that nobody waits for has come.
    before = asked("stat2");
    EXPECT_EQ(stat(at("f/a")).result, kOk);
  } while (asked("stat2") != before);

  EXPECT_TRUE(is_kept("f"));
}

TEST_P(KeptLists, ShowWhatOneHasDoneHimself) {
  ASSERT_EQ(write(at("f/a"), ""), kOk);
  keep("f");
  const auto names = [this] { return list(at("f")).names(); };
  using Names = std::vector<std::string>;

  for (std::size_t i = 1; i <= 10; ++i) {
    ASSERT_EQ(write(at("f/a"), std::string(i, 'x')), kOk);
    EXPECT_EQ(stat(at("f/a")).item.size, i);
    ASSERT_EQ(write(at("f/b"), std::string(i, 'x')), kOk);
    const auto listed = list(at("f"));
    ASSERT_EQ(listed.names(), (Names{"a", "b"}));
    EXPECT_EQ(listed.items[1].size, i);
    ASSERT_EQ(copy(at("f/b"), at("f/c")), kOk);
    EXPECT_EQ(stat(at("f/c")).item.size, i);
    EXPECT_EQ(names(), (Names{"a", "b", "c"}));
    ASSERT_EQ(move(at("f/c"), at("f/d")).result, kOk);
    EXPECT_EQ(stat(at("f/c")).result, eOmniClientResult_ErrorNotFound);
    EXPECT_EQ(names(), (Names{"a", "b", "d"}));
    ASSERT_EQ(delete_item(at("f/d")), kOk);
    EXPECT_EQ(stat(at("f/d")).result, eOmniClientResult_ErrorNotFound);
    EXPECT_EQ(names(), (Names{"a", "b"}));
    ASSERT_EQ(call(omniClientUndelete, at("f/d")), kOk);
    EXPECT_EQ(stat(at("f/d")).item.size, i);
    ASSERT_EQ(move(at("f/d"), at("f/b"), eOmniClientCopy_Overwrite).result, kOk);
    EXPECT_EQ(names(), (Names{"a", "b"}));
    ASSERT_EQ(call(omniClientLock, at("f/a")), kOk);
    EXPECT_FALSE(stat(at("f/a")).item.locked_by.empty());
    ASSERT_EQ(call(omniClientUnlock, at("f/a")), kOk);
    EXPECT_TRUE(list(at("f")).items[0].locked_by.empty());
    ASSERT_EQ(delete_item(at("f/b")), kOk);
    ASSERT_EQ(create_folder(at("f/b")), kOk);
    EXPECT_TRUE(stat(at("f/b")).item.flags & fOmniClientItem_CanHaveChildren);
    ASSERT_EQ(delete_item(at("f/b")), kOk);
    EXPECT_EQ(names(), Names{"a"});
    EXPECT_EQ(names(), Names{"a"});
  }
}

TEST_P(KeptLists, ShowWhatOneHasDoneWithTheFolder) {
  ASSERT_EQ(write(at("f/in/a"), "x"), kOk);
  keep("f");
  keep("f/in");

  ASSERT_EQ(move(at("f"), at("g")).result, kOk);
  EXPECT_EQ(list(at("f/in")).result, eOmniClientResult_ErrorNotFound);
  EXPECT_EQ(stat(at("f/in/a")).result, eOmniClientResult_ErrorNotFound);
  EXPECT_EQ(list(at("g/in")).names(), std::vector<std::string>{"a"});
  keep("g/in");
  ASSERT_EQ(delete_item(at("g")), kOk);
  EXPECT_EQ(list(at("g/in")).result, eOmniClientResult_ErrorNotFound);
  ASSERT_EQ(write(at("g/in/b"), "x"), kOk);
  EXPECT_EQ(list(at("g/in")).names(), std::vector<std::string>{"b"});
}

TEST_P(KeptLists, ShowWhatWasAskedForTogether) {
  ASSERT_EQ(create_folder(at("f")), kOk);
  keep("f");
  constexpr std::size_t kFiles = 16;
  for (std::size_t round = 1; round <= 5; ++round) {
    std::vector<OmniClientRequestId> writes;
    for (std::size_t i = 0; i < kFiles; ++i) {
      auto content = omniClientAllocContent(round);
      std::memset(content.buffer, 'x', round);
      writes.push_back(omniClientWriteFile(at("f/" + std::to_string(i)).c_str(), &content, nullptr, nullptr, nullptr));
    }
    for (std::size_t i = 0; i < kFiles; ++i) {
      omniClientWait(writes[i]);
      EXPECT_EQ(stat(at("f/" + std::to_string(i))).item.size, round);
    }
    const auto listed = list(at("f"));
    EXPECT_EQ(listed.items.size(), kFiles);
    for (const auto& item : listed.items) EXPECT_EQ(item.size, round) << item.path;
  }
}

TEST_P(KeptLists, ShowWhatOneHasDoneByAnotherNameOfTheServer) {
  ASSERT_EQ(write(at("f/a"), "x"), kOk);
  keep("f");
  const auto other = [this](const std::string& name) {
    auto url = at(name);
    return url.replace(url.find("127.0.0.1"), std::strlen("127.0.0.1"), "localhost");
  };

  for (int i = 0; i < 10; ++i) {
    ASSERT_EQ(write(other("f/b"), "x"), kOk);
    EXPECT_EQ(list(at("f")).names(), (std::vector<std::string>{"a", "b"}));
    ASSERT_EQ(delete_item(other("f/b")), kOk);
    EXPECT_EQ(stat(at("f/b")).result, eOmniClientResult_ErrorNotFound);
    EXPECT_EQ(list(at("f")).names(), std::vector<std::string>{"a"});
  }
}

TEST_P(KeptLists, AreNotWhatIsCopiedElsewhere) {
  ASSERT_EQ(write(at("f/a"), "x"), kOk);
  keep("f");
  ASSERT_TRUE(is_kept("f"));
  const auto before = asked("list2");

  ASSERT_EQ(copy(at("f"), (library.folder() / "files" / "f").string()), kOk);

  EXPECT_EQ(asked("list2"), before + 1);
}

TEST_P(KeptLists, ShowWhatOthersDo) {
  ASSERT_EQ(write(at("f/a"), "x"), kOk);
  ASSERT_EQ(write(at("f/in/a"), "x"), kOk);
  keep("f");
  keep("f/in");
  ASSERT_TRUE(is_kept("f"));
  // Each of these is seen as late as the server tells of it.
  const auto wait_for = [this](const std::vector<std::string>& names) {
    while (list(at("f")).names() != names) std::this_thread::yield();
  };

  others("write " + path("f/b") + " new");
  wait_for({"a", "b", "in"});
  others("write " + path("f/a") + " longer");
  while (stat(at("f/a")).item.size != 6) std::this_thread::yield();
  others("rename " + path("f/a") + " " + path("f/c"));
  wait_for({"b", "c", "in"});
  EXPECT_EQ(stat(at("f/c")).item.size, 6u);
  others("delete " + path("f/b"));
  wait_for({"c", "in"});
  others("rename " + path("f/in") + " " + path("f/out"));
  wait_for({"c", "out"});
  while (list(at("f/in")).result != eOmniClientResult_ErrorNotFound) std::this_thread::yield();
  others("delete " + path("f"));
  while (list(at("f")).result != eOmniClientResult_ErrorNotFound) std::this_thread::yield();
  others("write " + path("f/d") + " again");
  while (list(at("f")).names() != std::vector<std::string>{"d"}) std::this_thread::yield();
}

TEST_P(KeptLists, ShowNoLessThanSubscriptionsHaveTold) {
  ASSERT_EQ(write(at("f/a"), "x"), kOk);
  auto watch = Watch::folder(at("f"));
  ASSERT_EQ(watch.first(), kOk);
  keep("f");

  for (int i = 0; i < 20; ++i) {
    const auto name = "b" + std::to_string(i);
    others("write " + path("f/" + name) + " new");
    watch.until(eOmniClientListEvent_Created, name);
    EXPECT_EQ(stat(at("f/" + name)).result, kOk);
    EXPECT_EQ(list(at("f")).items.size(), static_cast<std::size_t>(i + 2));
  }
}

TEST_P(KeptLists, GoWithTheConnection) {
  ASSERT_EQ(write(at("f/a"), "x"), kOk);
  keep("f");

  others("drop");
  statuses.wait_until([](auto status) { return status == eOmniClientConnectionStatus_Disconnected; });
  others("write " + path("f/b") + " new");

  EXPECT_EQ(list(at("f")).names(), (std::vector<std::string>{"a", "b"}));
  keep("f");
  EXPECT_TRUE(is_kept("f"));
  omniClientSignOut(GetParam().c_str());
  statuses.wait_until([](auto status) { return status == eOmniClientConnectionStatus_SignedOut; });
  EXPECT_FALSE(is_kept("f"));
}

TEST_P(KeptLists, AreOfNoUseToWhoBypassesThem) {
  ASSERT_EQ(write(at("f/a"), "x"), kOk);
  keep("f");
  const auto stopped = asked("stop");

  omniClientBypassListCache(true);

  for (int i = 0; i < 4; ++i) EXPECT_FALSE(is_kept("f"));
  EXPECT_EQ(asked("stop"), stopped + 1);
  omniClientBypassListCache(false);
  keep("f");
  EXPECT_TRUE(is_kept("f"));
  omniClientConfigSetInt("omniverse.list_cache_ms", 0);
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(is_kept("f"));
}

TEST_P(KeptLists, AreOfTheDefaultKindOnly) {
  ASSERT_EQ(write(at("f/a"), "x", "first"), kOk);
  ASSERT_EQ(write(at("f/b"), "x"), kOk);
  ASSERT_EQ(delete_item(at("f/b")), kOk);
  keep("f");

  EXPECT_EQ(list(at("f"), eOmniClientListIncludeOption_IncludeDeleted).names(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(list(at("f"), eOmniClientListIncludeOption_OnlyDeleted).names(), std::vector<std::string>{"b"});
  ASSERT_EQ(write(at("f/a"), "longer", "second"), kOk);
  EXPECT_EQ(stat(at("f/a?&1")).item.size, 1u);
  EXPECT_EQ(stat(at("f/a")).item.size, 6u);
}

TEST_P(KeptLists, AreBounded) {
  for (const char* name : {"f/a", "g/a", "g/b", "h/a"}) ASSERT_EQ(write(at(name), "x"), kOk);
  omniClientConfigSetInt("omniverse.list_cache_folders", 2);
  for (const char* name : {"f", "g", "h"}) keep(name);
  EXPECT_FALSE(is_kept("f")) << "the one that was not used for the longest time";
  EXPECT_TRUE(is_kept("g"));
  EXPECT_TRUE(is_kept("h"));

  omniClientConfigSetInt("omniverse.list_cache_entries", 2);
  keep("f");
  EXPECT_TRUE(is_kept("f"));
  keep("g");
  EXPECT_FALSE(is_kept("f")) << "three entries in both";
  EXPECT_TRUE(is_kept("g"));
  ASSERT_EQ(write(at("g/c"), "x"), kOk);
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(is_kept("g")) << "more entries than may be kept";
}

TEST_P(KeptLists, EndWhereNobodyUsesThem) {
  omniClientConfigSetInt("omniverse.list_cache_ms", 1);
  ASSERT_EQ(write(at("f/a"), "x"), kOk);
  const auto subscribed = asked("subscribe_list"), stopped = asked("stop");
  keep("f");
  ASSERT_EQ(asked("subscribe_list"), subscribed + 1);

  while (asked("stop") == stopped) std::this_thread::yield();
}

TEST_P(KeptLists, EndWhereThereAreChangesAndNobodyLooks) {
  ASSERT_EQ(write(at("f/a"), "x"), kOk);
  keep("f");
  const auto stopped = asked("stop");

  while (asked("stop") == stopped) others("write " + path("f/b") + " x");

  EXPECT_EQ(list(at("f")).names(), (std::vector<std::string>{"a", "b"}));
}

TEST_P(KeptLists, AreRightForManyThreads) {
  ASSERT_EQ(create_folder(at("f")), kOk);
  std::vector<std::thread> threads;
  for (int number = 0; number < 8; ++number) {
    threads.emplace_back([this, own = "f/" + std::to_string(number)] {
      const auto name = own.substr(2);
      const auto listed = [&]() -> std::int64_t {
        for (const auto& item : list(at("f")).items) {
          if (item.path == name) return static_cast<std::int64_t>(item.size);
        }
        return -1;
      };
      for (std::size_t i = 1; i <= 15; ++i) {
        EXPECT_EQ(write(at(own), std::string(i, 'x')), kOk);
        EXPECT_EQ(listed(), static_cast<std::int64_t>(i));
        EXPECT_EQ(stat(at(own)).item.size, i);
        EXPECT_EQ(listed(), static_cast<std::int64_t>(i));
        if (i % 3 != 0) continue;
        EXPECT_EQ(delete_item(at(own)), kOk);
        EXPECT_EQ(listed(), -1);
        EXPECT_EQ(stat(at(own)).result, eOmniClientResult_ErrorNotFound);
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

INSTANTIATE_TEST_SUITE_P(Omniclient, KeptLists, testing::ValuesIn(servers_with_lists()));
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(KeptLists);

/// Where somebody else decides what she may read.
class ListsOfEve : public ListsOfAServer {};

TEST_P(ListsOfEve, GoWithTheRightToReadThem) {
  others("write " + path("f/a") + " x");
  keep("f");
  ASSERT_TRUE(is_kept("f"));

  others("close " + path("f") + " eve");
  while (list(at("f")).result != eOmniClientResult_ErrorAccessDenied) std::this_thread::yield();
  EXPECT_EQ(stat(at("f/a")).result, eOmniClientResult_ErrorAccessDenied);

  others("open " + path("f"));
  EXPECT_EQ(list(at("f")).names(), std::vector<std::string>{"a"});
}

INSTANTIATE_TEST_SUITE_P(Omniclient, ListsOfEve, testing::ValuesIn(servers_with_lists()));
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(ListsOfEve);

/// A server that takes one subscription of each connection.
class FewSubscriptions : public ListsOfAServer {};

TEST_P(FewSubscriptions, AreLeftToTheProgram) {
  ASSERT_EQ(write(at("f/a"), "x"), kOk);
  ASSERT_EQ(write(at("g/a"), "x"), kOk);
  keep("f");
  EXPECT_TRUE(is_kept("f"));
  keep("g");
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(is_kept("g"));

  auto watch = Watch::folder(at("g"));

  EXPECT_EQ(watch.first(), kOk);
  ASSERT_EQ(write(at("g/b"), "x"), kOk);
  watch.until(eOmniClientListEvent_Created, "b");
  for (int i = 0; i < 4; ++i) EXPECT_EQ(list(at("f")).names(), std::vector<std::string>{"a"});
  EXPECT_FALSE(is_kept("f"));
}

INSTANTIATE_TEST_SUITE_P(Omniclient, FewSubscriptions, testing::ValuesIn(servers_with_lists()));
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(FewSubscriptions);

}  // namespace
