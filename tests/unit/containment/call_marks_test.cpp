#include "containment/call_marks.hpp"

#include "../envelope/allocations.hpp"

#include <atomic>
#include <future>
#include <latch>
#include <set>
#include <string>
#include <sys/syscall.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

const CallPlace& some_place(const char* name) { return new_place(name, "type", nullptr); }

/// The components that a thread is inside of, the outermost first; `-` for the core.
std::vector<std::string> inside(const ThreadMarks& marks) {
  std::vector<std::string> names;
  for (std::size_t frame = 0; frame < ThreadMarks::kDepth; ++frame) {
    const auto seen = marks.look(frame);
    if (seen.entry != 0) names.push_back(seen.place == nullptr ? "-" : seen.place->component);
  }
  return names;
}

using Names = std::vector<std::string>;

TEST(CallMark, StandsAsLongAsTheCall) {
  const auto& place = some_place("handlers.one");
  {
    const CallMark mark(&place, Call::Handle);

    const auto seen = marks_of_this_thread()->look(0);
    EXPECT_EQ(seen.place, &place);
    EXPECT_EQ(seen.call, Call::Handle);
    EXPECT_NE(seen.entry, 0u);
  }
  EXPECT_EQ(marks_of_this_thread()->look(0).entry, 0u);
}

TEST(CallMark, NestsAndGivesTheOuterOneBack) {
  const auto& outer = some_place("outer");
  const auto& inner = some_place("inner");
  const CallMark receive(&outer, Call::Receive);
  const auto before = marks_of_this_thread()->look(0);
  {
    const CallMark core(nullptr, Call::Receive);
    const CallMark handle(&inner, Call::Handle);

    EXPECT_EQ(inside(*marks_of_this_thread()), (Names{"outer", "-", "inner"}));
  }
  EXPECT_EQ(inside(*marks_of_this_thread()), Names{"outer"});
  EXPECT_EQ(marks_of_this_thread()->look(0).entry, before.entry);
}

TEST(CallMark, IsAnotherOneForEachCall) {
  const auto& place = some_place("handlers.one");
  std::vector<std::uint64_t> entries;
  for (int i = 0; i < 3; ++i) {
    const CallMark mark(&place, Call::Handle);
    entries.push_back(marks_of_this_thread()->look(0).entry);
  }

  EXPECT_NE(entries[0], entries[1]);
  EXPECT_NE(entries[1], entries[2]);
}

TEST(CallMark, AllocatesNothing) {
  const auto& place = some_place("handlers.one");
  register_this_thread();

  const auto before = allocations();
  for (int i = 0; i < 3; ++i) {
    const CallMark mark(&place, Call::Handle);
  }

  EXPECT_EQ(allocations(), before);
}

TEST(CallMark, IsTakenAwayByAnException) {
  const auto& place = some_place("handlers.one");
  try {
    const CallMark mark(&place, Call::Handle);
    throw 1;
  } catch (int) {
  }

  EXPECT_EQ(inside(*marks_of_this_thread()), Names{});
}

void call_deeper(std::size_t times, const CallPlace& place, std::vector<std::string>& seen) {
  const CallMark mark(&place, Call::Handle);
  if (times > 1) {
    call_deeper(times - 1, place, seen);
  } else {
    seen = inside(*marks_of_this_thread());
  }
}

TEST(CallMark, KeepsTheOutermostCallsWhereTheyNestTooDeeply) {
  std::vector<std::string> seen;

  call_deeper(ThreadMarks::kDepth + 3, some_place("deep"), seen);

  EXPECT_EQ(seen.size(), ThreadMarks::kDepth);
  EXPECT_EQ(inside(*marks_of_this_thread()), Names{});
}

TEST(ThreadMarks, OfAnotherThreadCanBeSeen) {
  const auto& place = some_place("elsewhere");
  std::promise<const ThreadMarks*> entered;
  std::promise<void> leave;
  std::thread thread([&] {
    const CallMark mark(&place, Call::Encode);
    entered.set_value(marks_of_this_thread());
    leave.get_future().wait();
  });

  const auto* marks = entered.get_future().get();

  EXPECT_EQ(inside(*marks), Names{"elsewhere"});
  EXPECT_EQ(marks->look(0).call, Call::Encode);
  EXPECT_NE(marks->thread(), static_cast<pid_t>(::syscall(SYS_gettid)));
  bool listed = false;
  for (const auto* one = all_thread_marks(); one != nullptr; one = one->next()) listed = listed || one == marks;
  EXPECT_TRUE(listed);
  leave.set_value();
  thread.join();
  EXPECT_EQ(marks->thread(), 0);
}

TEST(ThreadMarks, GoToTheNextThreadWhenOneHasEnded) {
  const ThreadMarks* first = nullptr;
  std::thread([&] { first = &register_this_thread(); }).join();
  std::size_t before = 0, after = 0;
  for (const auto* one = all_thread_marks(); one != nullptr; one = one->next()) ++before;

  for (int i = 0; i < 100; ++i) std::thread([] { register_this_thread(); }).join();

  for (const auto* one = all_thread_marks(); one != nullptr; one = one->next()) ++after;
  EXPECT_NE(first, nullptr);
  EXPECT_EQ(after, before);
}

TEST(ThreadMarks, BelongToOneThreadEach) {
  constexpr std::size_t kThreads = 32;
  for (int round = 0; round < 20; ++round) {
    std::vector<const ThreadMarks*> marks(kThreads);
    std::vector<std::thread> threads;
    std::latch all_there(kThreads), all_have_some(kThreads);
    for (auto& mine : marks) {
      threads.emplace_back([&] {
        all_there.arrive_and_wait();
        mine = &register_this_thread();
        all_have_some.arrive_and_wait();
      });
    }
    for (auto& thread : threads) thread.join();
    EXPECT_EQ(std::set<const ThreadMarks*>(marks.begin(), marks.end()).size(), kThreads);
  }
}

TEST(ThreadMarks, ShowWhatBelongsTogetherWhileTheyChange) {
  const auto& one = some_place("one");
  const auto& other = some_place("other");
  std::atomic<bool> ending{false};
  std::promise<const ThreadMarks*> begun;
  std::thread thread([&] {
    begun.set_value(&register_this_thread());
    while (!ending.load()) {
      { const CallMark mark(&one, Call::Handle); }
      { const CallMark mark(&other, Call::Filter); }
    }
  });
  const auto* marks = begun.get_future().get();

  std::size_t looks = 0;
  while (looks < 100'000) {
    const auto seen = marks->look(0);
    ++looks;
    if (seen.entry == 0) continue;
    ASSERT_EQ(seen.call, seen.place == &one ? Call::Handle : Call::Filter);
  }
  ending = true;
  thread.join();
}

TEST(Call, HasTheNameOfItsFunction) {
  EXPECT_STREQ(name_of(Call::Load), "load");
  EXPECT_STREQ(name_of(Call::Handle), "handle");
  EXPECT_STREQ(name_of(Call::EndOfInput), "end_of_input");
  EXPECT_STREQ(name_of(Call::SessionExport), "session_export");
  EXPECT_STREQ(name_of(Call::RunBlocking), "run_blocking");
}

TEST(Call, MayTakeLongWhereItHasADeadlineOfItsOwnOrNone) {
  for (const auto call : {Call::Load, Call::Create, Call::Prepare, Call::Destroy, Call::RunBlocking}) {
    EXPECT_TRUE(may_take_long(call)) << name_of(call);
  }
  for (const auto call : {Call::Health, Call::Handle, Call::Receive, Call::Timer, Call::Deliver}) {
    EXPECT_FALSE(may_take_long(call)) << name_of(call);
  }
}

}  // namespace
}  // namespace omnibroker::core
