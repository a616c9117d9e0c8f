#include "store_test.hpp"

namespace store_test {

/// Carol is in the group `team`; `users` may read and write at the root.
class Rights : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    must(kSystem, CreateUser{{.name = "carol"}});
    must(kSystem, CreateGroup{"team"});
    must(kSystem, AddToGroup{"carol", "team"});
  }
  void allow(const std::string& path, std::vector<AclEntry> entries) { must(kRoot, SetAcl{path, std::move(entries)}); }
  std::string may(const Actor& actor, const std::string& path) {
    const auto access = store->access(actor, path);
    if (!access) return code(access);
    std::string out;
    if (allows(*access, Access::Read)) out += "r";
    if (allows(*access, Access::Write)) out += "w";
    if (allows(*access, Access::Admin)) out += "a";
    return out;
  }

  const Actor carol = {"carol", "connection C"};
};

TEST_F(Rights, AreInherited) {
  put("/f/g/a", "1");
  allow("/f", {{"users", Access::Read}, {"bob", Access::Full}});

  EXPECT_EQ(may(kAlice, "/"), "rw");
  EXPECT_EQ(may(kAlice, "/f"), "r");
  EXPECT_EQ(may(kAlice, "/f/g/a"), "r");
  EXPECT_EQ(may(kAlice, "/f/g/not/there"), "r");
  EXPECT_EQ(may(kBob, "/f/g/a"), "rwa");
  EXPECT_EQ(may(kRoot, "/f/g/a"), "rwa");
  EXPECT_EQ(may(kSystem, "/f/g/a"), "rwa");
}

TEST_F(Rights, LeaveOutOfACopyWhatMayNotBeReadAndSayHowMuch) {
  put("/f/a", "1");
  put("/f/g/secret", "2");
  put("/f/h/secret", "3");
  allow("/f/g/secret", {{"alice", Access::Write}});
  allow("/f/h", {{"alice", Access::Write}});

  EXPECT_EQ(must(kAlice, Copy{{"/f"}, "/n"}).left_out, 3u);
  EXPECT_EQ(names("/n"), "a g/");
  EXPECT_EQ(must(kRoot, Copy{{"/f"}, "/m"}).left_out, 0u);
}

TEST_F(Rights, AreThoseOfTheNearestListThatNamesOne) {
  put("/f/g/a", "1");
  allow("/f", {{"carol", Access::None}});
  allow("/f/g", {{"team", Access::Read}, {"alice", Access::None}});

  EXPECT_EQ(may(carol, "/f"), "");
  EXPECT_EQ(may(carol, "/f/g"), "r");
  EXPECT_EQ(may(kAlice, "/f/g/a"), "");
  EXPECT_EQ(may(kBob, "/f/g/a"), "rw");
}

TEST_F(Rights, OfOneselfCountBeforeThoseOfGroupsAndGroupsAddUp) {
  must(kSystem, CreateGroup{"admins"});
  must(kSystem, AddToGroup{"carol", "admins"});
  make_folder("/f");

  allow("/f", {{"team", Access::Read}, {"admins", Access::Admin}});
  EXPECT_EQ(may(carol, "/f"), "ra");
  allow("/f", {{"team", Access::Full}, {"carol", Access::Read}});
  EXPECT_EQ(may(carol, "/f"), "r");
}

TEST_F(Rights, ToReadAreNeededToSee) {
  put("/f/open", "1");
  put("/f/secret", "2");
  allow("/f/secret", {{"users", Access::None}});

  EXPECT_EQ(names("/f"), "open");
  EXPECT_EQ(names("/f", {}, kRoot), "open secret");
  EXPECT_EQ(get("/f/secret"), "DENIED");
  EXPECT_EQ(code(store->stat(kAlice, {"/f/secret"})), "DENIED");
  EXPECT_EQ(code(store->checkpoints(kAlice, "/f/secret")), "DENIED");
  EXPECT_EQ(code(store->branches(kAlice, "/f/secret")), "DENIED");
  EXPECT_EQ(code(store->acl(kAlice, "/f/secret")), "DENIED");
  EXPECT_EQ(code(store->apply(kAlice, Copy{{"/f/secret"}, "/mine"})), "DENIED");
  must(kAlice, Copy{{"/f"}, "/g"});
  EXPECT_EQ(names("/g", {}, kRoot), "open");
}

TEST_F(Rights, ToWriteAreNeededToChange) {
  put("/f/a", "1");
  put("/b", "1");
  must(kAlice, CreateObject{"/f/o", content("1")});
  allow("/f", {{"users", Access::Read}});

  const auto denied = [&](auto command) { EXPECT_EQ(code(store->apply(kAlice, std::move(command))), "DENIED"); };
  denied(CreateAsset{"/f/new"});
  denied(CreateAsset{"/f/new/deep"});
  denied(CreateAsset{"/f/a", "", {}, true});
  denied(UpdateAsset{"/f/a"});
  denied(CreateFolder{"/f/new"});
  denied(CreateChannel{"/f/new"});
  denied(CreateObject{"/f/new"});
  denied(CreateObject{"/f/o"});
  denied(UpdateObject{"/f/o"});
  denied(Rename{"/f/a", "/a"});
  denied(Rename{"/b", "/f/b"});
  denied(Copy{{"/b"}, "/f/b"});
  denied(Delete{"/f/a"});
  denied(Delete{"/f", Recursion::Recursive});
  denied(Obliterate{"/f/a"});
  denied(CreateCheckpoint{"/f/a"});
  denied(LockPath{"/f/a"});
  denied(SetAcl{"/f/a", {}});
  EXPECT_EQ(names("/f"), "a o");
  EXPECT_EQ(get("/f/a"), "1");
}

TEST_F(Rights, WithinAFolderAreNeededToMoveOrDeleteIt) {
  put("/f/g/a", "1");
  allow("/f/g", {{"users", Access::Read}});

  EXPECT_EQ(code(store->apply(kAlice, Delete{"/f", Recursion::Recursive})), "DENIED");
  EXPECT_EQ(code(store->apply(kAlice, Rename{"/f", "/h"})), "DENIED");
  EXPECT_EQ(code(store->apply(kRoot, Delete{"/f", Recursion::Recursive})), "OK");
  EXPECT_EQ(code(store->apply(kAlice, Undelete{"/f/g/a"})), "DENIED");
}

TEST_F(Rights, GoWithWhatIsMovedAndNotWithCopies) {
  put("/f/a", "1");
  allow("/f/a", {{"bob", Access::Read}});

  must(kAlice, Copy{{"/f/a"}, "/copy"});
  must(kAlice, Rename{"/f/a", "/a"});

  EXPECT_EQ(may(kBob, "/a"), "r");
  EXPECT_EQ(may(kBob, "/copy"), "rw");
}

TEST_F(Rights, AreOfAllBranches) {
  put("/a", "main");
  allow("/a", {{"bob", Access::None}});
  must(kAlice, CreateAsset{"/a", "dev", content("dev")});

  EXPECT_EQ(get_at({"/a", "dev"}, kBob), "DENIED");
  allow("/a", {{"bob", Access::Read}});
  EXPECT_EQ(get_at({"/a", "dev"}, kBob), "dev");
  allow("/a", {});
  EXPECT_EQ(may(kBob, "/a"), "rw");
}

TEST_F(Rights, AreShownAsTheyWereSetAndMerged) {
  put("/f/a", "1");
  allow("/f", {{"users", Access::Read}, {"team", Access::Write}});
  allow("/f/a", {{"team", Access::None}});
  told();
  const auto shown = [](const Result<std::vector<AclEntry>>& acl) {
    if (!acl) return code(acl);
    std::string out;
    for (const auto& line : *acl) out += line.name + "=" + std::to_string(static_cast<int>(line.access)) + " ";
    return out;
  };

  EXPECT_EQ(shown(store->acl(kAlice, "/f")), "users=1 team=2 ");
  EXPECT_EQ(shown(store->acl(kAlice, "/f/a")), "team=0 ");
  EXPECT_EQ(shown(store->resolved_acl(kAlice, "/f/a")), "users=1 team=0 ");
  EXPECT_EQ(shown(store->acl(kAlice, "/none")), "NOT_EXIST");
  allow("/f/a", {});
  EXPECT_EQ(shown(store->acl(kAlice, "/f/a")), "");
  EXPECT_EQ(told(), "change_acl /f/a");
}

TEST_F(Rights, AreGivenToThoseWhoExist) {
  make_folder("/f");

  EXPECT_EQ(code(store->apply(kRoot, SetAcl{"/f", {{"nobody", Access::Read}}})), "USER_NOT_FOUND");
  EXPECT_EQ(code(store->apply(kRoot, SetAcl{"/none", {}})), "NOT_EXIST");
  EXPECT_EQ(code(store->apply(kRoot, SetAcl{"/f", {{"bob", static_cast<Access>(8)}}})), "INVALID_PARAMETERS");
}

TEST_F(Rights, CannotBeTakenFromTheLastWhoHasThem) {
  make_folder("/f");
  allow("/f", {{"alice", Access::Full}});

  EXPECT_EQ(code(store->apply(kAlice, SetAcl{"/f", {}})), "DENIED");
  EXPECT_EQ(code(store->apply(kAlice, SetAcl{"/f", {{"alice", Access::ReadWrite}}})), "DENIED");
  EXPECT_EQ(may(kAlice, "/f"), "rwa");
  // A group in which nobody is does not help.
  must(kSystem, CreateGroup{"nobody"});
  EXPECT_EQ(code(store->apply(kAlice, SetAcl{"/f", {{"nobody", Access::Full}}})), "DENIED");
  EXPECT_EQ(code(store->apply(kAlice, SetAcl{"/f", {{"team", Access::Full}}})), "OK");
  EXPECT_EQ(code(store->apply(kAlice, SetAcl{"/f", {}})), "DENIED");
  EXPECT_EQ(code(store->apply(carol, SetAcl{"/f", {{"users", Access::Full}}})), "OK");
  EXPECT_EQ(code(store->apply(kRoot, SetAcl{"/f", {}})), "OK");
}

TEST_F(Rights, OfARemovedGroupAreGoneAndOfARenamedOneStay) {
  make_folder("/f");
  allow("/f", {{"team", Access::Full}});

  must(kRoot, RenameGroup{"team", "crew"});
  EXPECT_EQ(may(carol, "/f"), "rwa");
  must(kRoot, RemoveGroup{"crew"});
  EXPECT_EQ(may(carol, "/f"), "rw");
}

TEST_F(Rights, AreLookedUpAtEachCall) {
  put("/a", "1");
  must(kRoot, ChangeUser{.name = "bob", .read_only = true});
  EXPECT_EQ(code(try_put("/a", "2", kBob)), "DENIED");
  EXPECT_EQ(get("/a", kBob), "1");

  must(kRoot, ChangeUser{.name = "bob", .enabled = false});

  EXPECT_EQ(get("/a", kBob), "DENIED");
  EXPECT_EQ(get("/a", {"nobody", ""}), "USER_NOT_FOUND");
  EXPECT_EQ(code(try_put("/a", "2", {"nobody", ""})), "USER_NOT_FOUND");
}

TEST_F(Rights, AtTheRootAreAnOptionOfANewStore) {
  Folder other;
  options.everybody = Access::Read;
  auto opened = Store::open(other.path() / "data", options);
  ASSERT_EQ(message(opened), "");
  ASSERT_EQ(code((*opened)->apply(kSystem, CreateUser{{.name = "alice"}})), "OK");

  EXPECT_EQ(*(*opened)->access(kAlice, "/"), Access::Read);
}

TEST_F(Rights, OfAPathDecideAboutItsNewBranches) {
  put("/f/secret", "1");
  put("/f/other", "1");
  allow("/f/secret", {{"bob", Access::None}});

  EXPECT_EQ(code(store->apply(kBob, CreateAsset{"/f/secret", "x", content("2")})), "DENIED");
  EXPECT_EQ(code(store->apply(kBob, Copy{.from = {"/f/other"}, .to = "/f/secret", .to_branch = "x"})), "DENIED");
  EXPECT_EQ(code(store->apply(kAlice, CreateAsset{"/f/secret", "x", content("2")})), "OK");
  EXPECT_EQ(code(store->apply(kBob, CreateAsset{"/f/other", "x", content("2")})), "OK");
}

TEST_F(Rights, AreChangedOneBehindTheOther) {
  put("/a", "1");
  allow("/a", {{"bob", Access::Read}, {"users", Access::Read}});
  std::promise<void> done;
  store->submit(kRoot, ChangeAcl{"/a", {{"bob", Access::None}}}, {});
  store->submit(kRoot, ChangeAcl{"/a", {{"carol", Access::ReadWrite}}}, [&](Result<Done>) { done.set_value(); });
  done.get_future().wait();

  std::string list;
  for (const auto& entry : *store->acl(kRoot, "/a")) list += entry.name + std::to_string(int(entry.access)) + " ";
  EXPECT_EQ(list, "users1 carol3 ");
  EXPECT_EQ(code(store->apply(kBob, ChangeAcl{"/a", {{"bob", Access::Full}}})), "DENIED");
  EXPECT_EQ(code(store->apply(kRoot, ChangeAcl{"/a", {{"nobody", Access::Read}}})), "USER_NOT_FOUND");
}

TEST_F(Rights, AreAskedBeforeAContentIsTaken) {
  const std::string large(100'000, 'x');
  put("/a", "1");
  allow("/a", {{"users", Access::Read}});
  must(kRoot, ChangeUser{.name = "carol", .read_only = true});

  EXPECT_EQ(code(store->stage(kBob, "/a", large)), "DENIED");
  EXPECT_EQ(code(store->stage(carol, "/b", large)), "DENIED");
  EXPECT_EQ(code(store->stage({"nobody", ""}, "/b", large)), "USER_NOT_FOUND");
  EXPECT_EQ(code(store->stage(kBob, "/b", large)), "OK");
}

}  // namespace store_test
