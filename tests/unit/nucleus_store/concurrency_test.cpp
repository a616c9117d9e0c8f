#include "store_test.hpp"

#include <map>
#include <set>
#include <thread>

namespace store_test {

class Concurrency : public StoreTest {
 protected:
  /// Keeps the writer in an answer until it is destroyed, so that what is queued meanwhile waits.
  class Pause {
   public:
    explicit Pause(Store& store) {
      const auto entered = std::make_shared<std::promise<void>>();
      const auto go = go_;
      auto is_entered = entered->get_future();
      store.submit(kSystem, ReleaseExpiredLocks{}, [entered, go](Result<Done>) {
        entered->set_value();
        go->get_future().wait();
      });
      is_entered.wait();
    }
    ~Pause() { go_->set_value(); }

   private:
    const std::shared_ptr<std::promise<void>> go_ = std::make_shared<std::promise<void>>();
  };

  static void in_parallel(int threads, const std::function<void(int)>& body) {
    std::vector<std::thread> running;
    for (int i = 0; i < threads; ++i) running.emplace_back(body, i);
    for (auto& thread : running) thread.join();
  }
};

TEST_F(Concurrency, MakesManyChangesWithOneCommit) {
  std::atomic<int> done = 0;
  const auto before = store->usage();
  {
    const Pause pause(*store);
    for (int i = 0; i < 100; ++i) {
      store->submit(kAlice, CreateFolder{"/" + std::to_string(i)}, [&](Result<Written> r) { done += r ? 1 : 0; });
    }
  }
  must(kAlice, CreateFolder{"/last"});

  EXPECT_EQ(done, 100);
  EXPECT_EQ(store->usage().changes - before.changes, 101u);
  EXPECT_LE(store->usage().commits - before.commits, 2u);
}

TEST_F(Concurrency, RefusesOneChangeOfACommitAndMakesTheOthers) {
  put("/a", "1");
  put("/s/a", "1");
  put("/s/z", "1");
  put("/n/a/x", "1");
  told();
  std::vector<std::string> answers;
  {
    const Pause pause(*store);
    const auto answer = [&](Result<Written> result) { answers.push_back(code(result)); };
    store->submit(kAlice, CreateFolder{"/f"}, answer);
    store->submit(kAlice, CreateFolder{"/f/g/../h"}, answer);
    store->submit(kAlice, Rename{"/a", "/f/g/a"}, answer);
    store->submit(kAlice, CreateAsset{"/f/g/a"}, answer);
    // Fails behind its first step: /n/z, which it has made by then, is unmade.
    store->submit(kBob, Copy{.from = {"/s"}, .to = "/n", .overwrite = true}, answer);
    store->submit(kAlice, CreateFolder{"/f/h"}, answer);
  }
  must(kAlice, CreateFolder{"/last"});

  EXPECT_EQ(answers, (std::vector<std::string>{"OK", "INVALID_URI", "OK", "ALREADY_EXISTS", "ALREADY_EXISTS", "OK"}));
  EXPECT_EQ(told(), "create /f/, rename /a -> /f/g/a, create /f/g/, create /f/h/, create /last/");
  EXPECT_EQ(names("/n"), "a/");
}

TEST_F(Concurrency, LocksWithinOneCommitAreSeenByWhatFollows) {
  put("/a", "1");
  std::vector<std::string> answers;
  {
    const Pause pause(*store);
    store->submit(kAlice, LockPath{"/a"}, [&](Result<Lock> result) { answers.push_back(code(result)); });
    store->submit(kBob, LockPath{"/a"}, [&](Result<Lock> result) { answers.push_back(code(result)); });
    store->submit(kAlice, UnlockPath{"/a"}, [&](Result<Done> result) { answers.push_back(code(result)); });
    store->submit(kBob, LockPath{"/a"}, [&](Result<Lock> result) { answers.push_back(code(result)); });
  }
  must(kAlice, CreateFolder{"/last"});

  EXPECT_EQ(answers, (std::vector<std::string>{"OK", "RESOURCE_BUSY", "OK", "OK"}));
}

TEST_F(Concurrency, AnswersReadsThatAreMadeWhileAChangeIsTold) {
  put("/a", "1");
  std::string seen;
  store.reset();
  store = std::move(*Store::open(folder.path() / "data", options, [&](const Change& change) {
    EXPECT_GE(store->transaction_id(), change.transaction_id);
    seen += get(change.entry.path);
  }));

  put("/a", "2");

  EXPECT_EQ(seen, "2");
}

TEST_F(Concurrency, OfThirtyTwoThreadsLosesAndMixesNothing) {
  options.readers = 4;
  options.inline_below = 500;
  open();
  make_folder("/shared");
  for (int i = 0; i < 12; ++i) put("/locked/" + std::to_string(i), "1");
  for (int i = 0; i < 12; ++i) make_folder("/own/" + std::to_string(i));
  std::atomic<int> locked = 0, busy = 0;
  in_parallel(32, [&](int thread) {
    const Actor actor = {"alice", "connection " + std::to_string(thread)};
    const auto own = "/own/" + std::to_string(thread);
    for (int i = 0; i < 12; ++i) {
      const std::string text(static_cast<std::size_t>(i) * 100, static_cast<char>('a' + thread % 26));
      EXPECT_EQ(message(try_put(own + "/a", text, actor)), "");
      EXPECT_EQ(get(own + "/a", actor), text);
      EXPECT_EQ(message(store->apply(
                    actor, Copy{.from = {own + "/a"}, .to = "/shared/" + std::to_string(thread), .overwrite = true})),
                "");
      const auto lock = store->apply(actor, LockPath{"/locked/" + std::to_string(i)});
      locked += lock ? 1 : 0;
      if (!lock) {
        EXPECT_EQ(code(lock), "RESOURCE_BUSY");
      }
      busy += lock ? 0 : 1;
      if (lock) {
        EXPECT_EQ(code(store->apply(actor, UnlockPath{"/locked/" + std::to_string(i)})), "OK");
      }
      const auto page = store->list(actor, "/own/" + std::to_string(i));
      EXPECT_EQ(message(page), "");
      if (page) {
        EXPECT_LE(page->entries.size(), 1u);
      }
      if (i % 4 == 1) {
        EXPECT_EQ(message(store->apply(actor, Rename{own + "/a", own + "/b"})), "");
        EXPECT_EQ(message(store->apply(actor, Delete{own + "/b"})), "");
      }
      if (thread == 0) {
        EXPECT_EQ(message(store->collect_garbage()), "");
      }
      if (thread == 1 && i % 4 == 0) {
        EXPECT_EQ(problems(), "");
      }
      if (thread == 2 && i % 4 == 0) {
        EXPECT_EQ(message(store->backup(folder.path() / ("backup" + std::to_string(i)))), "");
      }
    }
  });

  EXPECT_EQ(locked + busy, 32 * 12);
  EXPECT_GE(locked, 12) << "whoever comes first gets it";
  EXPECT_EQ(store->list(kAlice, "/shared")->entries.size(), 32u);
  std::uint64_t last = 0;
  for (const auto& change : changes) {
    EXPECT_GE(change.transaction_id, last);
    last = change.transaction_id;
  }
  for (const int i : {0, 4, 8}) {
    store = std::move(*Store::open(folder.path() / ("backup" + std::to_string(i)), options));
    EXPECT_EQ(problems(), "") << i;
  }
}

TEST_F(Concurrency, LeavesNoGapBetweenAListingAndTheChangesBehindIt) {
  const auto names_in = [](const Page& page) {
    std::map<std::string, std::uint64_t> names;
    for (const auto& entry : page.entries) names[entry.path] = entry.etag;
    return names;
  };
  std::vector<Page> pages;
  in_parallel(5, [&](int thread) {
    if (thread == 0) {
      for (int i = 0; i < 40; ++i) pages.push_back(*store->list(kAlice, "/"));
      return;
    }
    for (int i = 0; i < 40; ++i) {
      const auto path = "/" + std::to_string(thread) + "." + std::to_string(i % 3);
      put(path, std::to_string(i));
      if (i % 2 == 0) must(kAlice, Delete{path});
      if (i % 8 == 1) must(kAlice, Rename{path, path + ".moved" + std::to_string(i)});
    }
  });

  const auto end = names_in(*store->list(kAlice, "/"));
  for (const auto& page : pages) {
    auto names = names_in(page);
    for (const auto& change : changes) {
      if (change.transaction_id <= page.transaction_id) continue;
      names.erase(change.entry.path);
      if (change.event == PathEvent::Delete) continue;
      names[change.destination.empty() ? change.entry.path : change.destination] = change.entry.etag;
    }
    EXPECT_EQ(names, end);
  }
}

TEST_F(Concurrency, CollectsNothingThatIsBeingNamed) {
  options.inline_below = 0;
  open();
  std::atomic<bool> done = false;
  std::thread collector([&] {
    while (!done) EXPECT_EQ(message(store->collect_garbage()), "");
  });
  in_parallel(4, [&](int thread) {
    // All threads write and drop the same few contents, so that each is garbage one moment and named the next.
    for (int i = 0; i < 150; ++i) {
      const auto path = "/" + std::to_string(thread);
      const auto text = "content " + std::to_string(i % 3);
      EXPECT_EQ(message(try_put(path, text)), "");
      EXPECT_EQ(get(path), text);
      if (i % 2 == 0) must(kAlice, Obliterate{path});
    }
  });
  done = true;
  collector.join();
}

TEST_F(Concurrency, TakesPartsOfAnUploadAtTheSameTime) {
  const std::size_t part = 200'000;
  std::string bytes(part * 16, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i / 1000);
  auto upload = *store->begin_upload();

  in_parallel(16, [&](int thread) {
    const auto offset = static_cast<std::size_t>(thread) * part;
    EXPECT_EQ(message(upload.write(offset, std::string_view(bytes).substr(offset, part))), "");
  });

  EXPECT_EQ(upload.finish(bytes.size())->hash(), content(bytes).hash());
}

TEST_F(Concurrency, ReadsOneContentInManyThreads) {
  std::string bytes(3'000'000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i / 1000);
  put("/a", bytes);
  const auto read = *store->read(kAlice, {"/a"});

  in_parallel(8, [&](int thread) {
    for (std::size_t i = 0; i < 100; ++i) {
      const auto offset = (i * 37 + static_cast<std::size_t>(thread) * 1013) * 997 % bytes.size();
      std::string piece(777, '\0');
      const auto got = read.content.read(offset, piece);
      ASSERT_EQ(message(got), "");
      EXPECT_EQ(piece.substr(0, *got), bytes.substr(offset, 777));
    }
  });
}

TEST_F(Concurrency, ReadsObjectsWhoseHistoryIsCollected) {
  options.inline_below = 0;
  open();
  must(kAlice, CreateObject{"/o", content("0")});
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (int i = 1; !done; ++i) {
      UpdateObject update{"/o", 0, content(std::to_string(i))};
      update.whole = true;
      EXPECT_EQ(code(store->apply(kAlice, std::move(update))), "OK");
      EXPECT_EQ(code(store->collect_garbage()), "OK");
    }
  });

  for (int i = 0; i < 1000; ++i) {
    const auto read = store->read_object(kAlice, "/o");
    EXPECT_EQ(message(read), "");
  }

  done = true;
  writer.join();
}

}  // namespace store_test
