#include "store_test.hpp"

namespace store_test {

using Renaming = StoreTest;

TEST_F(Renaming, MovesAFile) {
  put("/a", "1");
  told();

  const auto moved = store->apply(kBob, Rename{"/a", "/x/y/b"});

  ASSERT_EQ(code(moved), "OK");
  EXPECT_EQ(moved->entry.path, "/x/y/b");
  EXPECT_EQ(get("/x/y/b"), "1");
  EXPECT_EQ(get("/a"), "NOT_EXIST");
  EXPECT_EQ(told(), "rename /a -> /x/y/b, create /x/, create /x/y/");
}

TEST_F(Renaming, MovesAFolderWithAllThatIsInIt) {
  put("/f/a", "1");
  put("/f/g/b", "2");
  must(kAlice, CreateCheckpoint{"/f/a"});
  told();

  ASSERT_EQ(code(store->apply(kAlice, Rename{"/f", "/n/"})), "OK");

  EXPECT_EQ(get("/n/a"), "1");
  EXPECT_EQ(get("/n/g/b"), "2");
  EXPECT_EQ(get_at({"/n/a", "", 1}), "1");
  EXPECT_EQ(names("/"), "n/");
  EXPECT_EQ(told(), "rename /f/ -> /n/, rename /f/g/ -> /n/g/, rename /f/g/b -> /n/g/b, rename /f/a -> /n/a");
}

TEST_F(Renaming, TakesAllBranchesAlong) {
  put("/a", "main");
  must(kAlice, CreateAsset{"/a", "dev", content("dev")});

  ASSERT_EQ(code(store->apply(kAlice, Rename{"/a", "/b"})), "OK");

  EXPECT_EQ(get_at({"/b", "dev"}), "dev");
  EXPECT_EQ(get_at({"/a", "dev"}), "NOT_EXIST");
}

TEST_F(Renaming, IsRefusedWhereSomethingIs) {
  put("/a", "1");
  put("/b", "2");
  make_folder("/f");

  EXPECT_EQ(code(store->apply(kAlice, Rename{"/a", "/b"})), "ALREADY_EXISTS");
  EXPECT_EQ(code(store->apply(kAlice, Rename{"/a", "/f"})), "ALREADY_EXISTS");
  EXPECT_EQ(code(store->apply(kAlice, Rename{"/none", "/c"})), "NOT_EXIST");
  EXPECT_EQ(code(store->apply(kAlice, Rename{"/a", "/b/c"})), "INVALID_URI");
  EXPECT_EQ(get("/a") + get("/b"), "12");
}

TEST_F(Renaming, IsRefusedOntoItselfAndIntoItsInside) {
  put("/f/a", "1");

  EXPECT_EQ(code(store->apply(kAlice, Rename{"/f/a", "/f/a"})), "INVALID_PARAMETERS");
  EXPECT_EQ(code(store->apply(kAlice, Rename{"/f", "/f/g"})), "INVALID_PARAMETERS");
  EXPECT_EQ(code(store->apply(kAlice, Rename{"/", "/g"})), "INVALID_PARAMETERS");
  EXPECT_EQ(code(store->apply(kAlice, Rename{"/f", "/fg"})), "OK");
}

TEST_F(Renaming, MakesNoPathTooLongOrTooDeep) {
  options.deepest_path = 4;
  open();
  put("/f/g/a", "1");

  EXPECT_EQ(code(store->apply(kAlice, Rename{"/f", "/1/f"})), "OK");
  EXPECT_EQ(code(store->apply(kAlice, Rename{"/1/f", "/1/2/f"})), "INVALID_URI");
  EXPECT_EQ(get("/1/f/g/a"), "1");
}

TEST_F(Renaming, GoesOverWhatIsDeleted) {
  put("/a.tmp", "new");
  put("/a", "old");
  must(kAlice, Delete{"/a"});

  ASSERT_EQ(code(store->apply(kAlice, Rename{"/a.tmp", "/a"})), "OK");

  EXPECT_EQ(get("/a"), "new");
  must(kAlice, Rename{"/a", "/a.new"});
  ASSERT_EQ(code(store->apply(kAlice, Undelete{"/a"})), "OK");
  EXPECT_EQ(get("/a"), "old");
}

TEST_F(Renaming, LeavesOtherPeoplesLocksAlone) {
  put("/f/a", "1");
  ASSERT_EQ(code(store->apply(kBob, LockPath{"/f/a"})), "OK");

  EXPECT_EQ(code(store->apply(kAlice, Rename{"/f/a", "/b"})), "RESOURCE_BUSY");
  EXPECT_EQ(code(store->apply(kAlice, Rename{"/f", "/g"})), "RESOURCE_BUSY");
  ASSERT_EQ(code(store->apply(kBob, Rename{"/f", "/g"})), "OK");
  EXPECT_EQ(store->stat(kAlice, {"/g/a"})->lock->user, "bob");
}

TEST_F(Renaming, LetsNobodyReadWhatHeMightNotReadBefore) {
  put("/box/ann.usd", "secret");
  put("/box/f/a", "secret");
  must(kRoot, SetAcl{"/box", {{"bob", Access::Write}}});
  make_folder("/bob");

  EXPECT_EQ(code(store->apply(kBob, Rename{"/box/ann.usd", "/bob/ann.usd"})), "DENIED");
  EXPECT_EQ(code(store->apply(kBob, Rename{"/box/f", "/bob/f"})), "DENIED");
  EXPECT_EQ(code(store->apply(kBob, Rename{"/box/ann.usd", "/box/f/ann.usd"})), "OK") << "he may not read it there";
  must(kRoot, SetAcl{"/box/f/a", {{"bob", Access::ReadWrite}}});
  EXPECT_EQ(code(store->apply(kBob, Rename{"/box/f/a", "/bob/a"})), "OK") << "he may read it here";
}

}  // namespace store_test
