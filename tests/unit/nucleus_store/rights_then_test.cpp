#include "store_test.hpp"

namespace store_test {

/// What somebody is told of a change is asked of the rights that were in force when it was made.
class RightsOfAChange : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    put("/open/secret/a", "1");
    put("/open/plain", "2");
    must(kRoot, SetAcl{"/open/secret", {{"bob", Access::None}}});
    must(kRoot, SetAcl{"/open/plain", {{"bob", Access::None}}});
    must(kRoot, CreateFolder{"/closed"});
    must(kRoot, SetAcl{"/closed", {{"users", Access::None}}});
    forget_changes();
  }
  void forget_changes() {
    const std::lock_guard lock(mutex);
    changes.clear();
  }
  /// The changes of which an actor may know, as lines; of moves, whether he may know from where and to where.
  std::vector<std::string> known(const Actor& actor) {
    std::vector<Change> all;
    {
      const std::lock_guard lock(mutex);
      all = changes;
    }
    std::vector<std::string> lines;
    for (const auto& change : all) {
      const bool from = may_read(actor, change.rights), to = may_read(actor, change.destination_rights);
      if (from || to) lines.push_back(line(change) + (change.destination_rights ? (from ? " from" : " to") : ""));
    }
    return lines;
  }
  bool may_read(const Actor& actor, const std::shared_ptr<const RightsThen>& then) {
    if (!then) return false;
    const auto access = store->access(actor, *then);
    EXPECT_EQ(message(access), "");
    return access && allows(*access, Access::Read);
  }

  using Lines = std::vector<std::string>;
};

TEST_F(RightsOfAChange, AreThoseOfWhatWasDeleted) {
  must(kRoot, Delete{"/open", Recursion::Recursive});
  put("/open/plain", "somebody else's, at the same place", kBob);

  EXPECT_EQ(known(kBob), (Lines{"delete /open/", "create /open/", "create /open/plain"}));
  EXPECT_EQ(known(kAlice).size(), 6u);
}

TEST_F(RightsOfAChange, AreThoseOfWhereSomethingWasMovedFrom) {
  must(kRoot, Rename{"/open/secret", "/moved"});
  must(kRoot, Rename{"/open/plain", "/also"});

  EXPECT_EQ(known(kBob), Lines{});
  EXPECT_EQ(known(kAlice).size(), 3u);
}

TEST_F(RightsOfAChange, AreAlsoThoseOfWhereItWasMovedTo) {
  put("/x/a", "1");
  forget_changes();
  must(kRoot, Rename{"/x", "/closed/x"});
  must(kRoot, Rename{"/closed/x", "/back"});
  must(kRoot, Delete{"/back", Recursion::Recursive});

  EXPECT_EQ(known(kBob),
            (Lines{"rename /x/ -> /closed/x/ from", "rename /x/a -> /closed/x/a from", "rename /closed/x/ -> /back/ to",
                   "rename /closed/x/a -> /back/a to", "delete /back/a", "delete /back/"}));
}

TEST_F(RightsOfAChange, AreTheNewOnesOfAChangeOfRights) {
  put("/x", "1");
  forget_changes();
  must(kRoot, SetAcl{"/x", {{"bob", Access::None}}});
  must(kRoot, SetAcl{"/x", {{"bob", Access::Read}}});

  EXPECT_EQ(known(kBob).size(), 1u);
  EXPECT_EQ(known(kAlice).size(), 2u);
}

TEST_F(RightsOfAChange, AreAskedForGroupsAsTheyAreNow) {
  must(kSystem, CreateGroup{"team"});
  must(kSystem, AddToGroup{"bob", "team"});
  must(kRoot, SetAcl{"/closed", {{"team", Access::Read}, {"users", Access::None}}});
  forget_changes();
  must(kRoot, CreateFolder{"/closed/x"});

  EXPECT_EQ(known(kBob).size(), 1u);
  EXPECT_EQ(known(kAlice).size(), 0u);
  must(kSystem, RemoveFromGroup{"bob", "team"});
  EXPECT_EQ(known(kBob).size(), 0u);
  EXPECT_EQ(known(kRoot).size(), 1u);
}

// ---------------------------------------- contents that are named by their hash

class KnownContent : public StoreTest {
 protected:
  std::string find(const Actor& actor, const std::string& hash) { return code(store->find_content(actor, hash)); }
};

TEST_F(KnownContent, IsForWhoMayReadIt) {
  const auto hash = put("/secret", "1").entry.hash;
  must(kRoot, SetAcl{"/secret", {{"bob", Access::None}}});

  EXPECT_EQ(find(kAlice, hash), "OK");
  EXPECT_EQ(find(kBob, hash), "INVALID_CONTENT_ID");
  EXPECT_EQ(find(kRoot, hash), "OK");
  EXPECT_EQ(find(kAlice, std::string(64, '0')), "INVALID_CONTENT_ID");
  EXPECT_EQ(find({"nobody", ""}, hash), "USER_NOT_FOUND");
}

TEST_F(KnownContent, IsForWhoMayReadOneOfItsPlaces) {
  const auto hash = put("/secret", "1").entry.hash;
  must(kRoot, SetAcl{"/secret", {{"bob", Access::None}}});
  put("/folder/copy", "1");
  EXPECT_EQ(find(kBob, hash), "OK");
  must(kRoot, SetAcl{"/folder", {{"bob", Access::None}}});
  EXPECT_EQ(find(kBob, hash), "INVALID_CONTENT_ID");

  must(kAlice, CreateObject{"/live", content("1")});
  EXPECT_EQ(find(kBob, hash), "OK") << "as an update";
  must(kAlice, CreateObject{"/live", content("2")});
  EXPECT_EQ(find(kBob, hash), "INVALID_CONTENT_ID");

  put("/file", "1");
  must(kAlice, CreateCheckpoint{"/file"});
  put("/file", "3");
  EXPECT_EQ(find(kBob, hash), "OK") << "as a checkpoint";
}

}  // namespace store_test
