#include "store/beside.hpp"
#include "store_test.hpp"

#include <fstream>
#include <sqlite3.h>
#include <thread>

namespace store_test {

class Upkeep : public StoreTest {
 protected:
  void SetUp() override {
    StoreTest::SetUp();
    large = std::string(2'000'000, 'x');
    must(kAlice, CreateAsset{"/f/a", "", content(large), false, "first"});
    put("/f/a", "new");
    put("/b", std::string(20'000, 'y'));
    must(kAlice, CreateObject{"/o", content("base")});
    must(kAlice, UpdateObject{"/o", 0, content("more")});
    must(kAlice, Delete{"/b"});
    must(kRoot, SetAcl{"/f", {{"alice", Access::Full}}});
  }
  /// Changes the database behind the store's back, and says what `verify` finds.
  std::string after(const std::string& statements) {
    broken = true;
    store.reset();
    sqlite3* database = nullptr;
    EXPECT_EQ(sqlite3_open((folder.path() / "data" / "meta.db").c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, statements.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(database);
    sqlite3_close(database);
    open();
    return problems();
  }

  std::string large;
};

TEST_F(Upkeep, FindsNothingWrongWithWhatIsRight) {
  const auto verified = store->verify();

  ASSERT_EQ(code(verified), "OK");
  EXPECT_TRUE(verified->problems.empty());
  EXPECT_EQ(verified->entries, 5u);
  EXPECT_EQ(verified->contents, 5u);
  EXPECT_EQ(verified->bytes, 2'000'000u + 20'000 + 3 + 4 + 4);
}

TEST_F(Upkeep, FindsRowsThatDoNotBelongTogether) {
  const std::pair<const char*, const char*> kDamages[] = {
      {"UPDATE nodes SET parent = 999 WHERE name = 'a'", "a is in no folder"},
      {"UPDATE nodes SET size = 7 WHERE name = 'a'", "/f/a has a content of another size"},
      {"UPDATE nodes SET content = NULL WHERE name = 'a'", "/f/a is an asset without content"},
      {"UPDATE nodes SET checkpoints = 2 WHERE name = 'a'", "/f/a has other checkpoints than are counted"},
      {"UPDATE checkpoints SET size = 7", "/f/a has a checkpoint with a content of another size"},
      {"DELETE FROM updates WHERE sequence = 2", "/o has a history of another length"},
      {"UPDATE updates SET sequence = 3 WHERE sequence = 2; UPDATE nodes SET sequence = 3 WHERE name = 'o'",
       "/o has a history with a gap"},
      {"UPDATE counters SET value = 2 WHERE name = 'etag'", "/f/a has a number that was not given yet"},
      {"DELETE FROM acl WHERE node != 1", "/f/ has an access list without being marked"},
      {"UPDATE contents SET bytes = 'nex' WHERE size = 3", "is damaged in the database"},
      {"DELETE FROM contents WHERE size = 20000", "names a row which contents does not have"},
      {"UPDATE counters SET value = 7 WHERE name = 'used'", "bytes together, and not 7"},
      {"UPDATE contents SET checks = x'00' WHERE size = 2000000", "has the wrong checks"},
  };
  store.reset();
  const auto whole = folder.path() / "whole";
  fs::copy(folder.path() / "data", whole, fs::copy_options::recursive);
  for (const auto& [damage, problem] : kDamages) {
    fs::remove_all(folder.path() / "data");
    fs::copy(whole, folder.path() / "data", fs::copy_options::recursive);
    const auto found = after(damage);
    EXPECT_NE(found.find(problem), std::string::npos) << damage << ":\n" << found;
    store.reset();
  }
}

TEST_F(Upkeep, FindsADamagedDatabase) {
  broken = true;
  for (int i = 0; i < 300; ++i) store->submit(kAlice, CreateFolder{"/a folder of many " + std::to_string(i)}, {});
  make_folder("/last");
  store.reset();
  const auto file = folder.path() / "data" / "meta.db";
  // The last page: one of those many, which nobody needs to open it.
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(static_cast<std::streamoff>(fs::file_size(file) - 4096));
  stream << std::string(4096, 'x');
  stream.close();

  open();
  EXPECT_NE(problems().find("damaged"), std::string::npos) << problems();
}

TEST_F(Upkeep, BacksUpWhatCanBeOpened) {
  const auto to = folder.path() / "backup";
  const auto transaction = store->transaction_id();

  ASSERT_EQ(message(store->backup(to)), "");
  put("/later", "1");
  must(kRoot, Obliterate{"/f/a", Checkpoints::Obliterate});
  ASSERT_EQ(code(store->collect_garbage()), "OK");

  store = std::move(*Store::open(to, options));
  EXPECT_EQ(store->transaction_id(), transaction);
  EXPECT_EQ(names("/"), "f/ o");
  EXPECT_EQ(get("/f/a"), "new");
  EXPECT_TRUE(get_at({"/f/a", "", 1}) == large);
  EXPECT_EQ(store->users()->size(), 3u);
  EXPECT_EQ(problems(), "");
}

TEST_F(Upkeep, BacksUpIntoEmptyFoldersOnly) {
  EXPECT_EQ(code(store->backup(folder.path() / "data")), "INVALID_PARAMETERS");
  EXPECT_EQ(code(store->backup(folder.path() / "not" / "there")), "INTERNAL_ERROR");
  ASSERT_EQ(code(store->backup(folder.path() / "backup")), "OK");
  EXPECT_EQ(code(store->backup(folder.path() / "backup")), "INVALID_PARAMETERS");
}

TEST_F(Upkeep, DoesNotOpenHalfABackup) {
  ASSERT_EQ(code(store->backup(folder.path() / "backup")), "OK");
  fs::rename(folder.path() / "backup" / "meta.db", folder.path() / "backup" / "meta.db.unfinished");

  const auto opened = Store::open(folder.path() / "backup", options);

  EXPECT_EQ(code(opened), "INVALID_PARAMETERS");
  EXPECT_NE(message(opened).find("was not finished"), std::string::npos);
}

TEST_F(Upkeep, DoesNotBackUpWhatIsDamagedWithoutSayingSo) {
  broken = true;
  for (const auto& file : fs::recursive_directory_iterator(folder.path() / "data" / "blobs")) {
    if (file.is_regular_file() && file.file_size() == large.size()) fs::remove(file.path());
  }

  const auto saved = store->backup(folder.path() / "backup");

  EXPECT_EQ(code(saved), "INTERNAL_ERROR");
  EXPECT_NE(message(saved).find("cannot be linked"), std::string::npos) << message(saved);
}

TEST_F(Upkeep, KnowsWhatIsUsed) {
  const auto usage = store->usage();

  EXPECT_EQ(usage.contents, 5u);
  EXPECT_EQ(usage.bytes, 2'000'000u + 20'000 + 3 + 4 + 4);
  EXPECT_EQ(usage.queued, 0u);
  EXPECT_GE(usage.changes, usage.commits);
}

TEST_F(Upkeep, EmptiesTheLogOfTheDatabase) {
  const auto log = folder.path() / "data" / "meta.db-wal";
  ASSERT_GT(fs::file_size(log), 0u);

  ASSERT_EQ(code(store->collect_garbage()), "OK");

  EXPECT_EQ(fs::file_size(log), 0u);
}

TEST_F(Upkeep, LooksAtAStoreThatIsOpenElsewhere) {
  const auto verified = verify_beside(folder.path() / "data");
  ASSERT_EQ(message(verified), "");
  EXPECT_TRUE(verified->problems.empty());
  EXPECT_EQ(verified->contents, 5u);
  auto upload = *store->begin_upload();
  ASSERT_EQ(code(upload.write(0, large)), "OK");

  ASSERT_EQ(message(backup_beside(folder.path() / "data", folder.path() / "backup")), "");
  EXPECT_EQ(code(upload.finish(large.size())), "OK") << "what is being written is left alone";

  store = std::move(*Store::open(folder.path() / "backup", options));
  EXPECT_EQ(get("/f/a"), "new");
  EXPECT_TRUE(get_at({"/f/a", "", 1}) == large);
  EXPECT_EQ(problems(), "");
}

TEST_F(Upkeep, BacksUpBesideWhatIsCollected) {
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (int i = 0; !done; ++i) {
      put("/n", std::string(20'000, static_cast<char>('a' + i % 26)) + std::to_string(i));
      EXPECT_EQ(code(store->collect_garbage()), "OK");
    }
  });
  for (int i = 0; i < 20; ++i) {
    const auto to = folder.path() / ("backup" + std::to_string(i));
    ASSERT_EQ(message(store->backup(to)), "");
    EXPECT_TRUE(verify_beside(to)->problems.empty());
  }
  done = true;
  writer.join();
}

TEST_F(Upkeep, SaysWhatIsNoStore) {
  EXPECT_EQ(code(is_store(folder.path() / "data")), "OK");
  EXPECT_EQ(code(is_store(folder.path() / "nowhere")), "NOT_EXIST");
  EXPECT_EQ(code(verify_beside(folder.path())), "NOT_EXIST");
  EXPECT_FALSE(fs::exists(folder.path() / "meta.db"));
  fs::create_directory(folder.path() / "other");
  std::ofstream(folder.path() / "other" / "meta.db");
  EXPECT_EQ(code(backup_beside(folder.path() / "other", folder.path() / "to")), "NOT_EXIST");
  EXPECT_FALSE(fs::exists(folder.path() / "to"));
}

}  // namespace store_test
