#include "store_test.hpp"

namespace store_test {

using Deleting = StoreTest;

TEST_F(Deleting, CanBeUndone) {
  put("/a", "1");
  must(kAlice, CreateCheckpoint{"/a"});
  told();
  now += 7;

  ASSERT_EQ(code(store->apply(kBob, Delete{"/a"})), "OK");

  EXPECT_EQ(get("/a"), "NOT_EXIST");
  const auto gone = store->stat(kAlice, {"/a"}, Deleted::Include);
  ASSERT_EQ(code(gone), "OK");
  EXPECT_TRUE(gone->deleted);
  EXPECT_EQ(gone->deleted_by, "bob");
  EXPECT_EQ(gone->deleted_at - gone->created, 7ns);
  ASSERT_EQ(code(store->apply(kAlice, Undelete{"/a"})), "OK");
  EXPECT_EQ(get("/a"), "1");
  EXPECT_EQ(get_at({"/a", "", 1}), "1");
  EXPECT_EQ(told(), "delete /a, create /a");
  EXPECT_EQ(code(store->stat(kAlice, {"/a"}, Deleted::Only)), "NOT_EXIST");
}

TEST_F(Deleting, TakesAFolderWithWhatIsInItOnlyWhenAsked) {
  put("/f/a", "1");
  put("/f/g/b", "2");
  told();

  EXPECT_EQ(code(store->apply(kAlice, Delete{"/f"})), "FOLDER_NOT_EMPTY");
  const auto count = store->apply(kAlice, Delete{"/f/", Recursion::Recursive});

  ASSERT_EQ(code(count), "OK");
  EXPECT_EQ(*count, 4u);
  EXPECT_EQ(names("/"), "");
  EXPECT_EQ(told(), "delete /f/a, delete /f/g/b, delete /f/g/, delete /f/");
  EXPECT_EQ(code(store->stat(kAlice, {"/f/g/b"})), "NOT_EXIST");
  EXPECT_TRUE(store->stat(kAlice, {"/f/g/b"}, Deleted::Only)->deleted);
}

TEST_F(Deleting, TakesAnEmptyFolderByItself) {
  put("/f/a", "1");
  must(kAlice, Delete{"/f/a"});

  EXPECT_EQ(code(store->apply(kAlice, Delete{"/f"})), "OK");
  EXPECT_EQ(code(store->apply(kAlice, Delete{"/f"})), "NOT_EXIST");
  EXPECT_EQ(code(store->apply(kAlice, Delete{"/", Recursion::Recursive})), "INVALID_PARAMETERS");
}

TEST_F(Deleting, BringsBackAFolderWithWhatWasInIt) {
  put("/f/a", "1");
  put("/f/before", "1");
  must(kAlice, Delete{"/f/before"});
  must(kAlice, Delete{"/f", Recursion::Recursive});
  told();

  ASSERT_EQ(code(store->apply(kAlice, Undelete{"/f"})), "OK");

  EXPECT_EQ(names("/f"), "a");
  EXPECT_EQ(names("/f", kWithDeleted), "a [before]");
  EXPECT_EQ(told(), "create /f/, create /f/a");
}

TEST_F(Deleting, BringsBackOneFileOfADeletedFolder) {
  put("/f/g/a", "1");
  put("/f/g/b", "2");
  ASSERT_EQ(code(store->apply(kRoot, SetAcl{"/f/g", {{"bob", Access::None}, {"alice", Access::Full}}})), "OK");
  must(kAlice, Delete{"/f", Recursion::Recursive});
  told();

  ASSERT_EQ(code(store->apply(kAlice, Undelete{"/f/g/a"})), "OK");

  EXPECT_EQ(names("/f/g"), "a");
  EXPECT_EQ(told(), "create /f/, create /f/g/, create /f/g/a");
  // The folder that was made for it keeps out whom the old one kept out.
  EXPECT_EQ(get_at({"/f/g/a"}, kBob), "DENIED");
  EXPECT_EQ(code(store->apply(kBob, Undelete{"/f/g/b"})), "NOT_EXIST");
}

TEST_F(Deleting, BringsBackWhatWasDeletedLast) {
  for (const char* text : {"1", "2", "3"}) {
    put("/a", text);
    must(kAlice, Delete{"/a"});
  }

  ASSERT_EQ(code(store->apply(kAlice, Undelete{"/a"})), "OK");
  EXPECT_EQ(get("/a"), "3");
  EXPECT_EQ(code(store->apply(kAlice, Undelete{"/a"})), "ALREADY_EXISTS");
  must(kAlice, Rename{"/a", "/b"});
  ASSERT_EQ(code(store->apply(kAlice, Undelete{"/a"})), "OK");
  EXPECT_EQ(get("/a"), "2");
  EXPECT_EQ(code(store->apply(kAlice, Undelete{"/none"})), "NOT_EXIST");
}

TEST_F(Deleting, KeepsABoundedNumberOfWhatWasDeletedAtAPath) {
  options.keep_deleted = 2;
  open();
  for (const char* text : {"1", "2", "3", "4"}) {
    put("/a", text);
    must(kAlice, Delete{"/a"});
  }

  for (const char* text : {"4", "3"}) {
    ASSERT_EQ(code(store->apply(kAlice, Undelete{"/a"})), "OK");
    EXPECT_EQ(get("/a"), text);
    must(kAlice, Rename{"/a", std::string("/") + text});
  }
  EXPECT_EQ(code(store->apply(kAlice, Undelete{"/a"})), "NOT_EXIST");
}

TEST_F(Deleting, CanTakeOneBranch) {
  put("/a", "main");
  must(kAlice, CreateAsset{"/a", "dev", content("dev")});

  EXPECT_EQ(code(store->apply(kAlice, Delete{"/a", Recursion::Single, "none"})), "NOT_EXIST");
  ASSERT_EQ(code(store->apply(kAlice, Delete{"/a", Recursion::Single, "dev"})), "OK");

  EXPECT_EQ(get("/a"), "main");
  EXPECT_EQ(get_at({"/a", "dev"}), "NOT_EXIST");
  ASSERT_EQ(code(store->apply(kAlice, Undelete{"/a"})), "OK");
  EXPECT_EQ(get_at({"/a", "dev"}), "dev");
}

TEST_F(Deleting, TakesAllBranchesOtherwise) {
  put("/a", "main");
  must(kAlice, CreateAsset{"/a", "dev", content("dev")});

  ASSERT_EQ(code(store->apply(kAlice, Delete{"/a"})), "OK");
  EXPECT_EQ(code(store->branches(kAlice, "/a")), "NOT_EXIST");
  ASSERT_EQ(code(store->apply(kAlice, Undelete{"/a"})), "OK");

  EXPECT_EQ(get("/a") + get_at({"/a", "dev"}), "maindev");
}

TEST_F(Deleting, LeavesOtherPeoplesLocksAlone) {
  put("/f/a", "1");
  ASSERT_EQ(code(store->apply(kBob, LockPath{"/f/a"})), "OK");

  EXPECT_EQ(code(store->apply(kAlice, Delete{"/f/a"})), "RESOURCE_BUSY");
  EXPECT_EQ(code(store->apply(kAlice, Delete{"/f", Recursion::Recursive})), "RESOURCE_BUSY");
  ASSERT_EQ(code(store->apply(kBob, Delete{"/f", Recursion::Recursive})), "OK");
  // And the lock is gone with what it was on.
  ASSERT_EQ(code(store->apply(kAlice, Undelete{"/f"})), "OK");
  EXPECT_FALSE(store->stat(kAlice, {"/f/a"})->lock);
}

TEST_F(Deleting, ForGoodLeavesNothing) {
  put("/a", "1");
  told();

  ASSERT_EQ(code(store->apply(kAlice, Obliterate{"/a"})), "OK");

  EXPECT_EQ(names("/", kWithDeleted), "");
  EXPECT_EQ(code(store->apply(kAlice, Undelete{"/a"})), "NOT_EXIST");
  EXPECT_EQ(told(), "delete /a");
  EXPECT_EQ(code(store->apply(kAlice, Obliterate{"/a"})), "NOT_EXIST");
}

TEST_F(Deleting, ForGoodKeepsCheckpointsUnlessAsked) {
  must(kAlice, CreateAsset{"/a", "", content("frozen"), false, "message"});
  put("/a", "head");

  ASSERT_EQ(code(store->apply(kAlice, Obliterate{"/a"})), "OK");
  EXPECT_EQ(get("/a"), "NOT_EXIST");
  EXPECT_EQ(get_at({"/a", "", 1}), "frozen");
  EXPECT_EQ(store->checkpoints(kAlice, "/a")->size(), 1u);
  EXPECT_EQ(code(store->apply(kAlice, Undelete{"/a"})), "NOT_EXIST");
  ASSERT_EQ(code(store->apply(kAlice, Copy{.from = {"/a", "", 1}, .to = "/b"})), "OK");
  EXPECT_EQ(get("/b"), "frozen");

  EXPECT_EQ(code(store->apply(kAlice, Obliterate{"/a", Checkpoints::Obliterate})), "DENIED");
  ASSERT_EQ(code(store->apply(kRoot, Obliterate{"/a", Checkpoints::Obliterate})), "OK");
  EXPECT_EQ(get_at({"/a", "", 1}), "NOT_EXIST");
}

TEST_F(Deleting, ForGoodIsForEmptyFolders) {
  put("/f/a", "1");
  must(kAlice, Delete{"/f/a"});

  EXPECT_EQ(code(store->apply(kAlice, Obliterate{"/f"})), "FOLDER_NOT_EMPTY");
  must(kAlice, Obliterate{"/f/a"});
  EXPECT_EQ(code(store->apply(kAlice, Obliterate{"/f"})), "OK");
  EXPECT_EQ(code(store->apply(kAlice, Obliterate{"/"})), "INVALID_PARAMETERS");
}

TEST_F(Deleting, IsMadeGoodByAPurgeOfWhatIsOld) {
  put("/f/a", "1");
  put("/f/b", "1");
  put("/c", "1");
  must(kAlice, Delete{"/f/a"});
  must(kAlice, Delete{"/f", Recursion::Recursive});
  now += 100;
  must(kAlice, Delete{"/c"});

  EXPECT_EQ(code(store->apply(kRoot, Purge{Time(std::chrono::nanoseconds(now.load()))})), "DENIED");
  const auto count = store->apply(kSystem, Purge{Time(std::chrono::nanoseconds(now.load()))});

  ASSERT_EQ(code(count), "OK");
  EXPECT_EQ(*count, 3u);
  EXPECT_EQ(names("/", kWithDeleted), "[c]");
}

TEST_F(Deleting, IsNotToldAgainByAPurge) {
  put("/a", "old");
  must(kAlice, Delete{"/a"});
  put("/a", "new");
  now += 100;
  told();

  ASSERT_EQ(code(store->apply(kSystem, Purge{Time(std::chrono::nanoseconds(now.load()))})), "OK");
  EXPECT_EQ(told(), "");
  EXPECT_EQ(get("/a"), "new");
}

}  // namespace store_test
