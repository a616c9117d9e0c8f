#include "client.hpp"
#include "frame_rate.hpp"

#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace omnibroker::plugins::websocket {
namespace {

using namespace std::chrono_literals;
using Limits = ExchangeTest;

const std::vector<ServerFrame> kTooBig{server_close(1009, "the message is larger than this server takes")};

TEST_F(Limits, TakeAMessageOfTheLargestSize) {
  const std::string largest(1024, 'x');
  expect({.sent = text_frame(largest), .submitted = {largest}});
  expect({.sent = text_frame(largest.substr(0, 1000), false) + continuation(largest.substr(1000), true),
          .submitted = {largest}});
}

TEST_F(Limits, RefuseALargerMessageByItsHead) {
  ClientFrame frame{0x1, ""};
  for (const std::uint64_t length : {1025ull, 65536ull, 0x7FFFFFFFFFFFFFFFull}) {
    frame.claimed_length = length;
    expect({.sent = frame.bytes(), .answered = kTooBig, .ended = true});
  }
  EXPECT_EQ(host.metric("websocket_closed_1009_total"), 18);
}

TEST_F(Limits, CountFragmentsTogether) {
  ClientFrame last{0x0, ""};
  last.claimed_length = 25;
  expect({.sent = text_frame(std::string(1000, 'x'), false) + last.bytes(), .answered = kTooBig, .ended = true});
  last.claimed_length = 0x7FFFFFFFFFFFFFFFull;
  expect({.sent = text_frame("x", false) + last.bytes(), .answered = kTooBig, .ended = true});
}

TEST_F(Limits, AreOffWhereTheHostHasNone) {
  host.set_limit("max_message", 0);
  const std::string large(1 << 20, 'x');
  auto& connection = client();

  connection.feed(text_frame(large));

  EXPECT_EQ(payloads(), std::vector<std::string>{large});
}

TEST_F(Limits, StopAFloodOfFrames) {
  host.set_limit("frames_per_second", 10);
  auto& connection = client();
  for (int i = 0; i < 10; ++i) connection.feed(ping(""));
  EXPECT_TRUE(connection.open());

  connection.feed(ping("one too many"));

  EXPECT_TRUE(connection.ended());
  EXPECT_EQ(server_frames(connection.written()).back(), server_close(1008, "too many frames"));
  EXPECT_EQ(host.metric("websocket_closed_1008_total"), 1);
}

TEST_F(Limits, GiveWayWithTime) {
  host.set_limit("frames_per_second", 10);
  auto& connection = client();
  for (int i = 0; i < 100; ++i) {
    connection.feed(ping(""));
    host.advance(100ms);
  }
  EXPECT_TRUE(connection.open());
}

TEST_F(Limits, CloseWhoeverSendsTooManyMessages) {
  auto& connection = client();
  host.on_submit([](const Submitted&) { return RouterAnswer{.status = OMNIBROKER_RESOURCE_EXHAUSTED}; });

  connection.feed(text_frame("a") + text_frame("b"));

  EXPECT_EQ(payloads(), std::vector<std::string>{"a"});
  EXPECT_EQ(server_frames(connection.written()), std::vector<ServerFrame>{server_close(1008, "too many messages")});
}

TEST_F(Limits, EndAConnectionWhoseSessionHasEnded) {
  auto& connection = client();
  host.on_submit([](const Submitted&) { return RouterAnswer{.status = OMNIBROKER_NOT_FOUND}; });

  connection.feed(text_frame("a"));

  EXPECT_EQ(server_frames(connection.written()), std::vector<ServerFrame>{server_close(1001, "the session has ended")});
  EXPECT_TRUE(connection.ended());
}

TEST_F(Limits, BlameTheServerForItsFaults) {
  auto& connection = client();
  host.on_submit([](const Submitted&) { return RouterAnswer{.status = OMNIBROKER_INTERNAL}; });

  connection.feed(text_frame("a"));

  EXPECT_EQ(server_frames(connection.written()),
            std::vector<ServerFrame>{server_close(1011, "the message could not be handled")});
}

TEST_F(Limits, GoOnWhenTheHostTakesNoMoreBytes) {
  auto& connection = client();
  connection.set_write_status(OMNIBROKER_RESOURCE_EXHAUSTED);

  connection.feed(ping("") + text_frame("a") + close_frame());

  EXPECT_EQ(connection.written(), "");
  EXPECT_TRUE(connection.ended());
}

TEST(FrameRate, HoldsOneSecondsWorth) {
  FrameRate rate(4);
  std::chrono::nanoseconds now = 7s;
  const auto clock = [&now] { return now; };
  const auto burst = [&] {
    int admitted = 0;
    while (rate.admit(clock)) ++admitted;
    return admitted;
  };
  rate.start(now);

  EXPECT_EQ(burst(), 4);
  now += 249ms;
  EXPECT_EQ(burst(), 0);
  now += 1ms;
  EXPECT_EQ(burst(), 1);
  now += 600ms;
  EXPECT_EQ(burst(), 2);
  now += 150ms;
  EXPECT_EQ(burst(), 1) << "what was left of the last 100 ms counts";
  now += 1h;
  EXPECT_EQ(burst(), 4);
}

TEST(FrameRate, IsOffAtZero) {
  FrameRate rate(0);
  for (int i = 0; i < 100'000; ++i) ASSERT_TRUE(rate.admit([] { return 0ns; }));
}

}  // namespace
}  // namespace omnibroker::plugins::websocket
