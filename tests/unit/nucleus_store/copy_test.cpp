#include "store_test.hpp"

namespace store_test {

using Copying = StoreTest;

TEST_F(Copying, CopiesAFileWithoutItsBytes) {
  const std::string bytes(100'000, 'x');
  put("/a", bytes);
  const auto used = store->usage().bytes;
  told();

  const auto copied = store->apply(kBob, Copy{{"/a"}, "/f/b"});

  ASSERT_EQ(code(copied), "OK");
  EXPECT_EQ(get("/f/b"), bytes);
  EXPECT_EQ(copied->entry.created_by, "bob");
  EXPECT_EQ(store->usage().bytes, used);
  EXPECT_EQ(told(), "create /f/, copy /f/b");
}

TEST_F(Copying, CopiesAFolderWithAllThatIsInIt) {
  put("/f/a", "1");
  put("/f/g/b", "2");
  make_folder("/f/empty");
  must(kAlice, CreateChannel{"/f/c"});
  must(kAlice, CreateAsset{"/f/a", "dev", content("dev")});
  must(kAlice, CreateObject{"/f/live", content("base")});

  ASSERT_EQ(code(store->apply(kAlice, Copy{{"/f"}, "/n"})), "OK");

  EXPECT_EQ(names("/n"), "a c empty/ g/ live");
  EXPECT_EQ(get("/n/g/b"), "2");
  EXPECT_EQ(get_at({"/n/a", "dev"}), "dev");
  const auto live = store->read_object(kAlice, "/n/live");
  ASSERT_EQ(code(live), "OK");
  EXPECT_EQ(*live->updates.at(0).content.all(), "base");
  EXPECT_NE(live->object_id, store->read_object(kAlice, "/f/live")->object_id);
}

TEST_F(Copying, IsRefusedWhereSomethingIsUnlessAsked) {
  put("/a", "1");
  put("/b", "2");

  EXPECT_EQ(code(store->apply(kAlice, Copy{{"/a"}, "/b"})), "ALREADY_EXISTS");
  EXPECT_EQ(get("/b"), "2");
  EXPECT_EQ(code(store->apply(kAlice, Copy{.from = {"/a"}, .to = "/b", .overwrite = true})), "OK");
  EXPECT_EQ(get("/b"), "1");
}

TEST_F(Copying, MergesAFolderFileByFile) {
  put("/f/a", "new");
  put("/f/g/b", "new");
  put("/n/a", "old");
  put("/n/only", "old");

  EXPECT_EQ(code(store->apply(kAlice, Copy{{"/f"}, "/n"})), "ALREADY_EXISTS");
  ASSERT_EQ(code(store->apply(kAlice, Copy{.from = {"/f"}, .to = "/n", .overwrite = true})), "OK");

  EXPECT_EQ(names("/n"), "a g/ only");
  EXPECT_EQ(get("/n/a") + get("/n/only"), "newold");
}

TEST_F(Copying, IsRefusedWhereTypesDiffer) {
  put("/a", "1");
  put("/f/a/x", "1");
  put("/n/a", "1");

  EXPECT_EQ(code(store->apply(kAlice, Copy{.from = {"/a"}, .to = "/f", .overwrite = true})), "ALREADY_EXISTS");
  EXPECT_EQ(code(store->apply(kAlice, Copy{.from = {"/f"}, .to = "/a", .overwrite = true})), "ALREADY_EXISTS");
  EXPECT_EQ(code(store->apply(kAlice, Copy{.from = {"/f"}, .to = "/n", .overwrite = true})), "ALREADY_EXISTS");
  EXPECT_EQ(names("/n"), "a");
}

TEST_F(Copying, IsRefusedOntoItselfAndIntoItsInside) {
  put("/f/a", "1");

  EXPECT_EQ(code(store->apply(kAlice, Copy{.from = {"/f/a"}, .to = "/f/a", .overwrite = true})), "INVALID_PARAMETERS");
  EXPECT_EQ(code(store->apply(kAlice, Copy{{"/f"}, "/f/g"})), "INVALID_PARAMETERS");
  EXPECT_EQ(code(store->apply(kAlice, Copy{{"/"}, "/g"})), "INVALID_PARAMETERS");
  EXPECT_EQ(code(store->apply(kAlice, Copy{{"/none"}, "/g"})), "NOT_EXIST");
}

TEST_F(Copying, RestoresACheckpointOntoItsHead) {
  must(kAlice, CreateAsset{"/a", "", content("old"), false, "first"});
  put("/a", "new");
  told();

  ASSERT_EQ(code(store->apply(kAlice, Copy{.from = {"/a", "", 1}, .to = "/a", .overwrite = true})), "OK");

  EXPECT_EQ(get("/a"), "old");
  EXPECT_EQ(told(), "replace_version /a");
  EXPECT_EQ(code(store->apply(kAlice, Copy{.from = {"/a", "", 9}, .to = "/b"})), "INVALID_VERSION");
}

TEST_F(Copying, MakesACheckpointOfTheCopyWhenAsked) {
  put("/f/a", "1");

  const auto copied = store->apply(kAlice, Copy{.from = {"/f/a"}, .to = "/b", .checkpoint_message = "copied"});
  must(kAlice, Copy{.from = {"/f"}, .to = "/g", .checkpoint_message = "copied"});

  EXPECT_EQ(copied->checkpoint, 1u);
  EXPECT_EQ(store->checkpoints(kAlice, "/b")->at(0).message, "copied");
  EXPECT_EQ(store->checkpoints(kAlice, "/g/a")->at(0).message, "copied");
}

TEST_F(Copying, GoesFromBranchToBranch) {
  put("/a", "main");

  ASSERT_EQ(code(store->apply(kAlice, Copy{.from = {"/a"}, .to = "/a", .to_branch = "dev"})), "OK");

  put("/a", "changed");
  EXPECT_EQ(get_at({"/a", "dev"}), "main");
  make_folder("/f");
  EXPECT_EQ(code(store->apply(kAlice, Copy{.from = {"/f"}, .to = "/g", .to_branch = "dev"})), "INVALID_PARAMETERS");
}

TEST_F(Copying, LeavesOtherPeoplesLocksAlone) {
  put("/a", "1");
  put("/b", "2");
  ASSERT_EQ(code(store->apply(kBob, LockPath{"/b"})), "OK");

  EXPECT_EQ(code(store->apply(kAlice, Copy{.from = {"/a"}, .to = "/b", .overwrite = true})), "RESOURCE_BUSY");
  EXPECT_EQ(code(store->apply(kAlice, Copy{.from = {"/b"}, .to = "/c"})), "OK");
}

TEST_F(Copying, MergesAFolderIntoTheOneThatItIsIn) {
  must(kAlice, CreateObject{"/x/y/o", content("one")});
  must(kAlice, CreateObject{"/x/y/y/o", content("two")});
  must(kAlice, UpdateObject{"/x/y/y/o", 0, content("three")});
  put("/x/y/a", "outer");
  put("/x/y/y/a", "inner");

  must(kAlice, Copy{{"/x/y"}, "/x", "", true});

  EXPECT_EQ(get("/x/a"), "outer");
  EXPECT_EQ(get("/x/y/a"), "inner");
  EXPECT_EQ(store->stat(kAlice, {"/x/y/o"})->sequence, 2u);
}

}  // namespace store_test
