#include "store_test.hpp"

namespace store_test {

using Files = StoreTest;

TEST_F(Files, AreReadAsTheyWereWritten) {
  const std::string bytes("a\0b\xff", 4);

  ASSERT_EQ(code(try_put("/a.usd", bytes)), "OK");

  EXPECT_EQ(get("/a.usd"), bytes);
}

TEST_F(Files, OfEverySizeAreReadAsTheyWereWritten) {
  const std::uint64_t block = 1 << 20;
  for (const std::uint64_t size : {std::uint64_t{0}, std::uint64_t{1}, options.inline_below - 1, options.inline_below,
                                   options.inline_below + 1, block - 1, block, block + 1, 3 * block + 7}) {
    std::string bytes(size, 'x');
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 7 + i / 251);
    ASSERT_EQ(code(try_put("/a.usd", bytes)), "OK");
    EXPECT_TRUE(get("/a.usd") == bytes) << size;
    EXPECT_EQ(store->stat(kAlice, {"/a.usd"})->size, size);
  }
}

TEST_F(Files, HaveTheEntryThatTheProtocolAsksFor) {
  const auto written = put("/Projects/a.usd", "abc");

  const auto entry = *store->stat(kAlice, {"/Projects/a.usd"});

  EXPECT_EQ(entry.path, "/Projects/a.usd");
  EXPECT_EQ(entry.type, PathType::Asset);
  EXPECT_EQ(entry.size, 3u);
  EXPECT_EQ(entry.hash, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");  // FIPS 180-2, B.1.
  EXPECT_EQ(entry.etag, written.entry.etag);
  EXPECT_EQ(entry.created.time_since_epoch().count(), now.load());
  EXPECT_EQ(entry.modified, entry.created);
  EXPECT_EQ(entry.created_by, "alice");
  EXPECT_EQ(entry.modified_by, "alice");
  EXPECT_EQ(entry.access, Access::ReadWrite);
  EXPECT_FALSE(entry.checkpointed);
  EXPECT_FALSE(entry.deleted);
  EXPECT_FALSE(entry.lock);
}

TEST_F(Files, KeepWhoMadeThemWhenAnotherUpdatesThem) {
  put("/a.usd", "1");
  now += 5;
  ASSERT_EQ(code(try_put("/a.usd", "2", kBob)), "OK");

  const auto entry = *store->stat(kAlice, {"/a.usd"});

  EXPECT_EQ(entry.created_by, "alice");
  EXPECT_EQ(entry.modified_by, "bob");
  EXPECT_EQ(entry.modified - entry.created, 5ns);
}

TEST_F(Files, ImplyTheirFolders) {
  ASSERT_EQ(code(try_put("/a/b/c.usd", "1")), "OK");

  EXPECT_EQ(names("/"), "a/");
  EXPECT_EQ(names("/a"), "b/");
  EXPECT_EQ(names("/a/b/"), "c.usd");
  EXPECT_EQ(told(), "create /a/, create /a/b/, create /a/b/c.usd");
}

TEST_F(Files, AreNotOverwrittenUnlessAsked) {
  put("/a.usd", "1");

  EXPECT_EQ(code(store->apply(kAlice, CreateAsset{"/a.usd", "", content("2")})), "ALREADY_EXISTS");
  EXPECT_EQ(get("/a.usd"), "1");
  EXPECT_EQ(code(store->apply(kAlice, CreateAsset{"/a.usd", "", content("2"), true})), "OK");
  EXPECT_EQ(get("/a.usd"), "2");
  EXPECT_EQ(told(), "create /a.usd, full /a.usd");
}

TEST_F(Files, AreUpdatedOnlyOnTopOfTheEtagThatWasSeen) {
  const auto first = put("/a.usd", "1").entry.etag;
  const auto second = store->apply(kAlice, UpdateAsset{"/a.usd", "", content("2"), first});
  ASSERT_EQ(code(second), "OK");

  EXPECT_GT(second->entry.etag, first);
  EXPECT_EQ(code(store->apply(kBob, UpdateAsset{"/a.usd", "", content("3"), first})), "INVALID_ETAG");
  EXPECT_EQ(get("/a.usd"), "2");
  EXPECT_EQ(code(store->apply(kBob, UpdateAsset{"/a.usd", "", content("3"), 0})), "OK");
  EXPECT_EQ(get("/a.usd"), "3");
}

TEST_F(Files, ThatAreMissingAreNotUpdated) {
  EXPECT_EQ(code(store->apply(kAlice, UpdateAsset{"/a.usd", "", content("2")})), "NOT_EXIST");
  EXPECT_EQ(get("/a.usd"), "NOT_EXIST");
  EXPECT_EQ(code(store->stat(kAlice, {"/x/y"})), "NOT_EXIST");
}

TEST_F(Files, AreNoFoldersAndNoOtherThings) {
  put("/a.usd", "1");
  make_folder("/f");

  EXPECT_EQ(code(try_put("/f", "2")), "NOT_ASSET");
  EXPECT_EQ(code(try_put("/a.usd/b", "2")), "INVALID_URI");
  EXPECT_EQ(code(store->apply(kAlice, UpdateAsset{"/f/", "", content("2")})), "NOT_ASSET");
  EXPECT_EQ(get("/f"), "NOT_ASSET");
  EXPECT_EQ(get("/a.usd/b"), "INVALID_URI");
  EXPECT_EQ(code(try_folder("/a.usd")), "ALREADY_EXISTS");
  EXPECT_EQ(code(try_folder("/f/")), "ALREADY_EXISTS");
  EXPECT_EQ(code(try_folder("/")), "ALREADY_EXISTS");
  EXPECT_EQ(code(try_put("/", "1")), "NOT_ASSET");
}

TEST_F(Files, AnswerLatestToWhoHasTheHead) {
  const auto etag = put("/a.usd", "1").entry.etag;

  EXPECT_EQ(code(store->read(kAlice, {"/a.usd"}, {.known_etag = etag})), "LATEST");
  put("/a.usd", "2");
  EXPECT_EQ(code(store->read(kAlice, {"/a.usd"}, {.known_etag = etag})), "OK");
}

TEST_F(Files, AreReadByEtagWhileThatVersionIsKept) {
  const auto kept = store->apply(kAlice, CreateAsset{"/a.usd", "", content("kept"), false, "message"})->entry.etag;
  const auto lost = put("/a.usd", "lost").entry.etag;
  const auto head = put("/a.usd", "head").entry.etag;

  EXPECT_EQ(*store->read(kAlice, {"/a.usd"}, {.etag = head})->content.all(), "head");
  EXPECT_EQ(*store->read(kAlice, {"/a.usd"}, {.etag = kept})->content.all(), "kept");
  EXPECT_EQ(code(store->read(kAlice, {"/a.usd"}, {.etag = lost})), "INVALID_ETAG");
}

TEST_F(Files, HaveBranchesOfTheirOwn) {
  put("/a.usd", "main");
  ASSERT_EQ(code(store->apply(kAlice, CreateAsset{"/a.usd", "dev", content("dev")})), "OK");

  EXPECT_EQ(get_at({"/a.usd"}), "main");
  EXPECT_EQ(get_at({"/a.usd", "dev"}), "dev");
  EXPECT_EQ(get_at({"/a.usd", "none"}), "NOT_EXIST");
  EXPECT_EQ(*store->branches(kAlice, "/a.usd"), (std::vector<std::string>{"", "dev"}));
  EXPECT_EQ(code(store->apply(kAlice, CreateAsset{"/a.usd", "a/b", content("x")})), "INVALID_URI");
  EXPECT_EQ(code(store->branches(kAlice, "/b.usd")), "NOT_EXIST");
}

TEST_F(Files, OfOnlyABranchLeaveNoRoomForAFolder) {
  ASSERT_EQ(code(store->apply(kAlice, CreateAsset{"/a", "dev", content("dev")})), "OK");

  EXPECT_EQ(code(try_folder("/a")), "ALREADY_EXISTS");
  EXPECT_EQ(code(try_put("/a/b", "x")), "INVALID_URI");
}

TEST_F(Files, AreMadeAsChannelsOnce) {
  const auto made = store->apply(kAlice, CreateChannel{"/c.channel"});
  ASSERT_EQ(code(made), "OK");
  EXPECT_EQ(made->entry.type, PathType::Channel);
  EXPECT_EQ(told(), "create /c.channel");

  EXPECT_EQ(store->apply(kBob, CreateChannel{"/c.channel"})->entry.etag, made->entry.etag);
  EXPECT_EQ(told(), "");
  EXPECT_EQ(get("/c.channel"), "NOT_ASSET");
  make_folder("/f");
  EXPECT_EQ(code(store->apply(kAlice, CreateChannel{"/f"})), "ALREADY_EXISTS");
}

TEST_F(Files, HaveNumbersThatNeverComeTwiceAlsoBehindARestart) {
  std::uint64_t etag = 0, transaction = 0;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 3; ++i) {
      const auto written = put("/" + std::to_string(i), std::to_string(round));
      EXPECT_GT(written.entry.etag, etag);
      EXPECT_GT(written.entry.transaction_id, transaction);
      etag = written.entry.etag;
      transaction = written.entry.transaction_id;
      ASSERT_EQ(code(store->apply(kAlice, Delete{"/" + std::to_string(i)})), "OK");
    }
    // What was refused has taken no number, and a lock has taken one for good.
    EXPECT_EQ(code(store->apply(kAlice, UpdateAsset{"/none", "", content("2")})), "NOT_EXIST");
    put("/l", "1");
    ASSERT_EQ(code(store->apply(kAlice, LockPath{"/l"})), "OK");
    const auto last = store->transaction_id();
    open();
    EXPECT_EQ(store->transaction_id(), last);
    transaction = last;
  }
}

TEST_F(Files, AreToldToTheListenerWithTheEntryAndWhoDidIt) {
  const auto written = put("/a.usd", "1", kBob);

  ASSERT_EQ(changes.size(), 1u);
  EXPECT_EQ(changes[0].by.user, "bob");
  EXPECT_EQ(changes[0].by.connection, "connection B");
  EXPECT_EQ(changes[0].transaction_id, written.entry.transaction_id);
  EXPECT_EQ(changes[0].entry.hash, written.entry.hash);
  EXPECT_EQ(changes[0].entry.access, Access::None);
}

}  // namespace store_test
