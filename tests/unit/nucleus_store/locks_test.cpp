#include "store_test.hpp"

namespace store_test {

using Locking = StoreTest;

const Actor kAliceElsewhere = {"alice", "connection C"};

TEST_F(Locking, KeepsOthersFromWriting) {
  put("/a", "1");
  told();
  const auto lock = must(kAlice, LockPath{"/a"});

  EXPECT_EQ(lock.user, "alice");
  EXPECT_EQ(lock.etag, store->stat(kAlice, {"/a"})->etag);
  EXPECT_EQ(code(try_put("/a", "2", kBob)), "RESOURCE_BUSY");
  EXPECT_EQ(code(try_put("/a", "2", kAliceElsewhere)), "RESOURCE_BUSY");
  EXPECT_EQ(code(store->apply(kBob, UpdateAsset{"/a", "", content("2")})), "RESOURCE_BUSY");
  EXPECT_EQ(code(store->apply(kBob, Obliterate{"/a"})), "RESOURCE_BUSY");
  EXPECT_EQ(get("/a", kBob), "1");
  EXPECT_EQ(code(try_put("/a", "2", kAlice)), "OK");
  EXPECT_EQ(told(), "lock /a, full /a");
}

TEST_F(Locking, ShowsInEntriesAndChanges) {
  put("/f/a", "1");
  must(kAlice, LockPath{"/f/a", "", 0, 10s});

  const auto entry = store->list(kBob, "/f")->entries.at(0);
  ASSERT_TRUE(entry.lock);
  EXPECT_EQ(entry.lock->user, "alice");
  EXPECT_EQ(entry.lock->connection, "connection A");
  EXPECT_EQ(entry.lock->duration, 10s);
  ASSERT_TRUE(changes.back().entry.lock);
  must(kAlice, UnlockPath{"/f/a"});
  EXPECT_FALSE(changes.back().entry.lock);
  EXPECT_FALSE(store->stat(kBob, {"/f/a"})->lock);
}

TEST_F(Locking, IsRefusedWhereAnotherHasLocked) {
  put("/a", "1");
  must(kAlice, LockPath{"/a"});

  EXPECT_EQ(code(store->apply(kBob, LockPath{"/a"})), "RESOURCE_BUSY");
  EXPECT_EQ(code(store->apply(kAliceElsewhere, LockPath{"/a"})), "RESOURCE_BUSY");
  EXPECT_EQ(code(store->apply(kAlice, LockPath{"/a"})), "OK");
}

TEST_F(Locking, IsReleasedByItsOwnerOrByForceOfAnAdministrator) {
  put("/a", "1");
  must(kAlice, LockPath{"/a"});
  told();

  EXPECT_EQ(code(store->apply(kBob, UnlockPath{"/a"})), "DENIED");
  EXPECT_EQ(code(store->apply(kBob, UnlockPath{"/a", "", true})), "DENIED");
  EXPECT_EQ(code(store->apply(kRoot, UnlockPath{"/a"})), "DENIED");
  EXPECT_EQ(code(store->apply(kRoot, UnlockPath{"/a", "", true})), "OK");
  EXPECT_EQ(code(store->apply(kBob, UnlockPath{"/a"})), "OK");  // It is not locked.
  EXPECT_EQ(told(), "unlock /a");
  EXPECT_EQ(code(store->apply(kBob, UnlockPath{"/none"})), "NOT_EXIST");
}

TEST_F(Locking, EndsWithItsConnection) {
  put("/f/a", "1");
  put("/b", "1");
  put("/c", "1");
  must(kAlice, LockPath{"/f/a"});
  must(kAlice, LockPath{"/b"});
  must(kBob, LockPath{"/c"});
  told();

  must(kSystem, ReleaseConnection{"connection A"});

  EXPECT_EQ(told(), "unlock /f/a, unlock /b");
  EXPECT_EQ(code(try_put("/b", "2", kBob)), "OK");
  EXPECT_EQ(code(try_put("/c", "2", kAlice)), "RESOURCE_BUSY");
}

TEST_F(Locking, EndsWithItsTime) {
  put("/a", "1");
  must(kAlice, LockPath{"/a", "", 0, 10s});
  now += std::chrono::nanoseconds(10s).count() - 1;
  EXPECT_EQ(code(try_put("/a", "2", kBob)), "RESOURCE_BUSY");
  told();

  now += 1;

  EXPECT_FALSE(store->stat(kBob, {"/a"})->lock);
  must(kSystem, ReleaseExpiredLocks{});
  EXPECT_EQ(told(), "unlock /a");
  must(kSystem, ReleaseExpiredLocks{});
  EXPECT_EQ(told(), "");
  EXPECT_EQ(code(try_put("/a", "2", kBob)), "OK");
}

TEST_F(Locking, IsRenewedByLockingAgain) {
  put("/a", "1");
  must(kAlice, LockPath{"/a", "", 0, 10s});
  now += std::chrono::nanoseconds(9s).count();
  must(kAlice, LockPath{"/a", "", 0, 10s});

  now += std::chrono::nanoseconds(9s).count();

  EXPECT_EQ(code(try_put("/a", "2", kBob)), "RESOURCE_BUSY");
}

TEST_F(Locking, IsOfTheHeadThatWasSeen) {
  const auto etag = put("/a", "1").entry.etag;
  put("/a", "2");

  EXPECT_EQ(code(store->apply(kAlice, LockPath{"/a", "", etag})), "INVALID_ETAG");
  EXPECT_EQ(code(store->apply(kAlice, LockPath{"/a", "", store->stat(kAlice, {"/a"})->etag})), "OK");
}

TEST_F(Locking, IsForAssetsAndLiveObjects) {
  make_folder("/f");
  must(kAlice, CreateObject{"/o", content("1")});

  EXPECT_EQ(code(store->apply(kAlice, LockPath{"/f"})), "NOT_ASSET");
  EXPECT_EQ(code(store->apply(kAlice, LockPath{"/o"})), "OK");
  EXPECT_EQ(code(store->apply(kBob, UpdateObject{"/o", 0, content("2")})), "RESOURCE_BUSY");
  EXPECT_EQ(code(store->apply(kBob, CreateObject{"/o", content("2")})), "RESOURCE_BUSY");
  EXPECT_EQ(code(store->apply(kAlice, LockPath{"/none"})), "NOT_EXIST");
  put("/a", "1");
  EXPECT_EQ(code(store->apply(kAlice, LockPath{"/a", "", 0, 0s})), "INVALID_PARAMETERS");
}

TEST_F(Locking, IsOfOneBranch) {
  put("/a", "main");
  must(kAlice, CreateAsset{"/a", "dev", content("dev")});
  must(kAlice, LockPath{"/a", "dev"});

  EXPECT_EQ(code(try_put("/a", "2", kBob)), "OK");
  EXPECT_EQ(code(store->apply(kBob, UpdateAsset{"/a", "dev", content("2")})), "RESOURCE_BUSY");
}

TEST_F(Locking, EndsWithTheProcess) {
  put("/a", "1");
  must(kAlice, LockPath{"/a"});

  open();

  EXPECT_EQ(code(try_put("/a", "2", kBob)), "OK");
}

TEST_F(Locking, IsBoundedForOneConnection) {
  options.locks = 2;
  open();
  for (const char* path : {"/a", "/b", "/c"}) put(path, "1");
  must(kAlice, LockPath{"/a"});
  must(kAlice, LockPath{"/b"});

  EXPECT_EQ(code(store->apply(kAlice, LockPath{"/c"})), "QUOTA_REACHED");
  EXPECT_EQ(code(store->apply(kAlice, LockPath{"/a"})), "OK") << "it has that one";
  EXPECT_EQ(code(store->apply(kBob, LockPath{"/c"})), "OK");
  must(kBob, UnlockPath{"/c"});
  must(kAlice, UnlockPath{"/a"});
  EXPECT_EQ(code(store->apply(kAlice, LockPath{"/c"})), "OK");
}

}  // namespace store_test
