// kill -9 at random points under load: what was answered is there, and nothing is torn.
#include "crash_contents.hpp"
#include "store_test.hpp"

#include <cstdlib>
#include <map>
#include <random>
#include <signal.h>
#include <spawn.h>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

namespace store_test {

namespace {

/// The program that writes, and what it says.
class Victim {
 public:
  Victim(const fs::path& data, int run) {
    int ends[2];
    if (pipe(ends) != 0) throw std::runtime_error("no pipe");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    std::string program = OMNIBROKER_CRASH_WRITER, folder = data.string(), number = std::to_string(run);
    char* const arguments[] = {program.data(), folder.data(), number.data(), nullptr};
    if (posix_spawn(&child_, program.c_str(), &actions, nullptr, arguments, environ) != 0) child_ = -1;
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    said_ = fdopen(ends[0], "r");
  }
  Victim(const Victim&) = delete;
  Victim& operator=(const Victim&) = delete;
  ~Victim() {
    kill_it();
    std::fclose(said_);
    if (child_ > 0) waitpid(child_, nullptr, 0);
  }

  /// The next line; nothing when it is dead and all has been read.
  bool next(std::string& line) {
    line.clear();
    for (int c = 0; (c = std::fgetc(said_)) != EOF;) {
      if (c == '\n') return true;
      line += static_cast<char>(c);
    }
    return false;
  }
  void kill_it() {
    if (child_ > 0) kill(child_, SIGKILL);
  }

 private:
  pid_t child_ = -1;
  FILE* said_ = nullptr;
};

/// What must be there.
struct Expected {
  std::string version = "gone";               ///< Of the head, or of a live object's newest update.
  std::string begun;                          ///< What may be there instead: it was begun, and not answered.
  std::map<std::uint64_t, std::string> kept;  ///< Checkpoints, or updates, and their versions.
};

class Crashes : public testing::Test {
 protected:
  void note(const std::string& line) {
    std::istringstream words(line);
    std::string what, path, first, second;
    words >> what >> path >> first >> second;
    auto& expected = paths_[path];
    if (what == "begin") {
      expected.begun = first;
    } else if (what == "done" || what == "update") {
      // A path that was moved away begins again, with checkpoints from 1 on.
      if (first == "gone") expected.kept.clear();
      expected.version = first;
      expected.begun.clear();
      if (what == "update") expected.kept[std::stoull(second)] = first;
      if (what == "done") transaction_ = std::max<std::uint64_t>(transaction_, std::stoull(second));
      ++answers_;
    } else if (what == "frozen") {
      expected.kept[std::stoull(first)] = second;
    }
  }

  static std::string version_of(Store& store, const PathAtVersion& path) {
    const auto read = store.read(kSystem, path);
    if (!read) return code(read) == "NOT_EXIST" ? "gone" : message(read);
    const auto all = read->content.all();
    if (!all) return message(all);
    std::istringstream words(*all);
    std::string name, version;
    words >> name >> version;
    return *all == crash_content(path.path, version) ? version : "torn";
  }

  void check_asset(Store& store, const std::string& path, Expected& expected) {
    const auto version = version_of(store, {path});
    EXPECT_TRUE(version == expected.version || (!expected.begun.empty() && version == expected.begun))
        << path << " is " << version << " instead of " << expected.version << " or " << expected.begun;
    if (version == "gone") expected.kept.clear();
    for (const auto& [number, kept] : expected.kept) EXPECT_EQ(version_of(store, {path, "", number}), kept) << path;
    expected.version = version;
  }

  static void check_live(Store& store, const std::string& path, Expected& expected) {
    const auto stat = store.stat(kSystem, {path});
    if (!stat) {
      EXPECT_TRUE(expected.kept.empty() && code(stat) == "NOT_EXIST") << path << ": " << message(stat);
      return;
    }
    std::map<std::uint64_t, std::string> seen;
    for (LiveQuery query{.object_id = stat->object_id}; query.sequence < stat->sequence;) {
      const auto live = store.read_object(kSystem, path, query);
      ASSERT_EQ(message(live), "");
      for (const auto& update : live->updates) {
        const auto all = *update.content.all();
        std::istringstream words(all);
        std::string name;
        words >> name >> seen[update.sequence];
        EXPECT_TRUE(all == crash_content(path, seen[update.sequence])) << path << " is torn";
        query.sequence = update.sequence;
      }
    }
    const auto missed = seen.size() - expected.kept.size();
    EXPECT_LE(missed, 1u) << path;
    if (missed == 1) {
      EXPECT_EQ(seen.rbegin()->second, expected.begun) << path;
    }
    for (const auto& [sequence, version] : expected.kept) EXPECT_EQ(seen[sequence], version) << path;
    expected.kept = seen;
  }

  std::map<std::string, Expected> paths_;
  std::uint64_t transaction_ = 0;
  int answers_ = 0;
};

int rounds() {
  const char* wanted = std::getenv("OMNIBROKER_CRASHES");
  return wanted ? std::atoi(wanted) : 20;
}

}  // namespace

TEST_F(Crashes, LoseNothingThatWasAnswered) {
  const Folder folder;
  const auto data = folder.path() / "data";
  std::mt19937_64 random(20);
  for (int round = 1; round <= rounds(); ++round) {
    {
      Victim victim(data, round);
      const auto lines = random() % 400;
      std::string line;
      for (std::uint64_t i = 0; i <= lines && victim.next(line); ++i) note(line);
      victim.kill_it();
      while (victim.next(line)) note(line);
    }
    auto store = Store::open(data);
    ASSERT_EQ(message(store), "") << round;
    EXPECT_GE((*store)->transaction_id(), transaction_);
    const auto verified = (*store)->verify();
    ASSERT_EQ(message(verified), "");
    for (const auto& problem : verified->problems) ADD_FAILURE() << "round " << round << ": " << problem;
    for (auto& [path, expected] : paths_) {
      if (path.ends_with("live")) {
        check_live(**store, path, expected);
      } else {
        check_asset(**store, path, expected);
      }
      expected.begun.clear();
    }
    if (HasFailure()) FAIL() << "in round " << round;
  }
  EXPECT_GT(answers_, rounds());
  std::cout << rounds() << " crashes, " << answers_ << " answered changes, all there\n";
}

}  // namespace store_test
