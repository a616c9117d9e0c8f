// What crosses the C boundary: names, texts in buffers, URLs in parts; and what a thread or the library keeps between
// calls.
#include "client.hpp"

#include <thread>

namespace {

using namespace client;

TEST(Names, AreThoseOfTheValues) {
  EXPECT_STREQ(omniClientGetResultString(eOmniClientResult_Ok), "Ok");
  EXPECT_STREQ(omniClientGetResultString(eOmniClientResult_ErrorFolderNotEmpty), "ErrorFolderNotEmpty");
  EXPECT_STREQ(omniClientGetResultString(eOmniClientResult_ErrorUnsupportedVersion), "ErrorUnsupportedVersion");
  EXPECT_STREQ(omniClientGetResultString(static_cast<OmniClientResult>(Count_eOmniClientResult)), "Unknown");
  EXPECT_STREQ(omniClientGetLogLevelString(eOmniClientLogLevel_Verbose), "Verbose");
  EXPECT_EQ(omniClientGetLogLevelChar(eOmniClientLogLevel_Verbose), 'V');
  EXPECT_STREQ(omniClientGetConnectionStatusString(eOmniClientConnectionStatus_InvalidHost), "InvalidHost");
  EXPECT_STREQ(omniClientGetFileStatusString(eOmniClientFileStatus_Stating), "Stating");
  EXPECT_STREQ(omniClientGetCacheBypassStatusString(eOmniClientCacheBypassStatus_Disabled), "Disabled");
}

TEST(Buffer, TellsHowMuchRoomItNeeds) {
  size_t size = 0;
  EXPECT_EQ(omniClientNormalizeUrl("http://h/a", nullptr, &size), nullptr);
  EXPECT_EQ(size, 11u);
  std::string exact(size, '\0');
  EXPECT_EQ(omniClientNormalizeUrl("http://h/a", exact.data(), &size), exact.data());
  EXPECT_STREQ(exact.c_str(), "http://h/a");
}

TEST(Buffer, GrowsUntilItFits) {
  std::string text;
  size_t size = 0;
  while (omniClientNormalizeUrl("http://h/a", text.data(), &size) == nullptr) text.resize(size);
  text.resize(size - 1);
  EXPECT_EQ(text, "http://h/a");
}

TEST(Buffer, MayBeLargerThanNeeded) {
  char buffer[2048];
  size_t size = sizeof buffer;
  EXPECT_EQ(omniClientNormalizeUrl("http://h/a", buffer, &size), buffer);
  EXPECT_EQ(size, 11u);
  size = 10;  // One too few.
  EXPECT_EQ(omniClientNormalizeUrl("http://h/a", buffer, &size), nullptr);
  EXPECT_EQ(omniClientNormalizeUrl("http://h/a", buffer, nullptr), nullptr);
}

TEST(BaseUrl, IsAStackOfEachThread) {
  EXPECT_EQ(omniClientGetBaseUrl(), nullptr);
  EXPECT_FALSE(omniClientPopBaseUrl(nullptr));
  omniClientPushBaseUrl("omniverse://h/a/");
  omniClientPushBaseUrl("b/");
  EXPECT_STREQ(omniClientGetBaseUrl(), "omniverse://h/a/b/");
  std::thread([] { EXPECT_EQ(omniClientGetBaseUrl(), nullptr); }).join();
  EXPECT_EQ(text_of([](char* buffer, size_t* size) { return omniClientCombineWithBaseUrl("c", buffer, size); }),
            "omniverse://h/a/b/c");
  auto* const broken = omniClientCombineWithBaseUrl2("../c");
  EXPECT_STREQ(broken->path, "/a/c");
  omniClientFreeUrl(broken);

  EXPECT_FALSE(omniClientPopBaseUrl("omniverse://h/a/"));
  EXPECT_TRUE(omniClientPopBaseUrl("b/"));
  EXPECT_TRUE(omniClientPopBaseUrl("omniverse://H/a/"));
  EXPECT_EQ(omniClientGetBaseUrl(), nullptr);
}

TEST(Alias, LeadsElsewhere) {
  Library library;
  ASSERT_EQ(write("mem://h/real/in/a", "x"), kOk);
  omniClientSetAlias("mem://nickname/", "mem://h/real/");
  omniClientSetAlias("mem://nickname/deep", "mem://h/real/in");

  EXPECT_EQ(read("mem://nickname/in/a").content, "x");
  EXPECT_EQ(read("mem://nickname/deep/a").content, "x");
  EXPECT_EQ(read("mem://nickname/deeper/a").result, eOmniClientResult_ErrorNotFound);
  omniClientSetAlias("mem://nickname/", nullptr);
  EXPECT_EQ(read("mem://nickname/in/a").result, eOmniClientResult_ErrorNotFound);
}

TEST(Urls, CrossTheBoundaryWhole) {
  auto* const url = omniClientBreakUrl("http://ann@h:1/p%20q?r#s");
  ASSERT_NE(url, nullptr);
  EXPECT_STREQ(url->user, "ann");
  EXPECT_STREQ(url->path, "/p q");
  EXPECT_EQ(text_of([url](char* buffer, size_t* size) { return omniClientMakeUrl(url, buffer, size); }),
            "http://ann@h:1/p%20q?r#s");
  auto* const combined = omniClientCombineUrls2(url, "other");
  EXPECT_STREQ(combined->path, "/other");
  EXPECT_EQ(combined->query, nullptr);
  omniClientFreeUrl(combined);
  omniClientFreeUrl(url);
  omniClientFreeUrl(nullptr);
  EXPECT_EQ(omniClientBreakUrl(nullptr), nullptr);
  EXPECT_EQ(text_of([](char* buffer, size_t* size) { return omniClientMakeFileUrl("/a b", buffer, size); }),
            "file:/a%20b");
  EXPECT_EQ(text_of([](char* b, size_t* s) { return omniClientMakeRelativeUrl("/a/b/c", "/a/d", b, s); }), "../d");
  EXPECT_EQ(text_of([](char* b, size_t* s) { return omniClientCombineUrls("/a/b/c", "d", b, s); }), "/a/b/d");
  EXPECT_EQ(text_of([](char* b, size_t* s) { return omniClientMakePrintable("a\n", b, s); }), "a%0A");
  auto* const at = omniClientGetBranchAndCheckpointFromQuery("main&3");
  ASSERT_NE(at, nullptr);
  EXPECT_STREQ(at->branch, "main");
  EXPECT_EQ(at->checkpoint, 3u);
  omniClientFreeBranchAndCheckpoint(at);
  EXPECT_EQ(omniClientGetBranchAndCheckpointFromQuery(nullptr), nullptr);
  EXPECT_EQ(text_of([](char* b, size_t* s) { return omniClientMakeQueryFromBranchAndCheckpoint("m", 3, b, s); }),
            "branch=m&checkpoint=3");
}

TEST(Retries, AnswerWhatWasSetBefore) {
  Library library;
  auto before = omniClientSetRetries({1, 2, 3});
  EXPECT_EQ(before.maxMs, 120000u);
  EXPECT_EQ(before.baseMs, 100u);
  EXPECT_EQ(before.jitterMs, 100u);
  before = omniClientSetRetries({0, 0, 0});
  EXPECT_EQ(before.jitterMs, 3u);
}

Collected<OmniClientResult> all_refused;

TEST(Hub, IsNotThereForAnyOfItsCaches) {
  client::Library library;
  const auto plain = [](void*, OmniClientResult result) noexcept { all_refused.add(result); };
  const auto blocks = [](void*, OmniClientResult result, uint32_t count, OmniClientBlockResult const*) noexcept {
    EXPECT_EQ(count, 0u);
    all_refused.add(result);
  };
  auto value = omniClientAllocContent(3);
  const uint64_t handle = 1;
  const uint8_t key = 1;
  const OmniClientPutRequest request{&key, 1, 1, 0};
  omniClientKvCacheSet("context", "key", &value, nullptr, plain);
  EXPECT_EQ(value.buffer, nullptr);  // Taken over, also by what refuses it.
  omniClientKvCacheGet("context", "key", nullptr, [](void*, OmniClientResult result, OmniClientContent* got) noexcept {
    EXPECT_EQ(got->size, 0u);
    all_refused.add(result);
  });
  omniClientKvCacheStat("context", "key", nullptr,
                        [](void*, OmniClientResult result, uint64_t) noexcept { all_refused.add(result); });
  omniClientBlockCacheGetOpen(&key, 1, nullptr, blocks);
  omniClientBlockCacheGetClose(&handle, 1, nullptr, plain);
  omniClientBlockCachePutOpen(&request, 1, nullptr, blocks);
  omniClientBlockCachePutCommit(&handle, 1, nullptr, plain);
  omniClientBlockCachePutAbort(&handle, 1, nullptr, plain);
  omniClientBlockCacheStat(
      &key, 1, nullptr,
      [](void*, OmniClientResult result, OmniClientBlockCacheStatResult const*) noexcept { all_refused.add(result); });
  omniClientGetOmniHubVersion(nullptr,
                              [](void*, OmniClientResult result, char const*) noexcept { all_refused.add(result); });

  EXPECT_EQ(all_refused.wait_for(10), std::vector<OmniClientResult>(10, eOmniClientResult_ErrorNotSupported));
  omniClientWait(omniClientKvCacheSet(nullptr, nullptr, nullptr, nullptr, nullptr));
  omniClientFreeStringList(nullptr);
  const auto metrics =
      omniClientRegisterMetricsCallback(nullptr, [](void*, OmniClientMetricsEvent, void const*) noexcept {});
  EXPECT_NE(metrics, 0u);
  omniClientUnregisterCallback(metrics);
}

TEST(Alias, LeadsFromUrlsToPathsAndBack) {
  client::Library library;
  const auto files = (library.folder() / "files").string();
  ASSERT_EQ(client::write(files + "/in/a b%20?#c", "x"), eOmniClientResult_Ok);
  omniClientSetAlias("mem://nick/sub", (files + "/in").c_str());
  omniClientSetAlias("/nowhere/else", "mem://h/real");

  EXPECT_EQ(client::read("mem://nick/sub/a%20b%2520%3F%23c").content, "x");
  EXPECT_EQ(client::stat("mem://nick/subject").result, eOmniClientResult_ErrorNotFound);
  ASSERT_EQ(client::write("/nowhere/else/d e?", "y"), eOmniClientResult_Ok);
  EXPECT_EQ(client::read("mem://h/real/d%20e%3F").content, "y");
  EXPECT_EQ(client::read("mem://h/real/d%20e%3F?&1").content, "y");
}

}  // namespace
