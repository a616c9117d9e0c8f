// Requests and callbacks: who is called when, and who is not.
#include "engine/calls.hpp"

#include <atomic>
#include <future>

#include <gtest/gtest.h>

namespace {

using omniclient::Callee;
using omniclient::Calls;
using omniclient::Request;
using std::chrono::milliseconds;

class CallsTest : public testing::Test {
 protected:
  CallsTest() { calls.start(nullptr); }
  ~CallsTest() override { calls.finish(); }

  std::shared_ptr<Request> begin(Request::Kind kind = Request::Kind::Once) {
    return calls.begin(kind, [this] { ++failed; });
  }

  Calls calls;
  std::atomic<int> failed{0};
};

TEST_F(CallsTest, WaitsUntilTheCallbackHasReturned) {
  const auto request = begin();
  bool returned = false;

  calls.post(
      request, [&returned] { returned = true; }, Calls::Then::End);
  EXPECT_TRUE(calls.wait(request->id, std::nullopt));

  EXPECT_TRUE(returned);
}

TEST_F(CallsTest, WaitsForNothingThatIsNone) {
  EXPECT_TRUE(calls.wait(0, std::nullopt));
  EXPECT_TRUE(calls.wait(std::uint64_t{1} << 60, std::nullopt));
}

TEST_F(CallsTest, GivesUpWaitingWhenTheTimeIsOver) {
  const auto request = begin();

  EXPECT_FALSE(calls.wait(request->id, milliseconds(1)));
  EXPECT_FALSE(calls.wait(request->id, milliseconds(0)));
}

TEST_F(CallsTest, WaitsForTheFirstCallOfAStream) {
  const auto request = begin(Request::Kind::Stream);
  calls.post(request, nullptr, Calls::Then::More);

  EXPECT_TRUE(calls.wait(request->id, std::nullopt));
  EXPECT_TRUE(calls.is_answered(request));
}

TEST_F(CallsTest, CallsInTheOrderInWhichItWasAsked) {
  std::vector<int> order;
  std::shared_ptr<Request> last;
  for (int i = 0; i < 1000; ++i) {
    last = begin();
    calls.post(
        last, [&order, i] { order.push_back(i); }, Calls::Then::End);
  }
  calls.wait(last->id, std::nullopt);

  ASSERT_EQ(order.size(), 1000u);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST_F(CallsTest, StopWaitsForTheCallbackThatRuns) {
  const auto request = begin(Request::Kind::Stream);
  std::promise<void> running;
  std::promise<void> go_on;
  std::atomic<bool> returned{false};
  calls.post(
      request,
      [&] {
        running.set_value();
        go_on.get_future().wait();
        returned = true;
      },
      Calls::Then::More);
  running.get_future().wait();
  std::thread stopper([&] {
    calls.stop(request->id);
    EXPECT_TRUE(returned);
  });
  std::thread other([&] {
    calls.stop(request->id);
    EXPECT_TRUE(returned);
  });

  go_on.set_value();
  stopper.join();
  other.join();
}

TEST_F(CallsTest, CallsNobodyWhoWasStopped) {
  const auto request = begin(Request::Kind::Stream);
  std::atomic<int> called{0};
  std::promise<void> go_on;
  calls.post([future = go_on.get_future().share()] { future.wait(); });
  for (int i = 0; i < 10; ++i)
    calls.post(
        request, [&called] { ++called; }, Calls::Then::More);

  std::thread stopper([&] { calls.stop(request->id); });
  stopper.join();
  go_on.set_value();
  calls.post(
      request, [&called] { ++called; }, Calls::Then::More);
  const auto later = begin();
  calls.post(later, nullptr, Calls::Then::End);
  calls.wait(later->id, std::nullopt);

  EXPECT_EQ(called, 0);
  EXPECT_TRUE(request->operation->cancelled());
}

TEST_F(CallsTest, ACallbackMayStopAndWaitForItself) {
  const auto request = begin();
  calls.post(
      request,
      [&] {
        EXPECT_TRUE(calls.wait(request->id, std::nullopt));
        calls.stop(request->id);
      },
      Calls::Then::End);

  EXPECT_TRUE(calls.wait(request->id, std::nullopt));
}

TEST_F(CallsTest, ACallbackThatWaitsMakesTheCallsThatAreDue) {
  const auto outer = begin();
  const auto inner = begin();
  std::vector<int> order;
  calls.post(
      outer,
      [&] {
        std::thread([&] {
          calls.post(
              inner, [&order] { order.push_back(1); }, Calls::Then::End);
        }).join();
        EXPECT_TRUE(calls.wait(inner->id, std::nullopt));
        order.push_back(2);
      },
      Calls::Then::End);
  calls.wait(outer->id, std::nullopt);

  EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST_F(CallsTest, ACallbackThatWaitsMakesNoCallThatNobodyWaitsFor) {
  const auto outer = begin();
  const auto other = begin();
  const auto inner = begin();
  std::vector<int> order;
  std::promise<void> all_posted;
  calls.post(
      outer,
      [&, posted = all_posted.get_future().share()] {
        posted.wait();
        EXPECT_TRUE(calls.wait(inner->id, std::nullopt));
        order.push_back(2);
      },
      Calls::Then::End);
  calls.post(
      other, [&order] { order.push_back(3); }, Calls::Then::End);
  calls.post(
      inner, [&order] { order.push_back(1); }, Calls::Then::End);
  all_posted.set_value();
  calls.wait(outer->id, std::nullopt);
  calls.wait(other->id, std::nullopt);

  EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST_F(CallsTest, ACallbackThatWaitsLooksAtTheTimeBeforeItCallsAnybody) {
  const auto outer = begin();
  const auto inner = begin();
  std::vector<int> order;
  calls.post(
      outer,
      [&] {
        calls.post(
            inner, [&order] { order.push_back(1); }, Calls::Then::End);
        EXPECT_FALSE(calls.wait(inner->id, milliseconds(0)));
        order.push_back(0);
      },
      Calls::Then::End);
  calls.wait(outer->id, std::nullopt);
  calls.wait(inner->id, std::nullopt);

  EXPECT_EQ(order, (std::vector<int>{0, 1}));
}

TEST_F(CallsTest, ACallbackThatWaitsMakesCallsThatAreNeededForIt) {
  const auto outer = begin();
  const auto inner = begin();
  const auto needed = std::make_shared<Callee>();
  calls.post(
      outer,
      [&] {
        calls.post_awaited(needed, [&] { calls.post(inner, nullptr, Calls::Then::End); });
        EXPECT_TRUE(calls.wait(inner->id, std::nullopt));
      },
      Calls::Then::End);

  EXPECT_TRUE(calls.wait(outer->id, std::nullopt));
}

TEST_F(CallsTest, FinishesOnlyWhenCallsOnOtherThreadsHaveReturned) {
  const auto stream = begin(Request::Kind::Stream);
  std::promise<void> running;
  std::promise<void> go_on;
  std::atomic<bool> returned{false};
  std::thread caller([&] {
    calls.call_here(stream, [&] {
      running.set_value();
      go_on.get_future().wait();
      returned = true;
    });
  });
  running.get_future().wait();
  std::thread finishing([&] {
    calls.finish();
    EXPECT_TRUE(returned);
  });
  // It has begun to finish when nothing can be begun any more.
  while (begin() != nullptr) std::this_thread::yield();
  go_on.set_value();
  finishing.join();
  caller.join();
}

TEST_F(CallsTest, NeverCallsTheSameCalleeOnTwoThreads) {
  const auto stream = begin(Request::Kind::Stream);
  std::promise<void> running;
  std::promise<void> go_on;
  std::atomic<int> inside{0};
  std::thread caller([&] {
    calls.call_here(stream, [&] {
      ++inside;
      running.set_value();
      go_on.get_future().wait();
      --inside;
    });
  });
  running.get_future().wait();
  calls.post(
      stream, [&] { EXPECT_EQ(inside, 0); }, Calls::Then::More);
  const auto other = begin();  // Whoever comes later does not wait for that.
  calls.post(other, nullptr, Calls::Then::End);
  EXPECT_TRUE(calls.wait(other->id, std::nullopt));
  EXPECT_FALSE(calls.is_idle(*stream));
  calls.call_here(stream, [] { FAIL() << "called although it is being called"; });

  go_on.set_value();
  caller.join();
  const auto last = begin();
  calls.post(last, nullptr, Calls::Then::End);
  calls.wait(last->id, std::nullopt);
  EXPECT_TRUE(calls.is_idle(*stream));
}

TEST_F(CallsTest, TwoCallbacksMayWaitForEachOther) {
  const auto first = begin();
  const auto second = begin();
  std::promise<void> both_posted;
  calls.post(
      first,
      [&, posted = both_posted.get_future().share()] {
        posted.wait();
        EXPECT_TRUE(calls.wait(second->id, std::nullopt));
      },
      Calls::Then::End);
  calls.post(
      second, [&] { EXPECT_TRUE(calls.wait(first->id, std::nullopt)); }, Calls::Then::End);
  both_posted.set_value();

  EXPECT_TRUE(calls.wait(first->id, std::nullopt));
}

TEST_F(CallsTest, FailsWhatIsNotAnsweredWhenItFinishes) {
  const auto open = begin();
  const auto stream = begin(Request::Kind::Stream);
  const auto answered = begin(Request::Kind::Stream);
  const auto stopped = begin();
  calls.post(answered, nullptr, Calls::Then::More);
  calls.wait(answered->id, std::nullopt);
  calls.stop(stopped->id);

  calls.finish();

  EXPECT_EQ(failed, 2);
  EXPECT_TRUE(open->operation->cancelled());
  EXPECT_EQ(begin(), nullptr);
}

TEST_F(CallsTest, EndsAStreamThatIsNotKeptUpWith) {
  const auto stream = begin(Request::Kind::Stream);
  std::promise<void> go_on;
  calls.post([future = go_on.get_future().share()] { future.wait(); });

  for (std::size_t i = 0; i < Calls::kMaxPending + 10; ++i) calls.post(stream, nullptr, Calls::Then::More);
  EXPECT_TRUE(stream->operation->cancelled());
  go_on.set_value();
  const auto later = begin();
  calls.post(later, nullptr, Calls::Then::End);
  calls.wait(later->id, std::nullopt);

  EXPECT_EQ(failed, 1);
  EXPECT_EQ(calls.find(stream->id), nullptr);
}

TEST_F(CallsTest, SurvivesACallbackThatThrows) {
  const auto request = begin();
  calls.post(
      request, [] { throw 1; }, Calls::Then::End);

  EXPECT_TRUE(calls.wait(request->id, std::nullopt));
}

TEST_F(CallsTest, CallsARegistrationUntilItIsClosed) {
  const auto callee = std::make_shared<Callee>();
  std::atomic<int> called{0};
  calls.post(callee, [&called] { ++called; });
  const auto mark = begin();
  calls.post(mark, nullptr, Calls::Then::End);
  calls.wait(mark->id, std::nullopt);

  calls.close(callee);
  calls.post(callee, [&called] { ++called; });
  calls.call_here(callee, [&called] { ++called; });

  EXPECT_EQ(called, 1);
}

}  // namespace
