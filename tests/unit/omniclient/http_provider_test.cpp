// `http:` and what web servers do to it. tests/integration/omniclient has the same library against nginx.
#include "engine/engine.hpp"
#include "web_server.hpp"

#include <atomic>

namespace {

using namespace client;

class Http : public testing::Test {
 protected:
  Http() { omniClientSetRetries({0, 0, 0}); }

  /// Tries again at once, and for long enough.
  static void retry() { omniClientSetRetries({600000, 1, 1}); }
  static const bool kDirect;

  Library library;
  const std::string files = "file:" + (library.folder() / "files").string();
};

/// Whatever this machine's proxy is, it is not asked.
const bool Http::kDirect = setenv("no_proxy", "127.0.0.1", 1) == 0;

WebServer::Say says(const std::string& bytes) {
  return [bytes](const Asked&) { return bytes; };
}

/// The first answer first, then the other one again and again.
WebServer::Say says(const std::string& first, const std::string& then) {
  return [first, then, begun = std::make_shared<std::atomic<bool>>(false)](const Asked&) {
    return begun->exchange(true) ? then : first;
  };
}

TEST_F(Http, ReadsWhatTheServerSends) {
  std::string bytes(300000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7);
  WebServer server([&](const Asked& asked) { return answer_ok(asked.target == "/big" ? bytes : ""); });

  EXPECT_EQ(read(server.url("/big")).content, bytes);
  EXPECT_EQ(read(server.url("/empty")).result, kOk);
  EXPECT_EQ(read(server.url("/empty")).content, "");
}

TEST_F(Http, SaysWhatTheHeadSays) {
  WebServer server(
      says("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 12345\r\nETag: \"abc\"\r\n"
           "Last-Modified: Wed, 21 Oct 2015 07:28:00 GMT\r\n\r\n"));

  const auto stated = stat(server.url("/in/a%20b.txt"));

  EXPECT_EQ(server.asked.wait_for(1).front().method, "HEAD");
  EXPECT_EQ(server.asked.wait_for(1).front().target, "/in/a%20b.txt");
  EXPECT_EQ(stated.result, kOk);
  EXPECT_EQ(stated.item.path, "a b.txt");
  EXPECT_EQ(stated.item.size, 12345u);
  EXPECT_EQ(stated.item.version, "abc");
  EXPECT_EQ(stated.item.access, unsigned(fOmniClientAccess_Read));
  EXPECT_EQ(stated.item.flags, unsigned(fOmniClientItem_ReadableFile | fOmniClientItem_DoesNotHaveChildren));
  std::uint64_t modified = 0;
  omniClientWait(omniClientStat(server.url("/a").c_str(), &modified,
                                [](void* data, OmniClientResult, OmniClientListEntry const* entry) noexcept {
                                  *static_cast<std::uint64_t*>(data) = entry->modifiedTimeNs;
                                }));
  EXPECT_EQ(modified, 1445412480'000000000u);
}

TEST_F(Http, StatsByGetWhereTheServerKnowsNoHead) {
  WebServer server([](const Asked& asked) {
    return asked.method == "GET" ? answer_ok("12345", "ETag: \"e\"\r\n") : answer_status("405 Method Not Allowed");
  });

  const auto stated = stat(server.url("/a"));

  EXPECT_EQ(stated.result, kOk);
  EXPECT_EQ(stated.item.size, 5u);
  EXPECT_EQ(stated.item.version, "e");
}

TEST_F(Http, AnswersWhatTheStatusMeans) {
  WebServer server([](const Asked& asked) { return answer_status(asked.target.substr(1, 3) + " Whatever"); });

  const std::pair<const char*, OmniClientResult> kMeanings[] = {
      {"/400", eOmniClientResult_ErrorBadRequest},
      {"/401", eOmniClientResult_ErrorAccessDenied},
      {"/403", eOmniClientResult_ErrorAccessDenied},
      {"/404", eOmniClientResult_ErrorNotFound},
      {"/410", eOmniClientResult_ErrorNotFound},
      {"/405", eOmniClientResult_ErrorNotSupported},
      {"/500", eOmniClientResult_Error},
      {"/503", eOmniClientResult_Error},
  };
  for (const auto& [path, result] : kMeanings) {
    EXPECT_EQ(read(server.url(path)).result, result) << path;
    EXPECT_EQ(stat(server.url(path)).result, result) << path;
    EXPECT_EQ(list(server.url(path)).result, result) << path;
  }
}

TEST_F(Http, AsksAgainAfterWhatPasses) {
  retry();
  for (const char* failure : {"429 Too Many Requests", "500 Oops", "502 Bad", "503 Busy", "504 Late"}) {
    WebServer server(says(answer_status(failure, "Retry-After: 0\r\n"), answer_ok("text")));

    EXPECT_EQ(read(server.url("/a")).content, "text") << failure;
    EXPECT_EQ(server.asked.all().size(), 2u) << failure;
  }
  WebServer server(says(answer_status("503 Busy", "Retry-After: 0\r\n"), answer_ok("text")));
  EXPECT_EQ(local_file(server.url("/a")).result, kOk);
}

TEST_F(Http, AsksOnceWhereNothingIsToBeTriedAgain) {
  WebServer server(says(answer_status("500 Oops"), answer_ok("text")));

  EXPECT_EQ(read(server.url("/a")).result, eOmniClientResult_Error);
  EXPECT_EQ(server.asked.all().size(), 1u);
}

TEST_F(Http, AsksAgainWhenTheConnectionIsCut) {
  retry();
  const auto whole = answer_ok("0123456789");
  for (const auto& cut : {whole.substr(0, whole.size() - 5), whole.substr(0, 20), std::string()}) {
    WebServer server(says(cut, whole));

    EXPECT_EQ(read(server.url("/a")).content, "0123456789") << cut;
  }
}

TEST_F(Http, NeverTakesAPartForTheWhole) {
  omniClientSetRetries({50, 1, 0});
  WebServer server(says("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4000000000000\r\n\r\n12345"));

  const auto got = read(server.url("/a"));

  EXPECT_EQ(got.result, eOmniClientResult_ErrorConnection);
  EXPECT_EQ(got.content, "");
}

TEST_F(Http, ReadsWhatComesInChunks) {
  const std::string head = "HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n";
  WebServer whole(says(head + "3\r\nabc\r\n2\r\nde\r\n0\r\nX-Trailer: 1\r\n\r\n"));
  WebServer cut(says(head + "3\r\nabc\r\n2\r\nd"));

  EXPECT_EQ(read(whole.url("/a")).content, "abcde");
  EXPECT_EQ(read(cut.url("/a")).result, eOmniClientResult_ErrorConnection);
}

TEST_F(Http, AsksTheProxyOfTheEnvironment) {
  WebServer proxy(says(answer_ok("from the proxy")));
  setenv("http_proxy", proxy.url("").c_str(), 1);

  EXPECT_EQ(read("http://nowhere.invalid/a").content, "from the proxy");

  EXPECT_EQ(proxy.asked.wait_for(1).front().target, "http://nowhere.invalid/a");
  unsetenv("http_proxy");
}

TEST_F(Http, TakesNoMoreThanWasPromised) {
  WebServer server(says("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n\r\n12345"));

  EXPECT_EQ(read(server.url("/a")).content, "123");
}

TEST_F(Http, AnswersAtOnceWhereNobodyListens) {
  omniClientSetRetries({600000, 600000, 0});
  std::string url;
  {
    WebServer server(says(""));
    url = server.url("/a");
  }

  EXPECT_EQ(read(url).result, eOmniClientResult_ErrorConnection);
}

TEST_F(Http, GivesUpOnASilentServer) {
  omniClientConfigSetInt("http.stall_ms", 1);
  WebServer server([](const Asked&) { return std::nullopt; });

  EXPECT_EQ(read(server.url("/a")).result, eOmniClientResult_ErrorConnection);
  EXPECT_EQ(server.given_up.wait_for(1).front(), "/a");
}

TEST_F(Http, EndsAQuestionThatIsStopped) {
  WebServer server([](const Asked&) { return std::nullopt; });
  const auto id = omniClientReadFile(server.url("/a").c_str(), nullptr, nullptr);
  server.asked.wait_for(1);

  omniClientStop(id);

  EXPECT_EQ(server.given_up.wait_for(1).front(), "/a");
}

TEST_F(Http, AnswersWhatIsUnderWayAtTheEnd) {
  WebServer server([](const Asked&) { return std::nullopt; });
  auto result = kOk;
  omniClientReadFile(server.url("/a").c_str(), &result,
                     [](void* data, OmniClientResult read, char const*, OmniClientContent*) noexcept {
                       *static_cast<OmniClientResult*>(data) = read;
                     });
  server.asked.wait_for(1);

  omniClientShutdown();

  EXPECT_EQ(result, eOmniClientResult_ErrorConnection);
  server.given_up.wait_for(1);
}

TEST_F(Http, FollowsRedirects) {
  WebServer server([](const Asked& asked) {
    return asked.target == "/a" ? answer_status("302 Found", "Location: /b?c=d\r\n") : answer_ok(asked.target);
  });

  EXPECT_EQ(read(server.url("/a")).content, "/b?c=d");
  EXPECT_EQ(stat(server.url("/a")).item.path, "a");
}

TEST_F(Http, FollowsNoMoreThanTenRedirects) {
  WebServer server(
      [](const Asked& asked) { return answer_status("302 Found", "Location: " + asked.target + "x\r\n"); });

  EXPECT_EQ(read(server.url("/a")).result, eOmniClientResult_Error);
  EXPECT_EQ(server.asked.all().size(), 11u);
}

TEST_F(Http, FollowsNoRedirectToAnotherScheme) {
  std::string secret = files + "/secret";
  ASSERT_EQ(write(secret, "secret"), kOk);
  WebServer server(says(answer_status("302 Found", "Location: " + secret + "\r\n")));

  EXPECT_EQ(read(server.url("/a")).result, eOmniClientResult_Error);
}

TEST_F(Http, TakesForAFolderWhatTheServerSendsToASlash) {
  WebServer server([](const Asked& asked) {
    return asked.target == "/f" ? answer_status("301 Moved", "Location: /f/\r\n") : answer_ok("page");
  });

  EXPECT_EQ(stat(server.url("/f")).item.flags, unsigned(fOmniClientItem_CanHaveChildren));
  EXPECT_EQ(read(server.url("/f")).result, eOmniClientResult_ErrorWrongType);
  EXPECT_EQ(read(server.url("/f/")).content, "page");
  EXPECT_EQ(list(server.url("/f")).result, eOmniClientResult_ErrorNotSupported);
}

TEST_F(Http, ListsWhatAnIndexSays) {
  WebServer server([](const Asked& asked) {
    return asked.target == "/f/" ? answer_ok(R"([{"name":"b","type":"file","size":5},{"name":"a","type":"directory"}])",
                                             "Content-Type: application/json\r\n")
                                 : answer_ok("[{", "Content-Type: application/json\r\n");
  });

  EXPECT_EQ(list(server.url("/f")).names(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(list(server.url("/f/")).items[1].size, 5u);
  EXPECT_EQ(list(server.url("/broken")).result, eOmniClientResult_ErrorNotSupported);
}

TEST_F(Http, SendsTheHeadersOfTheProgram) {
  WebServer server(says(answer_ok("")));
  auto head_of_next = [&, count = std::size_t(0)]() mutable {
    read(server.url("/a"));
    return server.asked.wait_for(++count).back().head;
  };
  omniClientSetProductInfo("Pro\r\nduct", "1.2", nullptr);
  ASSERT_EQ(omniClientSetHttpHeader("X-Key", "value"), kOk);
  ASSERT_EQ(omniClientSetHttpHeader("X-Empty", ""), kOk);
  EXPECT_EQ(omniClientSetHttpHeader("X-Key", "value\r\nX-Other: 1"), eOmniClientResult_ErrorBadRequest);
  EXPECT_EQ(omniClientSetHttpHeader("X-Key: 1\r\nX", "value"), eOmniClientResult_ErrorBadRequest);

  const auto head = head_of_next();
  EXPECT_NE(head.find("\r\nX-Key: value\r\n"), std::string::npos) << head;
  EXPECT_NE(head.find("\r\nX-Empty:\r\n"), std::string::npos) << head;
  EXPECT_NE(head.find("\r\nUser-Agent: Product/1.2 omniclient/"), std::string::npos) << head;

  ASSERT_EQ(omniClientSetHttpHeader("X-Key", nullptr), kOk);
  ASSERT_EQ(omniClientSetHttpHeader("user-agent", "mine"), kOk);
  const auto next = head_of_next();
  EXPECT_EQ(next.find("X-Key"), std::string::npos) << next;
  EXPECT_NE(next.find("\r\nuser-agent: mine\r\n"), std::string::npos) << next;
}

TEST_F(Http, TellsChangesOfAnItem) {
  omniClientConfigSetInt("http.poll_ms", 1);
  enum State { First, Second, Gone };
  std::atomic<State> state{First};
  std::atomic<int> unchanged{0};
  WebServer server([&](const Asked& asked) {
    if (state == Gone) return answer_status("404 Not Found");
    const std::string tag = state == First ? "\"first\"" : "\"second\"";
    if (asked.head.find("If-None-Match: " + tag) == std::string::npos) return answer_ok("", "ETag: " + tag + "\r\n");
    ++unchanged;
    return answer_status("304 Not Modified");
  });
  auto watch = Watch::item(server.url("/a"));
  ASSERT_EQ(watch.first(), kOk);

  server.asked.wait_for(5);
  state = Second;
  EXPECT_EQ(watch.until(eOmniClientListEvent_Updated, "a").item.version, "second");
  state = Gone;
  watch.until(eOmniClientListEvent_Deleted, "a");
  state = First;
  watch.until(eOmniClientListEvent_Created, "a");

  EXPECT_GE(unchanged, 1);
  EXPECT_EQ(watch.changes.all().size(), 3u);
}

TEST_F(Http, GoesOnWatchingAServerThatIsAwayForAWhile) {
  omniClientConfigSetInt("http.poll_ms", 1);
  std::atomic<int> failures{0};
  std::atomic<bool> there{false};
  WebServer server([&](const Asked& asked) {
    if (asked.method == "GET") return answer_status("404 Not Found");
    if (there) return answer_ok("");
    return failures++ == 0 ? answer_status("404 Not Found") : answer_status("500 Oops");
  });
  auto watch = Watch::item(server.url("/a"));
  EXPECT_EQ(watch.first(), eOmniClientResult_OkNotYetFound);

  server.asked.wait_for(4);
  there = true;

  watch.until(eOmniClientListEvent_Created, "a");
}

TEST_F(Http, TellsChangesOfAFolder) {
  omniClientConfigSetInt("http.poll_ms", 1);
  std::atomic<bool> changed{false};
  WebServer server([&](const Asked&) {
    return answer_ok(changed ? R"([{"name":"b","type":"file","size":2},{"name":"c","type":"file"}])"
                             : R"([{"name":"a","type":"file"},{"name":"b","type":"file","size":1}])",
                     "Content-Type: application/json\r\n");
  });
  auto watch = Watch::folder(server.url("/f"));
  ASSERT_EQ(watch.first(), kOk);

  changed = true;

  watch.until(eOmniClientListEvent_Deleted, "a");
  EXPECT_EQ(watch.until(eOmniClientListEvent_Updated, "b").item.size, 2u);
  watch.until(eOmniClientListEvent_Created, "c");
}

TEST_F(Http, TellsHowFarItIs) {
  Collected<int> percentages;
  const auto handle = omniClientRegisterFileStatusCallback(
      &percentages, [](void* data, char const*, OmniClientFileStatus, int percentage) noexcept {
        static_cast<Collected<int>*>(data)->add(percentage);
      });
  WebServer server(says(answer_ok(std::string(1 << 20, 'x'))));

  EXPECT_EQ(read(server.url("/a")).content.size(), 1u << 20);

  percentages.wait_until([](int percentage) { return percentage > 0 && percentage < 100; });
  percentages.wait_until([](int percentage) { return percentage == 100; });
  omniClientUnregisterCallback(handle);
}

TEST_F(Http, LogsNoSecretOfAUrl) {
  static std::mutex mutex;
  static std::string said;
  omniClientSetLogLevel(eOmniClientLogLevel_Debug);
  omniClientSetLogCallback([](char const*, char const*, OmniClientLogLevel, char const* message) noexcept {
    std::lock_guard lock(mutex);
    said += std::string(message) + "\n";
  });
  WebServer server(
      [](const Asked& asked) { return asked.target[1] == 'c' ? std::string() : answer_status("403 Forbidden"); });
  for (const char* path : {"/forbidden?key=secret", "/cut?key=secret"}) {
    auto url = server.url(path);
    url.insert(url.find("127"), "ann:secret@");
    EXPECT_NE(read(url).result, kOk);
    EXPECT_NE(list(url).result, kOk);
  }

  omniClientShutdown();
  omniClientSetLogCallback(nullptr);
  omniClientSetLogLevel(eOmniClientLogLevel_Info);
  EXPECT_NE(said.find("/forbidden"), std::string::npos) << said;
  EXPECT_NE(said.find("/cut"), std::string::npos) << said;
  EXPECT_EQ(said.find("secret"), std::string::npos) << said;
}

TEST_F(Http, FetchesALocalCopyAgainThatIsGone) {
  WebServer server([](const Asked& asked) {
    if (asked.head.find("If-None-Match") != std::string::npos) return answer_status("304 Not Modified");
    return answer_ok("text", "ETag: \"e\"\r\n");
  });
  const auto first = local_file(server.url("/a"));
  ASSERT_EQ(local_file(server.url("/a")).text, first.text);
  std::filesystem::remove_all(std::filesystem::path(first.text).parent_path().parent_path());

  const auto again = local_file(server.url("/a"));

  EXPECT_EQ(again.result, kOk);
  EXPECT_EQ(read(again.text).content, "text");
}

TEST_F(Http, EndsWithTheLibraryWhoeverStillHoldsIt) {
  WebServer server(says(answer_ok("text")));
  const auto local = local_file(server.url("/a"));
  ASSERT_EQ(local.result, kOk);
  const auto held = omniclient::Engine::get();  // As a thread that is still in one of its functions.

  omniClientShutdown();

  EXPECT_FALSE(std::filesystem::exists(local.text));
}

TEST_F(Http, KeepsALocalCopyUntilThereIsAnotherVersion) {
  std::atomic<bool> second{false};
  std::atomic<int> sent{0};
  WebServer server([&](const Asked& asked) {
    const std::string tag = second ? "\"second\"" : "\"first\"";
    if (asked.head.find("If-None-Match: " + tag) != std::string::npos) return answer_status("304 Not Modified");
    ++sent;
    return answer_ok(second ? "two" : "one", "ETag: " + tag + "\r\n");
  });
  const auto url = server.url("/in/scene.usd?x=1");
  const auto local = [&](bool download) {
    Texted got;
    omniClientWait(omniClientGetLocalFile(url.c_str(), download, &got,
                                          [](void* data, OmniClientResult result, char const* path) noexcept {
                                            *static_cast<Texted*>(data) = {result, path == nullptr ? "" : path};
                                          }));
    return got;
  };

  EXPECT_EQ(local(false).result, eOmniClientResult_ErrorNotFound);
  const auto first = local(true);
  ASSERT_EQ(first.result, kOk);
  EXPECT_EQ(std::filesystem::path(first.text).filename(), "scene.usd");
  EXPECT_EQ(read(first.text).content, "one");
  EXPECT_EQ(local(true).text, first.text);
  EXPECT_EQ(local(false).text, first.text);
  EXPECT_EQ(sent, 1);
  second = true;
  const auto other = local(true);
  EXPECT_EQ(read(other.text).content, "two");
  EXPECT_EQ(read(first.text).content, "one");

  omniClientShutdown();
  EXPECT_FALSE(std::filesystem::exists(other.text));
}

TEST_F(Http, CopiesToFilesAndNotBack) {
  WebServer server(
      [](const Asked& asked) { return asked.target == "/a" ? answer_ok("text") : answer_status("404 Not Found"); });

  EXPECT_EQ(copy(server.url("/a"), files + "/x/a"), kOk);
  EXPECT_EQ(read(files + "/x/a").content, "text");
  EXPECT_EQ(copy(server.url("/none"), files + "/b"), eOmniClientResult_ErrorNotFound);
  EXPECT_EQ(copy(files + "/x/a", server.url("/b")), eOmniClientResult_ErrorNotSupported);
  EXPECT_EQ(copy(files + "/x/a", server.url("/a")), eOmniClientResult_ErrorAlreadyExists);
  const auto moved = move(server.url("/a"), files + "/moved");
  EXPECT_EQ(moved.result, eOmniClientResult_ErrorNotSupported);
  EXPECT_TRUE(moved.copied);
}

TEST_F(Http, RefusesToChangeAnything) {
  WebServer server(says(answer_ok("")));
  const auto url = server.url("/a");

  for (const auto& place : {url, std::string("s3://bucket/a")}) {
    EXPECT_EQ(write(place, "x"), eOmniClientResult_ErrorNotSupported);
    EXPECT_EQ(create_folder(place), eOmniClientResult_ErrorNotSupported);
    EXPECT_EQ(delete_item(place), eOmniClientResult_ErrorNotSupported);
    EXPECT_EQ(copy(place, place + "2"), eOmniClientResult_ErrorNotSupported);
    EXPECT_EQ(move(place, place + "2").result, eOmniClientResult_ErrorNotSupported);
    EXPECT_EQ(call(omniClientLock, place), eOmniClientResult_ErrorNotSupported);
    EXPECT_EQ(create_checkpoint(place, "c").result, eOmniClientResult_ErrorNotSupported);
  }
  EXPECT_TRUE(server.asked.all().empty());
}

}  // namespace
