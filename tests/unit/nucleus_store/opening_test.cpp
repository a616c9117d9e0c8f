#include "store_test.hpp"

#include <fstream>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

namespace store_test {

class Opening : public StoreTest {
 protected:
  fs::path data() const { return folder.path() / "data"; }
  Result<std::unique_ptr<Store>> try_open(const fs::path& path) { return Store::open(path, options); }
  void sql(const char* statements) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open((data() / "meta.db").c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, statements, nullptr, nullptr, nullptr), SQLITE_OK) << sqlite3_errmsg(database);
    sqlite3_close(database);
  }
};

TEST_F(Opening, FindsWhatWasThere) {
  put("/f/a", std::string(50'000, 'x'));
  put("/b", "small");

  open();

  EXPECT_EQ(names("/"), "b f/");
  EXPECT_EQ(get("/f/a"), std::string(50'000, 'x'));
  EXPECT_EQ(store->users()->size(), 3u);
}

TEST_F(Opening, IsForOneAtATime) {
  const auto second = try_open(data());

  EXPECT_EQ(code(second), "RESOURCE_BUSY");
  EXPECT_NE(message(second).find("is open in process " + std::to_string(getpid())), std::string::npos)
      << message(second);
  store.reset();
  EXPECT_EQ(code(try_open(data())), "OK");
}

TEST_F(Opening, IsForOneProcessAtATime) {
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    // A lock is the process's that took it; this one's copy of the descriptor must not look like a second owner.
    const auto second = Store::open(data(), options);
    _exit(!second && second.error().code == Code::ResourceBusy ? 0 : 1);
  }
  int status = -1;
  waitpid(child, &status, 0);

  EXPECT_EQ(status, 0);
}

TEST_F(Opening, RefusesANewerFormat) {
  broken = true;
  store.reset();
  sql("PRAGMA user_version = 2");

  const auto opened = try_open(data());

  EXPECT_EQ(code(opened), "INVALID_PARAMETERS");
  EXPECT_NE(message(opened).find("has format 2, and this version knows 1"), std::string::npos) << message(opened);
}

TEST_F(Opening, RefusesWhatIsSomethingElse) {
  broken = true;
  store.reset();
  fs::create_directory(folder.path() / "photos");
  std::ofstream(folder.path() / "photos" / "cat.jpg") << "meow";
  fs::create_directory(folder.path() / "text");
  std::ofstream(folder.path() / "text" / "meta.db") << std::string(5000, 'x');
  sql("PRAGMA application_id = 1");

  EXPECT_EQ(code(try_open(folder.path() / "photos")), "INVALID_PARAMETERS");
  EXPECT_EQ(code(try_open(folder.path() / "text")), "INTERNAL_ERROR");
  EXPECT_EQ(code(try_open(data())), "INVALID_PARAMETERS");
  EXPECT_EQ(code(try_open(folder.path() / "photos" / "cat.jpg")), "INTERNAL_ERROR");
  EXPECT_EQ(code(try_open(folder.path() / "not" / "there")), "INTERNAL_ERROR");
  // And nothing was left there.
  EXPECT_EQ(std::distance(fs::directory_iterator(folder.path() / "photos"), fs::directory_iterator()), 1);
}

TEST_F(Opening, LeavesNothingForOthersToRead) {
  put("/a", std::string(50'000, 'x'));
  ASSERT_EQ(code(store->backup(folder.path() / "backup")), "OK");

  for (const auto& file : fs::recursive_directory_iterator(folder.path())) {
    const auto others = file.status().permissions() & (fs::perms::group_all | fs::perms::others_all);
    EXPECT_EQ(others, fs::perms::none) << file.path();
  }
}

TEST_F(Opening, GoesOnWhereAFirstOneWasInterrupted) {
  fs::create_directories(folder.path() / "new" / "blobs" / "00");
  std::ofstream(folder.path() / "new" / "lock") << "12345";

  EXPECT_EQ(code(try_open(folder.path() / "new")), "OK");
  EXPECT_EQ(code(try_open(folder.path() / "new")), "OK");
}

TEST_F(Opening, DoesWhatIsQueuedBeforeItEnds) {
  std::atomic<int> done = 0;
  for (int i = 0; i < 200; ++i) {
    store->submit(kAlice, CreateAsset{"/" + std::to_string(i)},
                  [&](Result<Written> written) { done += written ? 1 : 0; });
  }
  store.reset();
  EXPECT_EQ(done, 200);

  open();
  EXPECT_EQ(store->list(kAlice, "/")->entries.size(), 200u);
}

TEST_F(Opening, WaitsForWhatIsQueuedAlsoWhereTheQueueIsFull) {
  options.queue = 5;
  open();
  const auto entered = std::make_shared<std::promise<void>>(), go = std::make_shared<std::promise<void>>();
  std::atomic<int> answered = 0;
  store->submit(kAlice, CreateAsset{"/first"}, [&, entered, go](Result<Written>) {
    entered->set_value();
    go->get_future().wait();
    ++answered;
  });
  entered->get_future().wait();
  for (int i = 0; i < 5; ++i) {
    store->submit(kAlice, CreateAsset{"/" + std::to_string(i)}, [&](Result<Written>) { ++answered; });
  }
  std::atomic<bool> settled = false;
  std::thread waits([&] {
    store->settle();
    settled = true;
  });

  EXPECT_FALSE(settled);
  go->set_value();
  waits.join();

  EXPECT_EQ(answered, 6);
}

TEST_F(Opening, RefusesChangesThatAreTooManyToQueue) {
  options.queue = 5;
  open();
  // The writer stands still in the first one's answer, until all the others have been queued or refused.
  const auto entered = std::make_shared<std::promise<void>>(), go = std::make_shared<std::promise<void>>();
  auto is_entered = entered->get_future();
  store->submit(kAlice, CreateAsset{"/first"}, [entered, go](Result<Written>) {
    entered->set_value();
    go->get_future().wait();
  });
  is_entered.wait();
  std::atomic<int> done = 0, slow = 0;
  for (int i = 0; i < 8; ++i) {
    store->submit(kAlice, CreateAsset{"/" + std::to_string(i)}, [&](Result<Written> written) {
      done += written ? 1 : 0;
      slow += code(written) == "SLOW_DOWN" ? 1 : 0;
    });
  }
  EXPECT_EQ(slow, 3);
  EXPECT_EQ(store->usage().queued, 5u);
  go->set_value();
  open();

  EXPECT_EQ(done, 5);
}

}  // namespace store_test
