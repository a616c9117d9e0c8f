// Settings and bookmarks: what is kept for a user.
#include "client.hpp"
#include "engine/bookmarks.hpp"
#include "engine/engine.hpp"

#include <fstream>
#include <map>
#include <thread>

namespace {

using namespace client;
using Map = std::map<std::string, std::string>;

std::string config(const char* key) {
  char const* const value = omniClientConfigGetString(key);
  const std::string text = value == nullptr ? "(none)" : value;
  omniClientConfigFreeString(value);
  return text;
}

TEST(Settings, ComeFromAFileAndFromTheProgram) {
  Library library;
  std::filesystem::create_directories(library.folder() / "config/omniclient");
  std::ofstream(library.folder() / "config/omniclient/settings.conf")
      << "# a comment\n\n  file.poll_ms = 7 \nno value here\nother=text = more\n";
  EXPECT_EQ(config("file.poll_ms"), "(none)");

  omniClientConfigReload();
  EXPECT_EQ(config("file.poll_ms"), "7");
  EXPECT_EQ(config("other"), "text = more");
  omniClientConfigSetInt("file.poll_ms", 9);
  EXPECT_EQ(config("file.poll_ms"), "9");
  omniClientConfigReload();
  EXPECT_EQ(config("file.poll_ms"), "7");
  EXPECT_EQ(omniClientConfigGetString(nullptr), nullptr);
}

void keep_bookmarks(void* data, OmniClientBookmark const* bookmarks, size_t count) noexcept {
  Map map;
  for (size_t i = 0; i < count; ++i) map[bookmarks[i].name] = bookmarks[i].url;
  static_cast<Collected<Map>*>(data)->add(map);
}

TEST(BookmarksOfTheUser, AreToldAndToldAgainWhenTheyChange) {
  Library library;
  Collected<Map> told;
  const auto id = omniClientListBookmarks(&told, keep_bookmarks);
  omniClientWait(id);
  EXPECT_EQ(told.all(), std::vector<Map>{Map{}});
  const auto until = [&told](const Map& map) { told.wait_until([&map](const Map& one) { return one == map; }); };

  omniClientAddBookmark("one\ttab", "omniverse://h/1");
  until({{"one\ttab", "omniverse://h/1"}});
  // Another process writes the file as well.
  omniclient::Bookmarks(library.folder() / "config/omniclient/bookmarks").add("two", "omniverse://h/%20");
  until({{"one\ttab", "omniverse://h/1"}, {"two", "omniverse://h/%20"}});
  omniClientAddBookmark("one\ttab", "omniverse://h/new");
  omniClientRemoveBookmark("two");
  until({{"one\ttab", "omniverse://h/new"}});
  omniClientStop(id);
}

TEST(BookmarksOfTheUser, LoseNoChangeThatIsMadeAtTheSameTime) {
  Library library;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([thread] {
      for (int i = 0; i < 10; ++i) {
        omniClientAddBookmark((std::to_string(thread) + "." + std::to_string(i)).c_str(), "mem://h/");
      }
    });
  }
  for (auto& thread : threads) thread.join();

  EXPECT_EQ(omniclient::Bookmarks(library.folder() / "config/omniclient/bookmarks").read().size(), 80u);
}

TEST(OtherStores, AreNotThereYet) {
  Library library;
  EXPECT_EQ(omniClientSetHttpHeader("X-Key", "value"), eOmniClientResult_Ok);
  EXPECT_EQ(omniClientSetHttpHeader("X-Key", nullptr), eOmniClientResult_Ok);
  EXPECT_EQ(omniClientSetHttpHeader(nullptr, "value"), eOmniClientResult_ErrorBadRequest);
  EXPECT_EQ(omniClientSetS3Configuration("", "", "", "", "", "", false, false), eOmniClientResult_ErrorNotSupported);
  EXPECT_EQ(omniClientSetS3Configuration2("", "", "", "", "", "", "", false, false),
            eOmniClientResult_ErrorNotSupported);
  EXPECT_EQ(omniClientSetAzureSASToken("", "", "", false), eOmniClientResult_ErrorNotSupported);
  // Kept, and asked by nobody.
  const auto storage =
      omniClientRegisterStorageAuthCallback(nullptr, [](void*, uint32_t, char const*) noexcept { return false; });
  EXPECT_NE(storage, 0u);
  omniClientUnregisterCallback(storage);
  EXPECT_FALSE(omniClientSetStorageAccessToken(1, "token"));
  EXPECT_EQ(omniClientGetReactor(), nullptr);
  EXPECT_EQ(stat("s3://h/a").result, eOmniClientResult_ErrorNotSupported);
}

TEST(Settings, AreNowhereWithoutAFolderForThem) {
  client::Library library;
  omniClientShutdown();
  const char* home = std::getenv("HOME");
  const std::string kept = home == nullptr ? "" : home;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(library.folder() / "files");
  unsetenv("XDG_CONFIG_HOME");
  unsetenv("HOME");
  std::ofstream("settings.conf") << "key = value\n";
  omniClientInitialize(kOmniClientVersion);

  omniClientAddBookmark("name", "mem://h/");
  client::Collected<size_t> counts;
  const auto id = omniClientListBookmarks(&counts, [](void* data, OmniClientBookmark const*, size_t count) noexcept {
    static_cast<client::Collected<size_t>*>(data)->add(count);
  });
  EXPECT_EQ(counts.wait_for(1)[0], 0u);
  omniClientStop(id);
  EXPECT_EQ(omniClientConfigGetString("key"), nullptr);
  EXPECT_EQ(client::list((library.folder() / "files").string()).names(), std::vector<std::string>{"settings.conf"});

  std::filesystem::current_path(before);
  if (home != nullptr) setenv("HOME", kept.c_str(), 1);
}

TEST(Settings, OfConnectionsReachTheProviders) {
  client::Library library;
  const auto now = [] {
    return omniclient::Engine::get()->connecting([](const omniclient::Connecting& connecting) { return connecting; });
  };
  EXPECT_FALSE(now().bypass_list_cache);
  omniClientBypassListCache(true);
  omniClientSetProductInfo("program", "1.2", nullptr);
  omniClientSetCacheBypassStatus(eOmniClientCacheBypassStatus_Enabled);

  EXPECT_TRUE(now().bypass_list_cache);
  EXPECT_EQ(now().product_name, "program");
  EXPECT_EQ(now().product_version, "1.2");
  EXPECT_EQ(now().product_extra, "");
  EXPECT_EQ(now().cache_bypass, eOmniClientCacheBypassStatus_Enabled);
}

}  // namespace
