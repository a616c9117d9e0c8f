#pragma once

#include "store/store.hpp"

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <mutex>
#include <stdlib.h>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace store_test {

namespace fs = std::filesystem;
using namespace omnibroker::nucleus::store;
using namespace std::chrono_literals;

/// A folder of its own, gone with the test. In memory where that is offered: nothing here depends on how long a disk
/// takes, and most tests would do little but wait for it.
class Folder {
 public:
  Folder() {
    const fs::path memory = "/dev/shm";
    std::error_code error;
    const bool offered = fs::is_directory(memory, error) && access(memory.c_str(), W_OK) == 0;
    std::string name = ((offered ? memory : fs::temp_directory_path()) / "nucleus_store_XXXXXX").string();
    if (!mkdtemp(name.data())) throw std::runtime_error("no temporary folder");
    path_ = name;
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  ~Folder() {
    std::error_code error;
    fs::remove_all(path_, error);
  }
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

/// `OK`, or the protocol's name of what was wrong.
template <class T>
std::string code(const Result<T>& result) {
  return result ? "OK" : std::string(wire_name(result.error().code));
}

template <class T>
std::string message(const Result<T>& result) {
  return result ? "" : result.error().message;
}

/// `create /a.usd`, one for each change that was told.
inline std::string line(const Change& change) {
  auto out = std::string(wire_name(change.event)) + " " + change.entry.path;
  if (!change.destination.empty()) out += " -> " + change.destination;
  return out;
}

inline const Actor kSystem = Actor::the_system();
inline const Actor kAlice = {"alice", "connection A"};
inline const Actor kBob = {"bob", "connection B"};
inline const Actor kRoot = {"root", "connection R"};

/// A store in a fresh folder with the users root (an administrator), alice and bob, and a clock that stands still.
class StoreTest : public testing::Test {
 protected:
  void SetUp() override {
    options.clock = [this] { return Time(std::chrono::nanoseconds(now.load())); };
    open();
    for (const char* name : {"root", "alice", "bob"}) {
      User user;
      user.name = name;
      user.admin = user.name == "root";
      ASSERT_EQ(code(store->apply(kSystem, CreateUser{user})), "OK");
    }
  }

  /// Opens it, or closes it and opens it again.
  void open() {
    store.reset();
    auto opened = Store::open(folder.path() / "data", options, [this](const Change& change) {
      const std::lock_guard lock(mutex);
      changes.push_back(change);
    });
    ASSERT_EQ(message(opened), "");
    store = std::move(*opened);
  }

  Content content(std::string_view bytes) {
    auto staged = store->stage(bytes);
    EXPECT_EQ(message(staged), "");
    return staged ? *staged : Content();
  }

  /// Makes a change that must work.
  template <class Command>
  typename Command::Answer must(const Actor& actor, Command command) {
    auto result = store->apply(actor, std::move(command));
    EXPECT_EQ(message(result), "");
    return result ? std::move(*result) : typename Command::Answer();
  }

  Result<Written> try_put(const std::string& path, std::string_view bytes, const Actor& actor = kAlice) {
    return store->apply(actor, CreateAsset{path, "", content(bytes), true});
  }
  Written put(const std::string& path, std::string_view bytes, const Actor& actor = kAlice) {
    return must(actor, CreateAsset{path, "", content(bytes), true});
  }
  Result<Written> try_folder(const std::string& path, const Actor& actor = kAlice) {
    return store->apply(actor, CreateFolder{path});
  }
  void make_folder(const std::string& path, const Actor& actor = kAlice) { must(actor, CreateFolder{path}); }

  /// What is in an asset; or the name of what was wrong.
  std::string get_at(const PathAtVersion& path, const Actor& actor = kAlice) {
    auto read = store->read(actor, path);
    if (!read) return code(read);
    auto all = read->content.all();
    return all ? *all : code(all);
  }
  std::string get(const std::string& path, const Actor& actor = kAlice) { return get_at({path}, actor); }

  /// The names in a folder; of a deleted entry in brackets.
  std::string names(const std::string& path, ListQuery query = {}, const Actor& actor = kAlice) {
    auto page = store->list(actor, path, query);
    if (!page) return code(page);
    std::string out;
    for (const auto& entry : page->entries) {
      auto name = entry.path.substr(entry.path.find_last_of('/', entry.path.size() - 2) + 1);
      if (!entry.branch.empty()) name += "@" + entry.branch;
      out += (out.empty() ? "" : " ") + (entry.deleted ? "[" + name + "]" : name);
    }
    return out;
  }

  /// What was told since the last call, one line each.
  std::string told() {
    const std::lock_guard lock(mutex);
    std::string out;
    for (const auto& change : changes) out += (out.empty() ? "" : ", ") + line(change);
    changes.clear();
    return out;
  }

  std::string problems() {
    auto verified = store->verify();
    if (!verified) return message(verified);
    std::string out;
    for (const auto& problem : verified->problems) out += problem + "\n";
    return out;
  }

  void TearDown() override {
    if (store && !broken) {
      EXPECT_EQ(problems(), "");
    }
  }

  std::atomic<std::int64_t> now = 1'700'000'000'000'000'000;  ///< Nanoseconds since 1970.
  Options options;
  Folder folder;
  std::mutex mutex;
  std::vector<Change> changes;   ///< Guarded by the mutex.
  bool broken = false;           ///< The test has damaged the store.
  std::unique_ptr<Store> store;  ///< Last: it tells of changes until it is gone.
};

inline const ListQuery kWithDeleted = {.deleted = Deleted::Include};
inline const ListQuery kOnlyDeleted = {.deleted = Deleted::Only};

}  // namespace store_test
