// Startup, shutdown, the log, status callbacks, buffers.
#include "client.hpp"
#include "providers/memory/faults.hpp"

#include <fstream>
#include <future>
#include <thread>

namespace {

using namespace client;

constexpr uint64_t version(uint64_t major, uint64_t minor, uint64_t patch) { return major << 48 | minor << 32 | patch; }

Collected<std::string> logged;
void keep_line(char const*, char const* component, OmniClientLogLevel level, char const* message) noexcept {
  logged.add(std::string(1, omniClientGetLogLevelChar(level)) + " " + component + ": " + message);
}

TEST(Initialize, AcceptsTheSameMajorAndNoNewerMinor) {
  for (const auto accepted : {version(2, 68, 1), version(2, 68, 9), version(2, 0, 0), version(2, 21, 0)}) {
    EXPECT_TRUE(omniClientInitialize(accepted)) << std::hex << accepted;
  }
  for (const auto refused :
       {version(2, 69, 0), version(1, 68, 1), version(3, 0, 0), version(0, 18, 0), version(0, 0, 0)}) {
    EXPECT_FALSE(omniClientInitialize(refused)) << std::hex << refused;
  }
  omniClientShutdown();
}

TEST(Initialize, AcceptsTheOldestBehindASwitch) {
  setenv("OMNICLIENT_ACCEPT_0_18", "1", 1);
  EXPECT_TRUE(omniClientInitialize(77309411328));
  unsetenv("OMNICLIENT_ACCEPT_0_18");
  EXPECT_FALSE(omniClientInitialize(77309411328));
  omniClientShutdown();
}

TEST(Initialize, SaysInTheLogWhatItRefused) {
  omniClientSetLogCallback(keep_line);

  EXPECT_FALSE(omniClientInitialize(version(2, 99, 3)));
  EXPECT_FALSE(omniClientInitialize(version(7, 0, 0)));

  const auto lines = logged.wait_for(2);
  omniClientSetLogCallback(nullptr);
  EXPECT_EQ(
      lines[lines.size() - 2],
      "E engine: A program for version 2.99.3 of the client library is refused by version 2.68.1: the minor version "
      "must not be above 68");
  EXPECT_NE(lines.back().find("7.0.0"), std::string::npos);
}

TEST(Initialize, HappensByItself) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");  // In a process that has called nothing yet.
  EXPECT_EXIT(
      {
        const bool works = stat("/").result == kOk;
        omniClientShutdown();
        std::_Exit(works ? 0 : 1);
      },
      testing::ExitedWithCode(0), "");
}

TEST(Initialize, SpeaksOfTheVersionItIs) {
  EXPECT_FALSE(omniClientTraceStart());
  omniClientTraceStop();
  EXPECT_EQ(kOmniClientVersion, 563242011197441u);
  EXPECT_EQ(std::string(omniClientGetVersionString()).substr(0, 6), "2.68.1");
}

TEST(Shutdown, EndsEverything) {
  Library library;
  const auto path = (library.folder() / "files").string();
  ASSERT_EQ(stat(path).result, kOk);

  omniClientShutdown();

  bool called = false;
  EXPECT_EQ(omniClientStat(path.c_str(), &called,
                           [](void* data, OmniClientResult, OmniClientListEntry const*) noexcept {
                             *static_cast<bool*>(data) = true;
                           }),
            kInvalidRequestId);
  EXPECT_EQ(
      omniClientRegisterFileStatusCallback(nullptr, [](void*, char const*, OmniClientFileStatus, int) noexcept {}), 0u);
  EXPECT_EQ(omniClientJoinChannel("mem://h/c", nullptr, nullptr), kInvalidRequestId);
  omniClientWait(1);
  EXPECT_TRUE(omniClientWaitFor(1, 1000));
  omniClientStop(1);
  omniClientUnregisterCallback(1);
  omniClientLiveProcess();
  omniClientShutdown();
  EXPECT_FALSE(called);
}

TEST(Shutdown, AnswersWhatIsPending) {
  Library library;
  omniclient::memory::Faults faults;
  faults.delay = std::chrono::hours(1);
  omniclient::memory::set_faults(faults);
  Collected<OmniClientResult> results;
  const auto id = omniClientStat("mem://h/a", &results,
                                 [](void* data, OmniClientResult result, OmniClientListEntry const*) noexcept {
                                   static_cast<Collected<OmniClientResult>*>(data)->add(result);
                                 });
  ASSERT_FALSE(omniClientWaitFor(id, 1));
  std::thread waiting([id] { omniClientWait(id); });

  omniClientShutdown();

  waiting.join();
  EXPECT_EQ(results.all(), std::vector<OmniClientResult>{eOmniClientResult_ErrorConnection});
}

TEST(Shutdown, WorksInsideACallback) {
  std::promise<void> done;
  {
    Library library;
    omniClientStat("/", &done, [](void* data, OmniClientResult, OmniClientListEntry const*) noexcept {
      omniClientShutdown();
      EXPECT_EQ(omniClientStat("/", nullptr, nullptr), kInvalidRequestId);
      static_cast<std::promise<void>*>(data)->set_value();
    });
    done.get_future().wait();
  }
  Library again;
  EXPECT_EQ(stat("/").result, kOk);
}

/// A callback that holds the callbacks' thread up until it may go on.
struct Held {
  std::promise<void> running;
  std::promise<void> go_on;
  std::atomic<bool> returned{false};
  static void call(void* data, OmniClientResult, OmniClientListEntry const*) noexcept {
    auto& self = *static_cast<Held*>(data);
    self.running.set_value();
    self.go_on.get_future().wait();
    self.returned = true;
  }
};

TEST(Shutdown, LetsNobodyGoBeforeTheirCallbackHasReturned) {
  Library library;
  Held held;
  const auto id = omniClientStat("/", &held, Held::call);
  const auto handle =
      omniClientRegisterFileStatusCallback(nullptr, [](void*, char const*, OmniClientFileStatus, int) noexcept {});
  held.running.get_future().wait();
  std::thread shutting([] { omniClientShutdown(); });
  while (omniClientStat("/", nullptr, nullptr) != kInvalidRequestId) std::this_thread::yield();
  std::vector<std::thread> others;
  others.emplace_back([&] {
    omniClientStop(id);
    EXPECT_TRUE(held.returned);
  });
  others.emplace_back([&] {
    omniClientWait(id);
    EXPECT_TRUE(held.returned);
  });
  others.emplace_back([&] {
    omniClientShutdown();
    EXPECT_TRUE(held.returned);
  });
  others.emplace_back([handle] { omniClientUnregisterCallback(handle); });
  others.back().join();  // Whose callback does not run need not wait.
  others.pop_back();

  held.go_on.set_value();
  shutting.join();
  for (auto& other : others) other.join();
}

TEST(Shutdown, WaitsForALiveReadThatIsProcessed) {
  Library library;
  struct Reader : Held {
    int calls = 0;
  } held;
  auto content = omniClientAllocContent(1);
  omniClientWait(omniClientLiveCreate("mem://h/live", &content, nullptr, nullptr));
  omniClientLiveConfigureJitterReduction(0, 0, 0);
  omniClientWait(
      omniClientLiveRead("mem://h/live", 0, 0, &held,
                         [](void* data, OmniClientResult result, uint64_t, uint64_t, OmniClientContent*) noexcept {
                           auto& reader = *static_cast<Reader*>(data);
                           if (++reader.calls == 2) Held::call(static_cast<Held*>(&reader), result, nullptr);
                         }));
  uint64_t object = 0;
  omniClientWait(omniClientLiveRead("mem://h/live", 0, 0, &object,
                                    [](void* data, OmniClientResult, uint64_t id, uint64_t,
                                       OmniClientContent*) noexcept { *static_cast<uint64_t*>(data) = id; }));
  content = omniClientAllocContent(1);
  omniClientWait(omniClientLiveUpdate("mem://h/live", object, &content, nullptr, nullptr));
  std::thread processing([] { omniClientLiveProcess(); });
  held.running.get_future().wait();

  std::thread shutting([&held] {
    omniClientShutdown();
    EXPECT_TRUE(held.returned);
  });
  while (omniClientStat("/", nullptr, nullptr) != kInvalidRequestId) std::this_thread::yield();
  held.go_on.set_value();
  shutting.join();
  processing.join();
}

TEST(Request, WaitsForWhatWasNeverBegun) {
  omniClientWait(kInvalidRequestId);
  EXPECT_TRUE(omniClientWaitFor(kInvalidRequestId, UINT64_MAX));
  omniClientStop(kInvalidRequestId);
}

TEST(Request, TakesNullForEveryCallback) {
  Library library;
  const auto base = "mem://h/" + std::string("null/");
  const auto url = base + "a";
  const auto other = base + "b";
  const auto content = [] { return omniClientAllocContent(1); };
  auto bytes = content();
  omniClientWait(omniClientWriteFile(url.c_str(), &bytes, nullptr, nullptr));
  bytes = content();
  omniClientWait(omniClientWriteFileEx(url.c_str(), &bytes, nullptr, nullptr));
  bytes = content();
  omniClientWait(omniClientWriteFileEx2(url.c_str(), &bytes, nullptr, nullptr, nullptr));
  omniClientWait(omniClientWriteFile(url.c_str(), nullptr, nullptr, nullptr));
  omniClientWait(omniClientCreateWithHash(url.c_str(), nullptr, true, nullptr, nullptr));
  omniClientWait(omniClientStat(url.c_str(), nullptr, nullptr));
  omniClientWait(omniClientList(base.c_str(), nullptr, nullptr));
  omniClientWait(omniClientReadFile(url.c_str(), nullptr, nullptr));
  omniClientWait(omniClientGetLocalFile(url.c_str(), true, nullptr, nullptr));
  omniClientWait(omniClientCopy(url.c_str(), other.c_str(), nullptr, nullptr));
  omniClientWait(omniClientMove(other.c_str(), (base + "c").c_str(), nullptr, nullptr));
  omniClientWait(omniClientCreateFolder((base + "f").c_str(), nullptr, nullptr));
  omniClientWait(omniClientCreateCheckpoint(url.c_str(), nullptr, true, nullptr, nullptr));
  omniClientWait(omniClientListCheckpoints(url.c_str(), nullptr, nullptr));
  omniClientWait(omniClientLock(url.c_str(), nullptr, nullptr));
  omniClientWait(omniClientUnlock(url.c_str(), nullptr, nullptr));
  omniClientWait(omniClientGetServerInfo(url.c_str(), nullptr, nullptr));
  omniClientWait(omniClientRefreshAuthToken(url.c_str(), nullptr, nullptr));
  omniClientWait(omniClientGetAcls(url.c_str(), nullptr, nullptr));
  omniClientWait(omniClientSetAcls(url.c_str(), 0, nullptr, nullptr, nullptr));
  omniClientWait(omniClientGetGroups(url.c_str(), nullptr, nullptr));
  omniClientWait(omniClientGetGroupUsers(url.c_str(), nullptr, nullptr, nullptr));
  omniClientWait(omniClientGetUsers(url.c_str(), nullptr, nullptr));
  omniClientWait(omniClientGetUserGroups(url.c_str(), nullptr, nullptr, nullptr));
  omniClientWait(omniClientCreateGroup(url.c_str(), "g", nullptr, nullptr));
  omniClientWait(omniClientRenameGroup(url.c_str(), "g", "h", nullptr, nullptr));
  omniClientWait(omniClientAddUserToGroup(url.c_str(), "user", "h", nullptr, nullptr));
  omniClientWait(omniClientRemoveUserFromGroup(url.c_str(), "user", "h", nullptr, nullptr));
  omniClientWait(omniClientRemoveGroup(url.c_str(), "h", nullptr, nullptr));
  bytes = content();
  omniClientWait(omniClientLiveCreate((base + "l").c_str(), &bytes, nullptr, nullptr));
  bytes = content();
  omniClientWait(omniClientLiveUpdate((base + "l").c_str(), 1, &bytes, nullptr, nullptr));
  const auto live = omniClientLiveRead((base + "l").c_str(), 0, 0, nullptr, nullptr);
  omniClientWait(live);
  omniClientStop(live);
  const auto channel = omniClientJoinChannel((base + "ch").c_str(), nullptr, nullptr);
  omniClientWait(channel);
  bytes = content();
  omniClientWait(omniClientSendMessage(channel, &bytes, nullptr, nullptr));
  omniClientStop(channel);
  const char* paths[] = {base.c_str()};
  omniClientWait(omniClientResolve("a", paths, 1, nullptr, nullptr));
  omniClientWait(omniClientResolveSubscribe("a", paths, 1, nullptr, nullptr, nullptr));
  omniClientWait(omniClientListBookmarks(nullptr, nullptr));
  omniClientWait(omniClientGetOmniHubVersion(nullptr, nullptr));
  omniClientWait(omniClientRegisterStorageDirect(nullptr, nullptr, nullptr));
  omniClientWait(omniClientRegisterStorageFromDiscovery(nullptr, nullptr, nullptr));
  omniClientWait(omniClientObliterate((base + "c").c_str(), true, nullptr, nullptr));
  omniClientWait(omniClientDeleteSingle(url.c_str(), nullptr, nullptr));
  omniClientWait(omniClientUndelete(url.c_str(), nullptr, nullptr));
  omniClientWait(omniClientDelete(url.c_str(), nullptr, nullptr));

  EXPECT_EQ(stat(url).result, eOmniClientResult_ErrorNotFound);
}

TEST(Request, AnswersMistakesAndUnknownSchemes) {
  Library library;
  Collected<OmniClientResult> results;
  const auto keep = [](void* data, OmniClientResult result, OmniClientListEntry const* entry) noexcept {
    EXPECT_NE(entry, nullptr);
    static_cast<Collected<OmniClientResult>*>(data)->add(result);
  };
  omniClientWait(omniClientStat(nullptr, &results, keep));
  omniClientWait(omniClientStat("", &results, keep));
  omniClientWait(omniClientStat("nobody://h/p", &results, keep));
  omniClientWait(omniClientStat("file://elsewhere/p", &results, keep));
  omniClientWait(omniClientStat("file:/a%00b", &results, keep));

  EXPECT_EQ(results.all(),
            (std::vector<OmniClientResult>{eOmniClientResult_ErrorBadRequest, eOmniClientResult_ErrorBadRequest,
                                           eOmniClientResult_ErrorNotSupported, eOmniClientResult_ErrorBadRequest,
                                           eOmniClientResult_ErrorBadRequest}));
}

TEST(Request, RefusesOptionsThatItDoesNotKnow) {
  Library library;
  Collected<OmniClientResult> results;
  const OmniClientWriteFileEx2Options options{99, false, nullptr};
  auto content = omniClientAllocContent(1);
  omniClientWait(omniClientWriteFileEx2(
      "mem://h/a", &content, &results,
      [](void* data, OmniClientResult result, OmniClientWriteFileExInfo const*) noexcept {
        static_cast<Collected<OmniClientResult>*>(data)->add(result);
      },
      &options));

  EXPECT_EQ(results.all(), std::vector<OmniClientResult>{eOmniClientResult_ErrorUnsupportedVersion});
}

TEST(Request, MayBeWaitedForInsideOfACallback) {
  Library library;
  const auto url = (library.folder() / "files").string();
  Collected<OmniClientResult> results;
  struct Inside {
    std::string url;
    Collected<OmniClientResult>* results;
  } inside{url, &results};

  omniClientWait(
      omniClientStat(url.c_str(), &inside, [](void* data, OmniClientResult, OmniClientListEntry const*) noexcept {
        auto& here = *static_cast<Inside*>(data);
        here.results->add(write(here.url + "/a", "x"));
        here.results->add(read(here.url + "/a").result);
        here.results->add(list(here.url).result);
      }));

  EXPECT_EQ(results.all(), std::vector<OmniClientResult>(3, kOk));
}

struct FileStatus {
  std::string url;
  OmniClientFileStatus status;
  int percentage;
};

TEST(StatusCallback, TellsHowFarFilesAre) {
  Library library;
  Collected<FileStatus> told;
  const auto handle = omniClientRegisterFileStatusCallback(
      &told, [](void* data, char const* url, OmniClientFileStatus status, int percentage) noexcept {
        static_cast<Collected<FileStatus>*>(data)->add({url, status, percentage});
      });
  ASSERT_NE(handle, 0u);
  const auto url = "file:" + (library.folder() / "files/a").string();

  ASSERT_EQ(write(url, std::string(16u << 20, 'x')), kOk);

  const auto all = told.all();
  ASSERT_GE(all.size(), 3u);
  EXPECT_EQ(all.front().url, url);
  EXPECT_EQ(all.front().status, eOmniClientFileStatus_Writing);
  EXPECT_EQ(all.front().percentage, 0);
  EXPECT_EQ(all.back().percentage, 100);
  for (std::size_t i = 1; i < all.size(); ++i) EXPECT_GE(all[i].percentage, all[i - 1].percentage);
  omniClientUnregisterCallback(handle);
  ASSERT_EQ(read(url).result, kOk);
  EXPECT_EQ(told.all().size(), all.size());
}

struct ConnectionStatus {
  std::string url;
  OmniClientConnectionStatus status;
  friend bool operator==(const ConnectionStatus&, const ConnectionStatus&) = default;
};
void keep_connection(void* data, char const* url, OmniClientConnectionStatus status) noexcept {
  static_cast<Collected<ConnectionStatus>*>(data)->add({url, status});
}

TEST(StatusCallback, TellsOfConnectionsAlsoWhoComesLater) {
  Library library;
  Collected<ConnectionStatus> early;
  Collected<ConnectionStatus> late;
  ASSERT_NE(omniClientRegisterConnectionStatusCallback(&early, keep_connection), 0u);

  EXPECT_EQ(stat("mem://ann@h:99/a").result, eOmniClientResult_ErrorNotFound);
  ASSERT_NE(omniClientRegisterConnectionStatusCallback(&late, keep_connection), 0u);
  omniClientSignOut("mem://ann@h:99");

  EXPECT_EQ(early.wait_for(3), (std::vector<ConnectionStatus>{{"mem://h:99", eOmniClientConnectionStatus_Connecting},
                                                              {"mem://h:99", eOmniClientConnectionStatus_Connected},
                                                              {"mem://h:99", eOmniClientConnectionStatus_SignedOut}}));
  EXPECT_EQ(late.wait_for(2), (std::vector<ConnectionStatus>{{"mem://h:99", eOmniClientConnectionStatus_Connected},
                                                             {"mem://h:99", eOmniClientConnectionStatus_SignedOut}}));
  // What has ended is no connection that anybody would have to know.
  Collected<ConnectionStatus> last;
  ASSERT_NE(omniClientRegisterConnectionStatusCallback(&last, keep_connection), 0u);
  EXPECT_EQ(stat("mem://h:100/a").result, eOmniClientResult_ErrorNotFound);
  EXPECT_EQ(last.wait_for(2)[0], (ConnectionStatus{"mem://h:100", eOmniClientConnectionStatus_Connecting}));
}

TEST(StatusCallback, MayUnregisterItself) {
  Library library;
  static std::atomic<std::uint32_t> handle{0};
  static std::atomic<int> called{0};
  handle = omniClientRegisterCacheBypassStatusCallback(nullptr, [](void*, OmniClientCacheBypassStatus) noexcept {
    ++called;
    omniClientUnregisterCallback(handle);
  });

  EXPECT_EQ(omniClientSetCacheBypassStatus(eOmniClientCacheBypassStatus_Enabled),
            eOmniClientCacheBypassStatus_Disabled);
  EXPECT_EQ(omniClientSetCacheBypassStatus(eOmniClientCacheBypassStatus_Disabled),
            eOmniClientCacheBypassStatus_Enabled);
  stat("/");

  EXPECT_EQ(called, 1);
}

TEST(Log, LeavesOutWhatIsBelowItsLevel) {
  Library library;
  Collected<std::string> before;
  omniClientSetLogCallback(keep_line);
  omniClientSetLogLevel(eOmniClientLogLevel_Error);
  const auto count = logged.all().size();
  omniClientConfigSetInt("file.poll_ms", 5);
  omniClientShutdown();
  omniClientSetLogLevel(eOmniClientLogLevel_Info);
  omniClientSetLogCallback(nullptr);

  EXPECT_EQ(logged.all().size(), count);
}

TEST(Log, MayBeTurnedOffInsideOfItself) {
  static std::atomic<int> called{0};
  omniClientSetLogCallback([](char const*, char const*, OmniClientLogLevel, char const*) noexcept {
    ++called;
    omniClientSetLogCallback(nullptr);
  });
  omniClientInitialize(0);
  omniClientInitialize(0);

  EXPECT_EQ(called, 1);
}

TEST(Log, MayUseTheLibraryWhileItStarts) {
  Library library;
  omniClientShutdown();
  std::filesystem::create_directories(library.folder() / "config/omniclient");
  std::ofstream(library.folder() / "config/omniclient/settings.conf") << "no setting\n";
  static Collected<std::string> lines;
  omniClientSetLogCallback([](char const*, char const*, OmniClientLogLevel, char const* message) noexcept {
    omniClientAddDefaultSearchPath("from the log");
    lines.add(message);
  });
  omniClientInitialize(kOmniClientVersion);
  lines.wait_until([](const std::string& line) { return line.find("settings.conf:1") != std::string::npos; });
  omniClientSetLogCallback(nullptr);
}

}  // namespace
