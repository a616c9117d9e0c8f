// What happens when the disk fails: this program has the system's calls for writing in its own hands, for SQLite, too.
#include "store_test.hpp"

#include <errno.h>
#include <functional>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>

namespace {

/// How many more writes and syncs work, and what the others answer.
std::atomic<int> writes_left = -1;  // Negative: all.
std::atomic<int> syncs_left = -1;
std::atomic<int> reason = 0;
/// Is called behind each write, with what was written.
std::atomic<const std::function<void(const char*)>*> behind_write = nullptr;

bool fails(std::atomic<int>& left) {
  int seen = left;
  while (seen > 0 && !left.compare_exchange_weak(seen, seen - 1)) {
  }
  return seen == 0;
}

ssize_t or_fail(std::atomic<int>& left, long call, long a, long b, long c, long d) {
  if (fails(left)) {
    errno = reason;
    return -1;
  }
  return static_cast<ssize_t>(syscall(call, a, b, c, d));
}

}  // namespace

extern "C" {
ssize_t pwrite(int fd, const void* bytes, size_t size, off_t offset) {
  const auto done =
      or_fail(writes_left, SYS_pwrite64, fd, reinterpret_cast<long>(bytes), static_cast<long>(size), offset);
  if (const auto* hook = behind_write.load()) (*hook)(static_cast<const char*>(bytes));
  return done;
}
ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t offset) { return pwrite(fd, bytes, size, offset); }
int fdatasync(int fd) { return static_cast<int>(or_fail(syncs_left, SYS_fdatasync, fd, 0, 0, 0)); }
int fsync(int fd) { return static_cast<int>(or_fail(syncs_left, SYS_fsync, fd, 0, 0, 0)); }
}

namespace store_test {

class Disk : public StoreTest {
 protected:
  /// The next `writes` and `syncs` work; then the disk answers `why`.
  static void fail(int writes, int syncs, int why) {
    reason = why;
    writes_left = writes;
    syncs_left = syncs;
  }
  static void mend() { fail(-1, -1, 0); }
  void TearDown() override {
    mend();
    StoreTest::TearDown();
  }
  std::size_t blobs() {
    std::size_t count = 0;
    for (const auto& file : fs::recursive_directory_iterator(folder.path() / "data" / "blobs")) {
      count += file.is_regular_file() ? 1 : 0;
    }
    return count;
  }
};

TEST_F(Disk, ThatIsFullRefusesChangesAndLosesNothing) {
  put("/a", "1");
  const auto transaction = store->transaction_id();
  told();
  fail(0, -1, ENOSPC);

  const auto full = try_put("/a", "2");

  EXPECT_EQ(code(full), "QUOTA_REACHED");
  EXPECT_NE(message(full).find("disk"), std::string::npos) << message(full);
  EXPECT_EQ(code(store->apply(kAlice, LockPath{"/a"})), "QUOTA_REACHED");
  EXPECT_EQ(get("/a"), "1");
  EXPECT_FALSE(store->stat(kAlice, {"/a"})->lock);
  EXPECT_EQ(told(), "");
  mend();
  const auto next = put("/a", "2");
  EXPECT_EQ(next.entry.transaction_id, transaction + 1);
  EXPECT_EQ(get("/a"), "2");
}

TEST_F(Disk, ThatIsFullRefusesContentsAndLeavesNoPartOfThem) {
  fail(0, -1, ENOSPC);
  EXPECT_EQ(code(store->stage(std::string(100'000, 'x'))), "QUOTA_REACHED");
  {
    auto upload = *store->begin_upload();
    EXPECT_EQ(code(upload.write(0, "abc")), "QUOTA_REACHED");
  }
  EXPECT_EQ(blobs(), 0u);
  mend();

  EXPECT_EQ(code(try_put("/a", std::string(100'000, 'x'))), "OK");
}

TEST_F(Disk, ThatCannotSyncAnswersNothingAsDone) {
  put("/a", "1");
  fail(-1, 0, EIO);

  EXPECT_EQ(code(try_put("/a", "2")), "INTERNAL_ERROR");
  EXPECT_EQ(code(store->stage(std::string(100'000, 'x'))), "INTERNAL_ERROR");
  EXPECT_EQ(get("/a"), "1");
  mend();

  EXPECT_EQ(code(try_put("/a", "3")), "OK");
  open();
  EXPECT_EQ(get("/a"), "3");
}

TEST_F(Disk, ThatIsFullReleasesLocksOfAGoneConnectionAllTheSame) {
  put("/a", "1");
  must(kAlice, LockPath{"/a"});
  fail(0, -1, ENOSPC);

  EXPECT_EQ(code(store->apply(kSystem, ReleaseConnection{"connection A"})), "OK");
  mend();

  EXPECT_FALSE(store->stat(kBob, {"/a"})->lock);
  EXPECT_EQ(code(try_put("/a", "2", kBob)), "OK");
}

TEST_F(Disk, ThatFailsAnywhereLeavesTheOldOrTheNew) {
  options.inline_below = 100;
  for (const int why : {ENOSPC, EIO}) {
    for (int after = 0; after < 60; ++after) {
      const std::string old_text(200, 'a'), new_text(200, static_cast<char>('b' + after % 20));
      put("/f/a", old_text);
      fail(after, after / 4, why);

      const auto staged = store->stage(new_text);
      const bool written = staged && store->apply(kAlice, CreateAsset{"/f/a", "", *staged, true});
      const bool moved = written && store->apply(kAlice, Rename{"/f", "/g"});
      mend();

      open();
      const auto folder_now = moved ? "/g" : "/f";
      EXPECT_EQ(get(std::string(folder_now) + "/a"), written ? new_text : old_text) << why << " " << after;
      if (moved) must(kAlice, Rename{"/g", "/f"});
    }
  }
}

TEST_F(Disk, ThatFailsRefusesWhatWasRefusedForTheSakeOfTheOthers) {
  const auto entered = std::make_shared<std::promise<void>>();
  const auto go = std::make_shared<std::promise<void>>();
  store->submit(kSystem, ReleaseExpiredLocks{}, [entered, go](Result<Done>) {
    entered->set_value();
    go->get_future().wait();
  });
  entered->get_future().wait();
  std::promise<std::string> first, second;
  store->submit(kAlice, CreateFolder{"/x"}, [&](Result<Written> result) { first.set_value(code(result)); });
  store->submit(kAlice, CreateFolder{"/x"}, [&](Result<Written> result) { second.set_value(code(result)); });
  fail(0, 0, EIO);
  go->set_value();

  EXPECT_EQ(first.get_future().get(), "INTERNAL_ERROR");
  EXPECT_EQ(second.get_future().get(), "INTERNAL_ERROR") << "it is not there";
  mend();
  make_folder("/x");
}

TEST_F(Disk, ThatFailsEndsAnUpload) {
  auto upload = *store->begin_upload();
  ASSERT_EQ(code(upload.write(0, "abc")), "OK");
  fail(0, -1, EIO);
  EXPECT_EQ(code(upload.write(3, "def")), "INTERNAL_ERROR");
  mend();

  EXPECT_EQ(code(upload.write(3, "def")), "INTERNAL_ERROR");
  EXPECT_EQ(code(upload.finish(6)), "INTERNAL_ERROR");
}

TEST_F(Disk, NamesAContentByWhatIsOnIt) {
  const std::string slow(100'000, 's'), fast(100'000, 'f');
  auto upload = *store->begin_upload();
  std::promise<void> wrote, go;
  auto gone_on = go.get_future();
  const std::function<void(const char*)> hook = [&](const char* bytes) {
    if (*bytes != 's') return;
    wrote.set_value();
    gone_on.wait();
  };
  behind_write = &hook;
  std::thread other([&] { EXPECT_EQ(code(upload.write(0, slow)), "OK"); });
  wrote.get_future().wait();
  EXPECT_EQ(code(upload.write(0, fast)), "OK");  // The other one has written, and not come back.
  go.set_value();
  other.join();
  behind_write = nullptr;

  const auto whole = upload.finish(slow.size());

  ASSERT_EQ(message(whole), "");
  must(kAlice, CreateAsset{"/a", "", *whole});
  EXPECT_TRUE(get("/a") == fast);
}

}  // namespace store_test
