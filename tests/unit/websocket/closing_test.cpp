#include "client.hpp"

#include <chrono>
#include <string>
#include <vector>
#include <websocket/close_code.hpp>

#include <gtest/gtest.h>

namespace omnibroker::plugins::websocket {
namespace {

using namespace std::chrono_literals;
using Closing = ExchangeTest;

TEST_F(Closing, EchoesTheCode) {
  for (const unsigned code : {1000u, 1001u, 1002u, 1003u, 1007u, 1008u, 1009u, 1010u, 1011u, 1012u, 1013u, 1014u, 3000u,
                              3999u, 4000u, 4999u}) {
    expect({.sent = text_frame("before") + close_frame(code, "bye") + text_frame("after") + ping("after"),
            .submitted = {"before"},
            .answered = {server_close(code, "")},
            .ended = true});
  }
}

TEST_F(Closing, AnswersAnEmptyCloseWithAnEmptyOne) {
  expect({.sent = close_frame(), .answered = {{0x88, ""}}, .ended = true});
}

TEST_F(Closing, TakesReasonsOfAnyLength) {
  expect({.sent = close_frame(1000, std::string(123, 'x')), .answered = {server_close(1000, "")}, .ended = true});
  expect({.sent = close_frame(1000, "\u6c34"), .answered = {server_close(1000, "")}, .ended = true});
}

TEST_F(Closing, RefusesCodesThatMayNotBeSent) {
  for (const unsigned code : {0u, 1u, 999u, 1004u, 1005u, 1006u, 1015u, 1016u, 1100u, 2000u, 2999u, 5000u, 65535u}) {
    expect(
        {.sent = close_frame(code), .answered = {server_close(1002, "the close code may not be sent")}, .ended = true});
  }
}

TEST_F(Closing, RefusesHalfACode) {
  expect({.sent = ClientFrame{0x8, "\x03"}.bytes(),
          .answered = {server_close(1002, "a close code has two bytes")},
          .ended = true});
}

TEST_F(Closing, RefusesAReasonThatIsNotUtf8) {
  for (const std::string reason : {"\xFF", "\xC3", "ok\xED\xA0\x80"}) {
    expect({.sent = close_frame(1000, reason),
            .answered = {server_close(1007, "the close reason is not UTF-8")},
            .ended = true});
  }
}

TEST_F(Closing, EndsAMessageUnfinished) {
  expect({.sent = text_frame("never finished", false) + close_frame(1000),
          .answered = {server_close(1000, "")},
          .ended = true});
}

TEST_F(Closing, SaysWhatTheHostWants) {
  struct Case {
    ShutdownReason reason;
    unsigned code;
  };
  for (const auto& [reason, code] : std::vector<Case>{{ShutdownReason::GoingAway, 1001},
                                                      {ShutdownReason::Restart, 1012},
                                                      {ShutdownReason::Policy, 1008},
                                                      {ShutdownReason::TooSlow, 1008},
                                                      {ShutdownReason::Idle, 1000},
                                                      {ShutdownReason::Kicked, 1008},
                                                      {ShutdownReason::Fault, 1011}}) {
    auto& connection = client();

    connection.shutdown(reason, "a sentence");

    EXPECT_EQ(server_frames(connection.take_written()), std::vector<ServerFrame>{server_close(code, "a sentence")});
    EXPECT_TRUE(connection.open()) << "the peer's close frame is awaited";
    connection.feed(close_frame(code));
    EXPECT_EQ(connection.stage(), FakeConnection::Stage::ClosedWithFlush);
    EXPECT_EQ(connection.written(), "") << "its close frame is not answered with a second one";
  }
}

TEST_F(Closing, WaitsForThePeerNoLongerThanTheTimeout) {
  start({{"close_timeout", "3s"}});
  auto& connection = client();
  connection.shutdown(ShutdownReason::GoingAway, "");

  host.advance(3s - 1ns);
  EXPECT_TRUE(connection.open());
  host.advance(1ns);

  EXPECT_EQ(connection.stage(), FakeConnection::Stage::Closed);
}

TEST_F(Closing, SubmitsAndAnswersNothingWhileItWaits) {
  auto& connection = client();
  const auto cut = text_frame("cut off by the close");
  connection.feed(cut.substr(0, 9));
  connection.shutdown(ShutdownReason::GoingAway, "");
  static_cast<void>(connection.take_written());

  connection.feed(cut.substr(9) + text_frame("late") + ping("late") + text_frame("la", false) +
                  continuation("te", true));
  EXPECT_TRUE(connection.open());
  connection.feed(close_frame(1001));

  EXPECT_TRUE(connection.ended());
  EXPECT_EQ(connection.written(), "");
  EXPECT_TRUE(payloads().empty());
}

TEST_F(Closing, FinishesAFragmentedMessageOfThePeerWhileItWaits) {
  auto& connection = client();
  connection.feed(text_frame("begun ", false));
  connection.shutdown(ShutdownReason::GoingAway, "");

  connection.feed(continuation("\xFF not judged any more", true) + close_frame());

  EXPECT_EQ(connection.stage(), FakeConnection::Stage::ClosedWithFlush);
  EXPECT_TRUE(payloads().empty());
}

TEST_F(Closing, EndsOnAnErrorWhileItWaitsWithoutASecondCloseFrame) {
  auto& connection = client();
  connection.shutdown(ShutdownReason::GoingAway, "");
  static_cast<void>(connection.take_written());

  connection.feed(ClientFrame{0x3, ""}.bytes());

  EXPECT_TRUE(connection.ended());
  EXPECT_EQ(connection.written(), "");
}

TEST_F(Closing, IsAskedForOnce) {
  auto& connection = client();

  connection.shutdown(ShutdownReason::Restart, "first");
  connection.shutdown(ShutdownReason::GoingAway, "second");

  EXPECT_EQ(server_frames(connection.written()), std::vector<ServerFrame>{server_close(1012, "first")});
}

TEST_F(Closing, CutsALongReasonAtACharacter) {
  std::string reason;
  while (reason.size() < 200) reason += "\u6c34";
  auto& connection = client();

  connection.shutdown(ShutdownReason::Kicked, reason);

  const auto frames = server_frames(connection.written());
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].payload.size(), 2u + 123u) << "41 characters of three bytes";
}

TEST(ClosePayload, LeavesOutAReasonThatIsNotUtf8) {
  EXPECT_EQ(close_payload(1000, "caf\xC3"), "\x03\xE8");
  EXPECT_EQ(close_payload(1000, "caf\xC3\xA9"),
            "\x03\xE8"
            "caf\xC3\xA9");
}

TEST_F(Closing, FollowsTheEndOfInput) {
  auto& connection = client();
  connection.feed(text_frame("last").substr(0, 5));

  connection.end_input();

  EXPECT_EQ(connection.stage(), FakeConnection::Stage::ClosedWithFlush) << "what is queued is still sent";
  EXPECT_EQ(connection.written(), "");
}

TEST_F(Closing, NeedsNothingOfAPeerThatIsGone) {
  auto& connection = client();

  connection.disconnect();

  EXPECT_EQ(connection.stage(), FakeConnection::Stage::Closed);
  EXPECT_EQ(host.session_count(), 0u);
}

}  // namespace
}  // namespace omnibroker::plugins::websocket
