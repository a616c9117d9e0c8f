#include "hub.hpp"

#include <deque>
#include <filesystem>
#include <memory>
#include <stdlib.h>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace omnibroker::plugins::nucleus {
namespace {

using Paths = std::vector<std::string>;

class Told final : public Hub::Subscription {
 public:
  bool tell(const store::Change& change) override {
    paths.push_back(change.entry.path);
    return wants_more;
  }
  void lost() override { is_lost = true; }

  Paths paths;
  bool wants_more = true;
  bool is_lost = false;
};

/// A hub whose work runs when the test says so, and a store that tells it what happens.
class HubTest : public ::testing::Test {
 protected:
  HubTest() {
    std::string name = (std::filesystem::temp_directory_path() / "omnibroker-hub-XXXXXX").string();
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

  bool takes_work = true;
  Hub hub{[this](std::function<void()> next) {
    if (takes_work) works_.push_back(std::move(next));
    return takes_work;
  }};
  std::unique_ptr<store::Store> store_;

 private:
  std::filesystem::path folder_;
  std::deque<std::function<void()>> works_;
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

TEST_F(HubTest, EndsAllSubscriptionsRatherThanLeaveAGap) {
  const auto told = subscribe(Hub::Of::Folder, "/");
  store::Change change;
  change.entry.path = "/x";
  change.transaction_id = ~std::uint64_t{0};
  for (int i = 0; i < 100'001; ++i) hub.changed(change);
  work();

  EXPECT_TRUE(told->is_lost);
  EXPECT_EQ(told->paths, Paths{});
  const auto next = subscribe(Hub::Of::Folder, "/");
  make("/a");
  work();
  EXPECT_EQ(next->paths, Paths{"/a/"}) << "it goes on for others";
}

TEST(Paths, AreCutToTheirFolders) {
  EXPECT_EQ(parent_of("/"), "");
  EXPECT_EQ(parent_of("/a"), "/");
  EXPECT_EQ(parent_of("/a/"), "/");
  EXPECT_EQ(parent_of("/a/b/"), "/a");
  EXPECT_EQ(plain_path("/a//"), "/a");
  EXPECT_EQ(plain_path("/"), "/");
}

}  // namespace
}  // namespace omnibroker::plugins::nucleus
