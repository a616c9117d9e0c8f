#include "store_test.hpp"

namespace store_test {

using Freezing = StoreTest;

TEST_F(Freezing, KeepsWhatTheHeadWas) {
  put("/a", "one");
  now += 3;
  const auto first = must(kBob, CreateCheckpoint{"/a", "", "first"});
  put("/a", "two");
  const auto second = must(kAlice, CreateCheckpoint{"/a", "", "second"});

  EXPECT_EQ(first.number, 1u);
  EXPECT_EQ(second.number, 2u);
  EXPECT_EQ(first.created_by, "bob");
  EXPECT_EQ(get_at({"/a", "", 1}), "one");
  EXPECT_EQ(get_at({"/a", "", 2}), "two");
  EXPECT_EQ(get_at({"/a", "", 0}), "two");
  EXPECT_EQ(get_at({"/a", "", 3}), "INVALID_VERSION");
  const auto list = *store->checkpoints(kAlice, "/a");
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0].message, "first");
  EXPECT_EQ(list[0].size, 3u);
  EXPECT_EQ(list[1].message, "second");
  EXPECT_EQ(list[1].created, list[0].created);
}

TEST_F(Freezing, ShowsInTheEntry) {
  const auto head = put("/a", "one").entry.etag;
  must(kAlice, CreateCheckpoint{"/a"});
  EXPECT_TRUE(store->stat(kAlice, {"/a"})->checkpointed);
  EXPECT_EQ(store->stat(kAlice, {"/a"})->checkpoint_count, 1u);

  put("/a", "three");

  EXPECT_FALSE(store->stat(kAlice, {"/a"})->checkpointed);
  const auto old = *store->stat(kAlice, {"/a", "", 1});
  EXPECT_EQ(old.etag, head);
  EXPECT_EQ(old.size, 3u);
  EXPECT_EQ(code(store->stat(kAlice, {"/a", "", 2})), "INVALID_VERSION");
}

TEST_F(Freezing, WithoutAChangeIsOnlyDoneByForce) {
  put("/a", "one");
  must(kAlice, CreateCheckpoint{"/a"});

  EXPECT_EQ(code(store->apply(kAlice, CreateCheckpoint{"/a"})), "ALREADY_EXISTS");
  const auto forced = store->apply(kAlice, CreateCheckpoint{"/a", "", "again", true});

  ASSERT_EQ(code(forced), "OK");
  EXPECT_EQ(forced->number, 2u);
  put("/a", "one");  // The same bytes, and yet a new head.
  EXPECT_EQ(code(store->apply(kAlice, CreateCheckpoint{"/a"})), "OK");
}

TEST_F(Freezing, IsOneStepWithAWriteThatHasAMessage) {
  const auto created = must(kAlice, CreateAsset{"/a", "", content("one"), false, "first"});
  EXPECT_EQ(created.checkpoint, 1u);
  EXPECT_TRUE(created.entry.checkpointed);
  const auto updated = must(kAlice, UpdateAsset{"/a", "", content("two"), 0, ""});

  EXPECT_EQ(updated.checkpoint, 2u);
  EXPECT_EQ(put("/a", "three").checkpoint, 0u);
  EXPECT_EQ(get_at({"/a", "", 1}) + get_at({"/a", "", 2}), "onetwo");
  EXPECT_EQ(told(), "create /a, checkpoints_changed /a, full /a, checkpoints_changed /a, full /a");
}

TEST_F(Freezing, CountsForEachBranch) {
  put("/a", "main");
  must(kAlice, CreateAsset{"/a", "dev", content("dev")});
  must(kAlice, CreateCheckpoint{"/a", "dev"});

  EXPECT_EQ(store->checkpoints(kAlice, "/a")->size(), 0u);
  EXPECT_EQ(store->checkpoints(kAlice, "/a", "dev")->size(), 1u);
  EXPECT_EQ(get_at({"/a", "dev", 1}), "dev");
  EXPECT_EQ(get_at({"/a", "", 1}), "INVALID_VERSION");
  EXPECT_EQ(must(kAlice, CreateCheckpoint{"/a"}).number, 1u);
}

TEST_F(Freezing, IsForAssets) {
  make_folder("/f");
  must(kAlice, CreateObject{"/o", content("1")});

  EXPECT_EQ(code(store->apply(kAlice, CreateCheckpoint{"/f"})), "NOT_ASSET");
  EXPECT_EQ(code(store->apply(kAlice, CreateCheckpoint{"/o"})), "NOT_ASSET");
  EXPECT_EQ(code(store->apply(kAlice, CreateCheckpoint{"/none"})), "NOT_EXIST");
  EXPECT_EQ(code(store->checkpoints(kAlice, "/f")), "NOT_ASSET");
  EXPECT_EQ(code(store->stat(kAlice, {"/f", "", 1})), "NOT_ASSET");
}

TEST_F(Freezing, OutlivesARestart) {
  must(kAlice, CreateAsset{"/a", "", content(std::string(50'000, 'x')), false, "large"});
  put("/a", "small");
  open();

  EXPECT_EQ(get_at({"/a", "", 1}), std::string(50'000, 'x'));
}

TEST_F(Freezing, AreReadByTheirEtagWhenTheirHeadIsDeleted) {
  must(kAlice, CreateAsset{"/a", "", content("frozen"), false, "first"});
  const auto frozen = store->checkpoints(kAlice, "/a")->front().etag;
  const auto head = put("/a", "head").entry.etag;
  must(kAlice, Delete{"/a"});

  const auto read = store->read(kAlice, {"/a"}, {.etag = frozen});

  ASSERT_EQ(message(read), "");
  EXPECT_EQ(*read->content.all(), "frozen");
  EXPECT_EQ(code(store->read(kAlice, {"/a"}, {.etag = head})), "INVALID_ETAG");
}

TEST_F(Freezing, IsToldTheNewestFirstWhereThereAreMany) {
  options.checkpoints = 2;
  open();
  put("/a", "1");
  for (int i = 0; i < 5; ++i) must(kAlice, CreateCheckpoint{.path = "/a", .force = true});
  const auto numbers = [&](std::uint64_t before) {
    std::string out;
    for (const auto& one : *store->checkpoints(kAlice, "/a", "", before)) out += std::to_string(one.number) + " ";
    return out;
  };

  EXPECT_EQ(numbers(0), "4 5 ");
  EXPECT_EQ(numbers(4), "2 3 ");
  EXPECT_EQ(numbers(2), "1 ");
  EXPECT_EQ(numbers(1), "");
}

}  // namespace store_test
