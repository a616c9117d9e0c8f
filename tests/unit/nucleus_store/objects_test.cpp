#include "store_test.hpp"

namespace store_test {

class LiveObjects : public StoreTest {
 protected:
  /// `1:base 2:more`, or the name of what was wrong.
  std::string history(const std::string& path, LiveQuery query = {}) {
    const auto live = store->read_object(kAlice, path, query);
    if (!live) return code(live);
    std::string out;
    for (const auto& update : live->updates) {
      out += (out.empty() ? "" : " ") + std::to_string(update.sequence) + ":" + *update.content.all();
    }
    return out;
  }
  Written update(const std::string& path, const std::string& text, bool whole = false) {
    return must(kAlice, UpdateObject{path, 0, content(text), whole});
  }
};

TEST_F(LiveObjects, KeepTheirUpdatesInOrder) {
  const auto made = must(kAlice, CreateObject{"/s/root.live", content("base")});
  EXPECT_EQ(made.entry.type, PathType::Object);
  EXPECT_EQ(made.entry.sequence, 1u);
  EXPECT_EQ(update("/s/root.live", "a").entry.sequence, 2u);
  EXPECT_EQ(update("/s/root.live", "b").entry.sequence, 3u);

  EXPECT_EQ(history("/s/root.live"), "1:base 2:a 3:b");
  EXPECT_EQ(store->stat(kAlice, {"/s/root.live"})->size, 6u);
  open();
  EXPECT_EQ(history("/s/root.live"), "1:base 2:a 3:b");
  EXPECT_EQ(update("/s/root.live", "c").entry.sequence, 4u);
}

TEST_F(LiveObjects, AreReadFromWhereOneStands) {
  const auto id = must(kAlice, CreateObject{"/o", content("base")}).entry.object_id;
  update("/o", "a");
  update("/o", "b");

  EXPECT_EQ(history("/o", {.object_id = id, .sequence = 1}), "2:a 3:b");
  EXPECT_EQ(history("/o", {.object_id = id, .sequence = 3}), "");
  EXPECT_EQ(history("/o", {.object_id = id + 1, .sequence = 3}), "1:base 2:a 3:b");
  EXPECT_EQ(history("/o", {.object_id = id, .sequence = 0, .limit = 2}), "1:base 2:a");
  EXPECT_EQ(store->read_object(kAlice, "/o", {.limit = 2})->sequence, 3u);
}

TEST_F(LiveObjects, GetANewIdWhenTheyAreMadeAgain) {
  const auto first = must(kAlice, CreateObject{"/o", content("base")}).entry.object_id;
  update("/o", "a");
  const auto second = must(kAlice, CreateObject{"/o", content("again")}).entry.object_id;
  EXPECT_GT(second, first);
  EXPECT_EQ(history("/o", {.object_id = first, .sequence = 2}), "1:again");
  EXPECT_EQ(code(store->apply(kAlice, UpdateObject{"/o", first, content("late")})), "NOT_OBJECT");

  must(kAlice, Delete{"/o"});
  open();

  EXPECT_GT(must(kAlice, CreateObject{"/o", content("third")}).entry.object_id, second);
}

TEST_F(LiveObjects, TellTheirUpdates) {
  must(kAlice, CreateObject{"/o", content("base")});
  update("/o", "a");
  update("/o", "all", true);
  must(kAlice, CreateObject{"/o", content("again")});

  ASSERT_EQ(changes.size(), 4u);
  EXPECT_EQ(*changes[0].update, "base");
  EXPECT_EQ(*changes[1].update, "a");
  EXPECT_EQ(changes[1].entry.sequence, 2u);
  EXPECT_EQ(told(), "create /o, delta /o, full /o, full /o");
}

TEST_F(LiveObjects, DropWhatAWholeUpdateStandsFor) {
  const auto id = must(kAlice, CreateObject{"/o", content("base")}).entry.object_id;
  update("/o", "a");
  update("/o", "all", true);
  update("/o", "b");

  EXPECT_EQ(history("/o"), "3:all 4:b");
  EXPECT_EQ(history("/o", {.object_id = id, .sequence = 1}), "3:all 4:b");
  EXPECT_EQ(store->stat(kAlice, {"/o"})->size, 4u);
}

TEST_F(LiveObjects, HaveABoundedHistory) {
  options.object_updates = 3;
  options.object_bytes = 100;
  open();
  must(kAlice, CreateObject{"/o", content("base")});
  update("/o", "a");
  update("/o", "b");

  EXPECT_EQ(code(store->apply(kAlice, UpdateObject{"/o", 0, content("c")})), "QUOTA_REACHED");
  update("/o", "all", true);
  EXPECT_EQ(history("/o"), "4:all");
  EXPECT_EQ(code(store->apply(kAlice, UpdateObject{"/o", 0, content(std::string(98, 'x'))})), "QUOTA_REACHED");
  EXPECT_EQ(code(store->apply(kAlice, UpdateObject{"/o", 0, content(std::string(97, 'x'))})), "OK");
  EXPECT_EQ(code(store->apply(kAlice, CreateObject{"/p", content(std::string(101, 'x'))})), "QUOTA_REACHED");
}

TEST_F(LiveObjects, TakeUpdatesThatAreFiles) {
  const std::string large(3 << 20, 'x'), middle(100'000, 'y');
  must(kAlice, CreateObject{"/o", content(large)});
  update("/o", middle);

  EXPECT_EQ(history("/o"), "1:" + large + " 2:" + middle);
  EXPECT_EQ(changes.back().update, nullptr);
}

TEST_F(LiveObjects, AreAnsweredInPiecesOfBoundedSize) {
  const std::string large(6 << 20, 'x');
  must(kAlice, CreateObject{"/o", content(large)});
  for (int i = 0; i < 5; ++i) update("/o", large);

  EXPECT_EQ(store->read_object(kAlice, "/o")->updates.size(), 3u);
}

TEST_F(LiveObjects, AreNothingElse) {
  put("/a", "1");
  must(kAlice, CreateObject{"/o", content("base")});

  EXPECT_EQ(code(store->apply(kAlice, CreateObject{"/a", content("1")})), "NOT_OBJECT");
  EXPECT_EQ(code(store->apply(kAlice, UpdateObject{"/a", 0, content("1")})), "NOT_OBJECT");
  EXPECT_EQ(code(store->apply(kAlice, UpdateObject{"/none", 0, content("1")})), "NOT_EXIST");
  EXPECT_EQ(history("/a"), "NOT_OBJECT");
  EXPECT_EQ(get("/o"), "NOT_ASSET");
  EXPECT_EQ(code(try_put("/o", "1")), "NOT_ASSET");
}

TEST_F(LiveObjects, ComeBackWithTheirHistory) {
  must(kAlice, CreateObject{"/o", content("base")});
  update("/o", "a");
  must(kAlice, Delete{"/o"});
  must(kAlice, Undelete{"/o"});

  EXPECT_EQ(history("/o"), "1:base 2:a");
}

}  // namespace store_test
