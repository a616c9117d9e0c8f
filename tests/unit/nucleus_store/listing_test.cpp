#include "store_test.hpp"

namespace store_test {

using Listing = StoreTest;

TEST_F(Listing, ShowsOneLevelInTheOrderOfBytes) {
  for (const char* path : {"/b", "/a/x", "/C", "/a.usd", "/\xc3\xa4"}) put(path, "1");

  EXPECT_EQ(names("/"), "C a/ a.usd b \xc3\xa4");
  EXPECT_EQ(names("/a"), "x");
}

TEST_F(Listing, HidesWhatBeginsWithADotUnlessAsked) {
  put("/.live/x", "1");
  put("/.thumbs", "1");
  put("/a", "1");

  EXPECT_EQ(names("/"), "a");
  EXPECT_EQ(names("/", {.show_hidden = true}), ".live/ .thumbs a");
  EXPECT_EQ(names("/.live"), "x");
}

TEST_F(Listing, SaysWhetherAFolderIsEmpty) {
  make_folder("/empty");
  put("/full/x", "1");

  EXPECT_TRUE(store->stat(kAlice, {"/empty"})->empty);
  EXPECT_FALSE(store->stat(kAlice, {"/full"})->empty);
  must(kAlice, Delete{"/full/x"});
  EXPECT_TRUE(store->list(kAlice, "/")->entries.at(1).empty);
}

TEST_F(Listing, ComesInPagesWithoutGapsOrRepetitions) {
  options.page = 7;
  open();
  std::string expected;
  for (int i = 100; i < 150; ++i) {
    put("/f/" + std::to_string(i), "1");
    expected += "/f/" + std::to_string(i) + " ";
  }
  for (const std::size_t limit : {0u, 1u, 3u, 7u, 50u}) {
    std::string seen;
    ListQuery query;
    query.limit = limit;
    std::size_t pages = 0;
    do {
      const auto page = store->list(kAlice, "/f", query);
      ASSERT_EQ(code(page), "OK");
      EXPECT_LE(page->entries.size(), 7u);
      for (const auto& entry : page->entries) seen += entry.path + " ";
      query.after = page->next;
      ++pages;
    } while (!query.after.empty());
    EXPECT_EQ(seen, expected) << limit;
    EXPECT_EQ(pages, limit == 1 ? 50u : limit == 3 ? 17u : 8u);
  }
}

TEST_F(Listing, EndsAPageWithoutANextOneWhereTheFolderEnds) {
  put("/f/a", "1");
  put("/f/b", "1");
  ListQuery query;
  query.limit = 2;

  EXPECT_EQ(store->list(kAlice, "/f", query)->next, "");
  query.limit = 1;
  EXPECT_NE(store->list(kAlice, "/f", query)->next, "");
}

TEST_F(Listing, ShowsTheBranchesThatWereAskedFor) {
  put("/a", "1");
  must(kAlice, CreateAsset{"/a", "dev", content("2")});
  must(kAlice, CreateAsset{"/b", "dev", content("2")});
  make_folder("/f");

  EXPECT_EQ(names("/"), "a f/");
  EXPECT_EQ(names("/", {.branches = {"dev"}}), "a@dev b@dev f/");
  EXPECT_EQ(names("/", {.branches = {}}), "a a@dev b@dev f/");
}

TEST_F(Listing, IsOfFoldersOnly) {
  put("/a", "1");

  EXPECT_EQ(names("/a"), "INVALID_PARAMETERS");
  EXPECT_EQ(names("/none"), "NOT_EXIST");
  EXPECT_EQ(names("/", {.after = "nonsense"}), "INVALID_PARAMETERS");
}

TEST_F(Listing, ShowsDeletedThingsWhenAsked) {
  put("/a", "1");
  put("/b", "1");
  put("/f/x", "1");
  must(kAlice, Delete{"/a"});
  must(kAlice, Delete{"/f", Recursion::Recursive});

  EXPECT_EQ(names("/"), "b");
  EXPECT_EQ(names("/", kWithDeleted), "[a] b [f/]");
  EXPECT_EQ(names("/", kOnlyDeleted), "[a] [f/]");
  EXPECT_EQ(names("/f"), "NOT_EXIST");
  EXPECT_EQ(names("/f", kOnlyDeleted), "[x]");
  EXPECT_EQ(names("/f", kWithDeleted), "[x]");
}

TEST_F(Listing, ShowsADeletedNameOnceAndNotBesideALivingOne) {
  for (int i = 0; i < 3; ++i) {
    put("/a", std::to_string(i));
    must(kAlice, Delete{"/a"});
  }
  put("/b", "1");
  must(kAlice, Delete{"/b"});
  put("/b", "2");

  EXPECT_EQ(names("/", kWithDeleted), "[a] b");
  EXPECT_EQ(names("/", kOnlyDeleted), "[a]");
}

TEST_F(Listing, KnowsWhichChangesItHasSeen) {
  const auto first = put("/a", "1").entry.transaction_id;
  EXPECT_EQ(store->list(kAlice, "/")->transaction_id, first);

  const auto second = put("/b", "1").entry.transaction_id;

  EXPECT_EQ(store->list(kAlice, "/")->transaction_id, second);
  EXPECT_EQ(store->transaction_id(), second);
}

}  // namespace store_test
