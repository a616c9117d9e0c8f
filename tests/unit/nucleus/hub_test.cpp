#include "hub.hpp"

#include <deque>
#include <filesystem>
#include <memory>
#include <stdlib.h>
#include <string>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

namespace omnibroker::plugins::nucleus {
namespace {

using Paths = std::vector<std::string>;

constexpr int kMost = 1000;

/// In memory where that is offered: nothing here depends on a disk.
std::filesystem::path memory_folder() {
  std::error_code error;
  const bool offered = std::filesystem::is_directory("/dev/shm", error) && ::access("/dev/shm", W_OK) == 0;
  return offered ? "/dev/shm" : std::filesystem::temp_directory_path();
}

class Told final : public Hub::Subscription {
 public:
  bool tell(const store::Change& change) override {
    paths.push_back(change.entry.path);
    return wants_more;
  }
  bool check() override {
    ++checks;
    return wants_more;
  }
  void lost() override { is_lost = true; }

  Paths paths;
  bool wants_more = true;
  bool is_lost = false;
  int checks = 0;
};

/// A hub whose work runs when the test says so, and a store that tells it what happens.
class HubTest : public ::testing::Test {
 protected:
  HubTest() {
    std::string name = (memory_folder() / "omnibroker-hub-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    auto opened =
        store::Store::open(folder_ / "data", {}, [this](const store::Change& change) { hub.changed(change); });
    EXPECT_TRUE(opened) << opened.error().message;
    store_ = std::move(*opened);
  }
  ~HubTest() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  std::shared_ptr<Told> subscribe(Hub::Of of, const std::string& path) {
    auto told = std::make_shared<Told>();
    hub.add(of, path, *store_, told);
    return told;
  }
  void make(const std::string& path) {
    const auto made = store_->apply(store::Actor::the_system(), store::CreateFolder{path});
    ASSERT_TRUE(made) << made.error().message;
  }
  void work() {
    while (!works_.empty()) {
      const auto next = std::move(works_.front());
      works_.pop_front();
      next();
    }
  }

  void throw_work_away() { works_.clear(); }

  bool takes_work = true;
  Hub hub{[this](std::function<void()> next) {
            if (takes_work) works_.push_back(std::move(next));
            return takes_work;
          },
          kMost};
  std::unique_ptr<store::Store> store_;
  std::deque<std::function<void()>> works_;

 private:
  std::filesystem::path folder_;
};

TEST_F(HubTest, TellsWhatIsInAFolderInOrderAndNothingElse) {
  make("/a");
  const auto told = subscribe(Hub::Of::Folder, "/a/");
  for (const char* path : {"/a/1", "/b", "/a/2", "/a/2/below", "/a/3"}) make(path);
  work();

  EXPECT_EQ(told->paths, (Paths{"/a/1/", "/a/2/", "/a/3/"}));
}

TEST_F(HubTest, TellsNothingOfBeforeAlsoWhereItIsStillQueued) {
  make("/a");
  const auto first = subscribe(Hub::Of::Folder, "/a");
  make("/a/before");
  const auto second = subscribe(Hub::Of::Folder, "/a");
  make("/a/behind");
  work();

  EXPECT_EQ(first->paths, (Paths{"/a/before/", "/a/behind/"}));
  EXPECT_EQ(second->paths, Paths{"/a/behind/"});
}

TEST_F(HubTest, TellsBothFoldersOfWhatMoves) {
  make("/from/x");
  make("/to");
  const auto from = subscribe(Hub::Of::Folder, "/from"), to = subscribe(Hub::Of::Folder, "/to");
  const auto moved = store_->apply(store::Actor::the_system(), store::Rename{"/from/x", "/to/y"});
  ASSERT_TRUE(moved) << moved.error().message;
  work();

  EXPECT_EQ(from->paths, Paths{"/from/x/"});
  EXPECT_EQ(to->paths, Paths{"/from/x/"});
}

TEST_F(HubTest, TellsOfOnePathAndOfEverything) {
  const auto one = subscribe(Hub::Of::Path, "/a"), all = subscribe(Hub::Of::Everything, "/");
  make("/a");
  make("/b/c");
  work();

  EXPECT_EQ(one->paths, Paths{"/a/"});
  EXPECT_EQ(all->paths, (Paths{"/a/", "/b/", "/b/c/"}));
}

TEST_F(HubTest, TellsNobodyWhoHasGoneOrWantsNoMore) {
  const auto gone = subscribe(Hub::Of::Folder, "/"), full = subscribe(Hub::Of::Folder, "/");
  full->wants_more = false;
  hub.remove(Hub::Of::Folder, "/", gone.get());
  make("/a");
  make("/b");
  work();

  EXPECT_EQ(gone->paths, Paths{});
  EXPECT_EQ(full->paths, Paths{"/a/"});
}

TEST_F(HubTest, GoesOnWhenThereWasNoThread) {
  const auto told = subscribe(Hub::Of::Folder, "/");
  takes_work = false;
  make("/a");
  takes_work = true;
  hub.go_on();
  work();

  EXPECT_EQ(told->paths, Paths{"/a/"});
}

TEST_F(HubTest, GoesOnWhenItsWorkWasThrownAway) {
  const auto told = subscribe(Hub::Of::Folder, "/");
  make("/a");
  throw_work_away();
  hub.go_on();
  work();

  EXPECT_EQ(told->paths, Paths{"/a/"});
}

store::Change change_of(const std::string& path, std::uint64_t transaction) {
  store::Change change;
  change.entry.path = path;
  change.transaction_id = transaction;
  return change;
}

constexpr std::uint64_t kLater = 1'000'000;  // than all that the store has done

TEST_F(HubTest, EndsWhatItHasNoRoomForAndNothingElse) {
  const auto slow = subscribe(Hub::Of::Folder, "/slow"), other = subscribe(Hub::Of::Folder, "/other");
  for (int i = 0; i < kMost; ++i) hub.changed(change_of("/slow/x", kLater));
  hub.changed(change_of("/slow/x", kLater + 1));
  hub.changed(change_of("/nobody/x", kLater + 2));
  work();
  hub.changed(change_of("/other/x", kLater + 3));
  work();

  EXPECT_TRUE(slow->is_lost);
  EXPECT_EQ(slow->paths, Paths{}) << "it has ended, rather than have a gap";
  EXPECT_FALSE(other->is_lost);
  EXPECT_EQ(other->paths, Paths{"/other/x"});
  const auto next = subscribe(Hub::Of::Folder, "/");
  make("/a");
  work();
  EXPECT_EQ(next->paths, Paths{"/a/"}) << "it goes on for others";
}

TEST_F(HubTest, TakesOneChangeOfManyPathsWhole) {
  const auto all = subscribe(Hub::Of::Everything, "/");
  for (int i = 0; i < 10 * kMost; ++i) hub.changed(change_of("/deleted/x", kLater));
  work();

  EXPECT_FALSE(all->is_lost);
  EXPECT_EQ(all->paths.size(), 10u * kMost);
}

TEST_F(HubTest, QueuesNothingThatNobodyWantsToKnow) {
  const auto told = subscribe(Hub::Of::Folder, "/here"), path = subscribe(Hub::Of::Path, "/there");
  for (int i = 0; i < kMost; ++i) hub.changed(change_of("/elsewhere/x", kLater + static_cast<std::uint64_t>(i)));
  hub.changed(change_of("/here/x", 2 * kLater));
  hub.changed(change_of("/there", 2 * kLater + 1));
  work();

  EXPECT_EQ(told->paths, Paths{"/here/x"});
  EXPECT_EQ(path->paths, Paths{"/there"});
}

TEST_F(HubTest, AsksEverybodyWhenRightsHaveChanged) {
  const auto may = subscribe(Hub::Of::Folder, "/"), may_not = subscribe(Hub::Of::Path, "/a");
  may_not->wants_more = false;
  hub.check();
  hub.check();
  work();
  make("/a");
  work();

  EXPECT_EQ(may->checks, 1);
  EXPECT_EQ(may->paths, Paths{"/a/"});
  EXPECT_EQ(may_not->paths, Paths{});
}

TEST(Paths, AreCutToTheirFolders) {
  EXPECT_EQ(parent_of("/"), "");
  EXPECT_EQ(parent_of("/a"), "/");
  EXPECT_EQ(parent_of("/a/"), "/");
  EXPECT_EQ(parent_of("/a/b/"), "/a");
  EXPECT_EQ(plain_path("/a//"), "/a");
  EXPECT_EQ(plain_path("/"), "/");
}

/// It makes another change whenever it is told of one.
class Restless final : public Hub::Subscription {
 public:
  explicit Restless(store::Store& store) : store_(store) {}
  bool tell(const store::Change&) override {
    static_cast<void>(store_.apply(store::Actor::the_system(), store::CreateFolder{"/" + std::to_string(++made_)}));
    return true;
  }
  bool check() override { return true; }
  void lost() override {}

 private:
  store::Store& store_;
  int made_ = 0;
};

TEST_F(HubTest, AsksAlsoWhereChangesNeverEnd) {
  const auto told = subscribe(Hub::Of::Folder, "/f");
  hub.add(Hub::Of::Folder, "/", *store_, std::make_shared<Restless>(*store_));
  make("/a");
  hub.check();
  ASSERT_EQ(works_.size(), 1u);
  const auto first = std::move(works_.front());
  works_.clear();
  first();

  EXPECT_EQ(told->checks, 1);
  EXPECT_FALSE(works_.empty()) << "there is still something to be told";
  works_.clear();
}

}  // namespace
}  // namespace omnibroker::plugins::nucleus
