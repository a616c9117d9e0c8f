// The parts of the omniverse provider that need no server.
#include "client.hpp"
#include "engine/credentials.hpp"
#include "engine/registrations.hpp"
#include "providers/omniverse/answers.hpp"
#include "providers/omniverse/cache.hpp"
#include "providers/omniverse/discovery.hpp"
#include "providers/omniverse/large.hpp"
#include "providers/omniverse/lookup.hpp"
#include "providers/omniverse/session.hpp"

#include <fcntl.h>
#include <fstream>
#include <future>
#include <iterator>
#include <nlohmann/json.hpp>
#include <sys/file.h>

namespace {

using namespace omniclient;
using namespace omniclient::omniverse;

TEST(OmniverseAddress, IsReadAndWritten) {
  Address address;
  ASSERT_TRUE(read_address("wss://host:3009/omni/api", address));
  EXPECT_TRUE(address.secure);
  EXPECT_EQ(address.host, "host");
  EXPECT_EQ(address.port, "3009");
  EXPECT_EQ(address.text(), "wss://host:3009/omni/api");
  ASSERT_TRUE(read_address("http://[::1]/content/?a=b", address));
  EXPECT_EQ(address.host, "[::1]");
  EXPECT_EQ(address.port, "80");
  EXPECT_EQ(address.text("http"), "http://[::1]/content/?a=b");
  ASSERT_TRUE(read_address("https://host?query", address));
  EXPECT_EQ(address.path, "/?query");
  for (const char* wrong : {"", "host", "ftp://host/", "ws://", "ws://:80/", "ws://host:", "ws://host:a1/", "ws:host",
                            "ws://host/a b", "ws://host/\r\nX: y"}) {
    EXPECT_FALSE(read_address(wrong, address)) << wrong;
  }
}

TEST(OmniverseDiscovery, LooksAtPathsAndAtThePortThatIsKnown) {
  const auto texts = [](const std::vector<Address>& addresses) {
    std::vector<std::string> all;
    for (const auto& address : addresses) all.push_back(address.text());
    return all;
  };
  EXPECT_EQ(texts(discovery_addresses("h", std::nullopt, "3333")),
            (std::vector<std::string>{"wss://h/omni/discovery", "ws://h/omni/discovery", "ws://h:3333/"}));
  EXPECT_EQ(texts(discovery_addresses("h", "8080", "3333")),
            (std::vector<std::string>{"wss://h:8080/omni/discovery", "ws://h:8080/omni/discovery"}));
}

TEST(OmniverseDiscovery, KnowsWhatIsNear) {
  for (const char* near : {"localhost", "a.localhost", "server.local", "127.0.0.1", "127.8.9.10", "10.0.0.1",
                           "192.168.1.2", "172.16.0.1", "172.31.255.255", "[::1]", "[fd00::1]", "[fe80::1]"}) {
    EXPECT_TRUE(is_near(near)) << near;
  }
  for (const char* far : {"example.com", "local", "172.32.0.1", "172.15.0.1", "11.0.0.1", "192.169.0.1", "8.8.8.8",
                          "10.0.0", "10.0.0.1.example.com", "10.0.0.256", "[2001:db8::1]", ""}) {
    EXPECT_FALSE(is_near(far)) << far;
  }
}

TEST(OmniverseAnswers, NameWhatHasHappened) {
  EXPECT_EQ(result_of(wire::Status::Ok), eOmniClientResult_Ok);
  EXPECT_EQ(result_of(wire::Status::NotExist), eOmniClientResult_ErrorNotFound);
  EXPECT_EQ(result_of(wire::Status::Denied), eOmniClientResult_ErrorAccessDenied);
  EXPECT_EQ(result_of(wire::Status::ResourceBusy), eOmniClientResult_ErrorLocked);
  EXPECT_EQ(result_of(wire::Status::NotAsset), eOmniClientResult_ErrorWrongType);
  EXPECT_EQ(result_of(wire::Status::TokenExpired), eOmniClientResult_ErrorConnection);
  EXPECT_EQ(result_of(wire::Status::UnknownStatus), eOmniClientResult_Error);
  EXPECT_EQ(name_of("/a/b/"), "b");
  EXPECT_EQ(name_of("/"), "");
  EXPECT_EQ(folder_of("/a/b/"), "/a");
  EXPECT_EQ(folder_of("/a"), "/");
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(OmniverseAnswers, NameWhatHasHappenedToAnItem) {
  const auto event = [](const char* word) { return event_of({{"event", word}}); };
  EXPECT_EQ(event("create"), eOmniClientListEvent_Created);
  EXPECT_EQ(event("delta"), eOmniClientListEvent_Updated);
  EXPECT_EQ(event("rename"), eOmniClientListEvent_Deleted);
  EXPECT_EQ(event("obliterate"), eOmniClientListEvent_Obliterated);
  EXPECT_EQ(event("lock"), eOmniClientListEvent_Locked);
  EXPECT_EQ(event("change_acl"), eOmniClientListEvent_Metadata);
  EXPECT_EQ(event("else"), eOmniClientListEvent_Unknown);
}

TEST(OmniverseAnswers, DescribeAnItem) {
  wire::Entry given;
  given.path = "/folder/file";
  given.type = wire::PathType::Asset;
  given.etag = 7;
  given.size = 3;
  given.modified = 1.5;
  given.access = wire::kRead | wire::kWrite;
  given.lock = wire::EntryLock{"ann", "CONNECTION"};
  given.checkpointed = true;

  const auto entry = entry_of(given);

  EXPECT_EQ(entry.relative_path, "file");
  EXPECT_EQ(entry.version, "7");
  EXPECT_EQ(entry.modified_ns, 1'500'000'000u);
  EXPECT_EQ(entry.access, unsigned(fOmniClientAccess_Read | fOmniClientAccess_Write));
  EXPECT_EQ(entry.locked_by, "ann");
  EXPECT_TRUE(entry.flags & fOmniClientItem_IsCheckpointed);
  EXPECT_FALSE(entry.is_folder());
  EXPECT_FALSE(entry.created_by);
}

class OmniverseCache : public testing::Test {
 protected:
  client::Library library;
  const std::filesystem::path folder = library.folder() / "cache";
  std::shared_ptr<Operation> operation = std::make_shared<Operation>();
};

TEST_F(OmniverseCache, LendsWhatItKeeps) {
  Cache cache(folder, [] { return 1000; });
  EXPECT_EQ(cache.open(operation, "hash", 7, "name.txt"), std::nullopt);
  ASSERT_TRUE(cache.store(Content::copy("content"), "hash"));

  const auto path = cache.open(operation, "hash", 7, "name.txt");

  ASSERT_TRUE(path);
  EXPECT_EQ(std::filesystem::path(*path).filename(), "name.txt");
  std::ifstream file(*path);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), "content");
  operation->cancel();
  EXPECT_FALSE(std::filesystem::exists(*path));
}

TEST_F(OmniverseCache, MakesRoomAndTakesNothingFromAnybody) {
  Cache cache(folder, [] { return 10; });
  ASSERT_TRUE(cache.store(Content::copy("12345678"), "old"));
  const auto lent = cache.open(operation, "old", 8, "a");
  ASSERT_TRUE(lent);

  ASSERT_TRUE(cache.store(Content::copy("87654321"), "new"));

  EXPECT_EQ(cache.open(operation, "old", 8, "b"), std::nullopt);
  EXPECT_TRUE(cache.open(operation, "new", 8, "b"));
  EXPECT_TRUE(std::filesystem::exists(*lent));
}

TEST_F(OmniverseCache, TidiesUpAfterProcessesThatAreGone) {
  std::filesystem::create_directories(folder / "open" / "999999999-1" / "1");
  std::filesystem::create_directories(folder / "content");
  std::ofstream(folder / "content" / ".new-999999999-1") << "half";
  Cache cache(folder, [] { return 1000; });

  ASSERT_TRUE(cache.store(Content::copy("x"), "hash"));
  ASSERT_TRUE(cache.open(operation, "hash", 1, "a"));

  EXPECT_FALSE(std::filesystem::exists(folder / "open" / "999999999-1"));
  EXPECT_FALSE(std::filesystem::exists(folder / "content" / ".new-999999999-1"));
}

TEST_F(OmniverseCache, LeavesAloneWhatAnotherContainerHolds) {
  // Process ids mean nothing here: that one has another number there.
  const auto theirs = folder / "open" / "999999999-1";
  std::filesystem::create_directories(theirs / "1");
  std::filesystem::create_directories(folder / "content");
  const auto half = folder / "content" / ".new-999999999-1";
  std::vector<omniclient::files::Descriptor> held;
  for (const auto& path : {theirs / "lock", half}) {
    held.emplace_back(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    ASSERT_EQ(::flock(held.back().number(), LOCK_EX), 0);
  }
  Cache cache(folder, [] { return 1000; });

  ASSERT_TRUE(cache.store(Content::copy("x"), "hash"));
  ASSERT_TRUE(cache.open(operation, "hash", 1, "a"));

  EXPECT_TRUE(std::filesystem::exists(theirs / "1"));
  EXPECT_TRUE(std::filesystem::exists(half));
}

TEST_F(OmniverseCache, TakesNothingFromAnotherOne) {
  Cache one(folder, [] { return 1000; });
  ASSERT_TRUE(one.store(Content::copy("x"), "hash"));
  const auto lent = one.open(operation, "hash", 1, "a");
  {
    Cache other(folder, [] { return 1000; });
    const auto same = other.open(operation, "hash", 1, "a");
    ASSERT_TRUE(same);
    EXPECT_NE(same, lent);
  }

  EXPECT_TRUE(std::filesystem::exists(*lent));
  one.end();
  EXPECT_FALSE(std::filesystem::exists(*lent));
  EXPECT_EQ(one.open(operation, "hash", 1, "a"), std::nullopt);
}

TEST_F(OmniverseCache, LendsNothingThatIsNotWhole) {
  Cache cache(folder, [] { return 1000; });
  ASSERT_TRUE(cache.store(Content::copy("content"), "hash"));
  std::filesystem::permissions(folder / "content" / "hash", std::filesystem::perms(0600));
  std::filesystem::resize_file(folder / "content" / "hash", 3);  // As a loss of power leaves it.

  EXPECT_EQ(cache.open(operation, "hash", 7, "a"), std::nullopt);
  ASSERT_TRUE(cache.store(Content::copy("content"), "hash"));
  EXPECT_TRUE(cache.open(operation, "hash", 7, "a"));
}

TEST_F(OmniverseCache, LendsCopiesWhereThereAreNoLinks) {
  Cache cache(folder, [] { return 1000; });
  ASSERT_TRUE(cache.store(Content::copy("content"), "hash"));
  // No file system has links to another one.
  const auto elsewhere = std::filesystem::path("/dev/shm") / library.folder().filename();
  std::filesystem::create_directories(elsewhere);
  std::filesystem::create_directory_symlink(elsewhere, folder / "open");

  const auto lent = cache.open(operation, "hash", 7, "a");
  const auto content = lent ? client::read(*lent).content : "";
  cache.end();
  std::filesystem::remove_all(elsewhere);

  EXPECT_EQ(content, "content");
}

TEST_F(OmniverseCache, LendsAlsoAfterSomebodyHasClearedIt) {
  Cache cache(folder, [] { return 1000; });
  ASSERT_TRUE(cache.store(Content::copy("content"), "hash"));
  ASSERT_TRUE(cache.open(operation, "hash", 7, "a"));
  std::filesystem::remove_all(folder);

  ASSERT_TRUE(cache.store(Content::copy("content"), "hash"));
  const auto lent = cache.open(operation, "hash", 7, "a");
  ASSERT_TRUE(lent);
  EXPECT_EQ(client::read(*lent).content, "content");
}

TEST_F(OmniverseCache, LooksAtEverythingOnlyWhenItMayHaveTo) {
  Cache cache(folder, [] { return 1000; });
  ASSERT_TRUE(cache.store(Content::copy("x"), "one"));
  std::ofstream(folder / "content" / "huge") << std::string(2000, 'x');

  ASSERT_TRUE(cache.store(Content::copy("x"), "two"));
  EXPECT_TRUE(std::filesystem::exists(folder / "content" / "huge")) << "nobody has looked";
  ASSERT_TRUE(cache.store(Content::copy(std::string(100, 'x')), "three"));

  EXPECT_FALSE(std::filesystem::exists(folder / "content" / "huge"));
  EXPECT_TRUE(std::filesystem::exists(folder / "content" / "three"));
}

TEST(OmniverseLookup, HoldsUpNobodyWhereTheSystemIsSilent) {
  std::promise<void> speak;
  std::promise<std::string> other, number, late;
  const auto silent = [spoken = speak.get_future().share()](const std::string&) {
    spoken.wait();
    return Lookup::Found{{}, "spoken at last"};
  };
  constexpr auto kLong = std::chrono::hours(1);
  Loop loop;
  std::vector<std::unique_ptr<Lookup>> lookups;
  loop.post([&] {
    const auto look = [&](const char* host, std::chrono::milliseconds limit, Lookup::Done done, Lookup::Ask ask) {
      lookups.push_back(std::make_unique<Lookup>(loop, host, limit, std::move(done), std::move(ask)));
    };
    look(
        "silent.test", kLong, [](const Lookup::Found&) { ADD_FAILURE(); }, silent);
    look(
        "other.test", kLong, [&](const Lookup::Found& found) { other.set_value(found.addresses.at(0)); },
        [](const std::string&) {
          return Lookup::Found{{"192.0.2.2"}, ""};
        });
    look(
        "127.0.0.1", kLong, [&](const Lookup::Found& found) { number.set_value(found.addresses.at(0)); }, silent);
    look(
        "late.test", std::chrono::milliseconds(1), [&](const Lookup::Found& found) { late.set_value(found.problem); },
        silent);
  });

  EXPECT_EQ(other.get_future().get(), "192.0.2.2");
  EXPECT_EQ(number.get_future().get(), "127.0.0.1");
  EXPECT_EQ(late.get_future().get(), "the name was not looked up in time");
  loop.stop();
  lookups.clear();
  speak.set_value();
}

TEST(OmniverseSession, AnswersNobodyInsideOfTheCall) {
  omniclient::Calls calls;
  omniclient::Loop loop;
  omniclient::Pool pool(1);
  omniclient::Registrations registrations(calls);
  omniclient::Credentials credentials(calls, loop, registrations);
  const omniclient::ProviderHost host{loop,
                                      pool,
                                      credentials,
                                      [](const char*, std::int64_t otherwise) { return otherwise; },
                                      [](const std::string&, OmniClientConnectionStatus) {},
                                      [] { return omniclient::Connecting{}; }};
  const auto session = std::make_shared<Session>(host, "omniverse://", "", std::nullopt);
  std::promise<bool> inside;
  loop.post([&] {
    const auto calling = std::make_shared<bool>(true);
    Call call;
    call.command = "stat2";
    call.params = "{}";
    session->call(std::move(call), [&inside, calling](const Answer&) { inside.set_value(*calling); });
    *calling = false;
  });

  EXPECT_FALSE(inside.get_future().get());
  loop.stop();
  session->close();
}

}  // namespace
