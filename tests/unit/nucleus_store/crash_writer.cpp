// Writes to a store without end, and says on its standard output what it begins and what was answered: the crash test
// kills it. Arguments: the data folder, a number that no run before had.
#include "crash_contents.hpp"
#include "store/store.hpp"

#include <cstdio>
#include <iostream>
#include <random>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

using namespace omnibroker::nucleus::store;

/// One line, in one write, so that lines of several threads do not mix and none is cut.
void say(const std::string& line) {
  const auto whole = line + "\n";
  if (::write(STDOUT_FILENO, whole.data(), whole.size()) != static_cast<ssize_t>(whole.size())) _exit(3);
}

void must(bool worked, const std::string& what) {
  if (worked) return;
  std::cerr << what << std::endl;
  _exit(4);
}

void write_for_ever(Store& store, int thread, std::uint64_t run) {
  const Actor actor = {"writer", std::to_string(thread)};
  std::mt19937_64 random(run * 100 + static_cast<std::uint64_t>(thread));
  for (std::uint64_t i = 1;; ++i) {
    const auto version = std::to_string(run * 1'000'000 + i);
    const auto path = "/" + std::to_string(thread) + "/" + std::to_string(random() % 6);
    const auto what = random() % 8;
    if (what < 5) {
      const bool freeze = what == 0;
      say("begin " + path + " " + version);
      auto content = store.stage(crash_content(path, version));
      must(static_cast<bool>(content), "stage");
      const auto message = freeze ? std::optional<std::string>(version) : std::nullopt;
      const auto written = store.apply(actor, CreateAsset{path, "", *content, true, message});
      must(static_cast<bool>(written), "put");
      say("done " + path + " " + version + " " + std::to_string(written->entry.transaction_id));
      if (freeze) say("frozen " + path + " " + std::to_string(written->entry.checkpoint_count) + " " + version);
    } else if (what == 5) {
      say("begin " + path + " gone");
      const auto gone = store.apply(actor, Rename{path, path + "." + version});
      must(gone || gone.error().code == Code::NotExist, "rename");
      say("done " + path + " gone 0");
    } else if (what == 6) {
      const auto live = "/" + std::to_string(thread) + "/live";
      say("begin " + live + " " + version);
      auto content = store.stage(crash_content(live, version));
      must(static_cast<bool>(content), "stage");
      auto updated = store.apply(actor, UpdateObject{live, 0, *content});
      if (!updated) updated = store.apply(actor, CreateObject{live, *content});
      must(static_cast<bool>(updated), "update");
      say("update " + live + " " + version + " " + std::to_string(updated->entry.sequence));
    } else {
      must(static_cast<bool>(store.collect_garbage()), "collect");
    }
  }
}

}  // namespace

int main(int, char** arguments) {
  auto store = Store::open(arguments[1]);
  if (!store) {
    std::cerr << store.error().message << std::endl;
    return 2;
  }
  User writer;
  writer.name = "writer";
  (*store)->submit(Actor::the_system(), CreateUser{writer}, {});  // From the second run on it is there.
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] { write_for_ever(**store, i, std::stoull(arguments[2])); });
  }
  for (auto& thread : threads) thread.join();
}
