#include "containment/call_watch.hpp"

#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

using std::chrono_literals::operator""s;
using std::chrono_literals::operator""ms;
using Clock = CallWatch::Clock;

/// Looks once a second at what this thread is inside of, with a deadline of three.
class CallWatchTest : public ::testing::Test {
 protected:
  /// What became known in so many seconds: `late outer receive 3`, `back outer receive 5`.
  std::vector<std::string> pass(int seconds, Clock::duration pause = 1s) {
    std::vector<std::string> said;
    for (int i = 0; i < seconds; ++i) {
      for (const auto& event : watch_.look(now_)) {
        const bool late = event.kind == CallWatch::Event::Kind::Late;
        EXPECT_NE(event.thread, 0);
        said.push_back((late ? "late " : "back ") + event.place->component + " " + name_of(event.call) + " " +
                       std::to_string(std::chrono::duration_cast<std::chrono::seconds>(event.lasted).count()));
      }
      now_ += pause;
    }
    return said;
  }

  const CallPlace& outer_ = new_place("outer", "type", nullptr);
  const CallPlace& inner_ = new_place("inner", "type", nullptr);
  CallWatch watch_{3s, 1s};
  Clock::time_point now_ = Clock::now();
};

using Said = std::vector<std::string>;

TEST_F(CallWatchTest, SaysOnceThatACallIsLateAndOnceThatItIsBack) {
  std::optional<CallMark> call(std::in_place, &outer_, Call::Receive);
  EXPECT_EQ(pass(3), Said{});
  EXPECT_EQ(pass(1), Said{"late outer receive 3"});
  EXPECT_EQ(pass(10), Said{});

  call.reset();

  EXPECT_EQ(pass(1), Said{"back outer receive 14"});
  EXPECT_EQ(pass(10), Said{});
}

TEST_F(CallWatchTest, TellsOneCallFromTheNext) {
  for (int i = 0; i < 10; ++i) {
    const CallMark call(&outer_, Call::Receive);
    EXPECT_EQ(pass(2), Said{});
  }
}

TEST_F(CallWatchTest, BlamesTheCallThatTheOthersWaitFor) {
  const CallMark receive(&outer_, Call::Receive);
  const CallMark core(nullptr, Call::Receive);
  const CallMark handle(&inner_, Call::Handle);

  EXPECT_EQ(pass(20), Said{"late inner handle 3"});
}

TEST_F(CallWatchTest, BlamesTheOuterOneForWhatItDoesByItself) {
  const CallMark receive(&outer_, Call::Receive);
  std::optional<CallMark> handle(std::in_place, &inner_, Call::Handle);
  EXPECT_EQ(pass(4), Said{"late inner handle 3"});

  handle.reset();

  EXPECT_EQ(pass(3), Said{"back inner handle 4"});
  EXPECT_EQ(pass(10), Said{"late outer receive 7"});
}

TEST_F(CallWatchTest, FindsACallThatCallsOthersForEver) {
  const CallMark receive(&outer_, Call::Receive);
  Said said;
  for (int i = 0; i < 6; ++i) {
    const CallMark handle(&inner_, Call::Handle);
    const auto more = pass(1);
    said.insert(said.end(), more.begin(), more.end());
  }

  EXPECT_EQ(said, Said{"late outer receive 3"});
}

TEST_F(CallWatchTest, LeavesStepsOfALifecycleAndBlockingWorkAlone) {
  for (const auto call : {Call::Prepare, Call::RunBlocking}) {
    const CallMark mark(&outer_, call);
    EXPECT_EQ(pass(20), Said{});
  }
}

TEST_F(CallWatchTest, DoesNotBlameACallForTimeInWhichNobodyLooked) {
  const CallMark receive(&outer_, Call::Receive);

  EXPECT_EQ(pass(3, 100s), Said{});  // the whole process stood still, or the machine was asleep

  EXPECT_EQ(pass(1), Said{"late outer receive 300"});
}

TEST_F(CallWatchTest, CountsFromWhenItSawTheCallFirst) {
  EXPECT_EQ(pass(5), Said{});
  const CallMark receive(&outer_, Call::Receive);

  EXPECT_EQ(pass(4), Said{"late outer receive 3"});
}

}  // namespace
}  // namespace omnibroker::core
