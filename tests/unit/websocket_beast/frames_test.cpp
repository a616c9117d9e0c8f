#include "peer.hpp"

#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace omnibroker::plugins::websocket_beast {
namespace {

using namespace std::chrono_literals;

class BeastFrames : public TransportTest {
 protected:
  ComponentUnderTest& beast = start("websocket_beast");
};

TEST_F(BeastFrames, MakeTheSameMessagesInWhateverPieces) {
  const std::string large(1024, 'x');
  const auto script = text("one") + frame(0x01, "fr") + ping("mid") + frame(0x00, "") + frame(0x80, "ag") +
                      frame(0x01, "") + frame(0x80, "late") + text("") + frame(0x82, "\xFF") + text(large) +
                      frame(0x8A, "nobody asked") + text("\u6c34");
  for (std::size_t piece = 1; piece <= script.size(); piece = piece < 20 ? piece + 1 : piece * 2) {
    SCOPED_TRACE("in pieces of " + std::to_string(piece));
    auto& connection = connect(beast);

    connection.feed_in_pieces(script, piece);

    EXPECT_EQ(payloads(), (std::vector<std::string>{"one", "frag", "late", "", "\xFF", large, "\u6c34"}));
    EXPECT_EQ(frames_of(connection.written()), (Frames{{0x8A, "mid"}}));
    EXPECT_TRUE(connection.open());
    host.clear_submitted();
  }
}

TEST_F(BeastFrames, LeaveNothingUnconsumedButAHeadAndAControlFrame) {
  auto& connection = connect(beast);
  const auto message = text("four score");

  connection.feed(message.substr(0, 5));
  EXPECT_EQ(connection.unconsumed().size(), 5u) << "a head";
  connection.feed(message.substr(5, 4));
  EXPECT_EQ(connection.unconsumed().size(), 0u) << "payload";
  connection.feed(message.substr(9) + ping("x").substr(0, 6));
  EXPECT_EQ(connection.unconsumed().size(), 0u);
  connection.feed("?");

  EXPECT_EQ(payloads(), std::vector<std::string>{"four score"});
  EXPECT_EQ(frames_of(connection.written()).size(), 1u);
}

TEST_F(BeastFrames, AreRefusedWithACloseFrame) {
  struct Case {
    const char* what;
    std::string sent;
    unsigned code;
  };
  const auto too_long = std::string("\x81\xFF\x80\0\0\0\0\0\0\0mask", 14);
  for (const auto& [what, sent, code] :
       std::vector<Case>{{"a reserved bit", frame(0xC1, "x"), 1002},
                         {"a reserved opcode", frame(0x83, "x"), 1002},
                         {"a reserved control frame", frame(0x8B, ""), 1002},
                         {"a fragmented ping", frame(0x09, "x"), 1002},
                         {"a long ping", frame(0x89, std::string(126, 'x')), 1002},
                         {"nothing to continue", frame(0x80, "x"), 1002},
                         {"a message in a message", frame(0x01, "x") + text("y"), 1002},
                         {"no mask", "\x81\x01x", 1002},
                         {"a length with its highest bit", too_long, 1002},
                         {"not UTF-8", text("\xC0\x80"), 1007},
                         {"cut off", text("\xE2\x82"), 1007},
                         {"cut off by an empty frame", frame(0x01, "\xE2") + frame(0x80, ""), 1007},
                         {"too large", text(std::string(1025, 'x')), 1009},
                         {"a code that may not be sent", close(1005), 1002},
                         {"half a code", frame(0x88, "\x03"), 1002},
                         {"a reason that is not UTF-8", frame(0x88, "\x03\xE8\xFF"), 1007}}) {
    auto& connection = connect(beast);
    connection.feed(sent + text("never"));

    EXPECT_EQ(close_code(frames_of(connection.written())), code) << what;
    EXPECT_EQ(connection.stage(), FakeConnection::Stage::ClosedWithFlush) << what;
  }
  EXPECT_EQ(payloads(), std::vector<std::string>());
  EXPECT_EQ(host.metric("websocket_closed_1002_total"), 11);
  EXPECT_EQ(host.metric("websocket_closed_1007_total"), 4);
  EXPECT_EQ(host.metric("websocket_closed_1009_total"), 1);
}

TEST_F(BeastFrames, AreRefusedAtTheByteThatIsWrong) {
  auto& connection = connect(beast);
  const auto message = text("\xF4\x90\x80\x80 and more");

  connection.feed(message.substr(0, 7));
  EXPECT_TRUE(connection.open());
  connection.feed(message.substr(7, 1));

  EXPECT_EQ(close_code(frames_of(connection.written())), 1007u);
}

TEST_F(BeastFrames, AreCountedAgainstTheRate) {
  host.set_limit("frames_per_second", 10);
  auto& limited = start("websocket_beast");
  auto& connection = connect(limited);
  std::string ten;
  for (int i = 0; i < 10; ++i) ten += ping("");

  connection.feed(ten);
  host.advance(500ms);
  connection.feed(ten.substr(0, ten.size() / 2));
  EXPECT_TRUE(connection.open());
  static_cast<void>(connection.take_written());
  connection.feed(ping(""));

  EXPECT_EQ(close_code(frames_of(connection.written())), 1008u);
}

TEST_F(BeastFrames, OfACloseAreAnsweredAsTheyAre) {
  for (const auto& sent : {frame(0x88, ""), close(1000), close(1014), close(4999)}) {
    auto& connection = connect(beast);

    connection.feed(sent + ping("never"));

    const auto expected = sent.size() == 6 ? std::string() : frames_of(connection.written()).at(0).second;
    EXPECT_EQ(frames_of(connection.written()), (Frames{{0x88, expected}}));
    EXPECT_EQ(frame(0x88, expected), sent) << "echoed";
    EXPECT_EQ(connection.stage(), FakeConnection::Stage::ClosedWithFlush);
  }
}

TEST_F(BeastFrames, AreIgnoredOnceTheServerHasClosed) {
  auto& connection = connect(beast);
  connection.feed(text("half").substr(0, 8));
  connection.shutdown(ShutdownReason::GoingAway, "the server stops");
  EXPECT_EQ(close_code(frames_of(connection.take_written())), 1001u);

  connection.feed_byte_by_byte(text("half").substr(8) + text("late") + ping("late") + close(1001));

  EXPECT_EQ(connection.stage(), FakeConnection::Stage::ClosedWithFlush);
  EXPECT_EQ(connection.written(), "");
  EXPECT_EQ(payloads(), std::vector<std::string>());
}

TEST_F(BeastFrames, OfTheServerPingWhoIsSilent) {
  auto& quick = start("websocket_beast", {{"ping_interval", "10s"}, {"ping_timeout", "4s"}});
  auto& connection = connect(quick);

  host.advance(10s);
  EXPECT_EQ(frames_of(connection.take_written()), (Frames{{0x89, std::string("\0\0\0\1", 4)}}));
  connection.feed(frame(0x8A, "pong"));
  host.advance(10s);
  EXPECT_EQ(frames_of(connection.take_written()), (Frames{{0x89, std::string("\0\0\0\2", 4)}}));
  host.advance(4s);

  EXPECT_EQ(close_code(frames_of(connection.written())), 1011u);
}

TEST_F(BeastFrames, MayBeTheLastThingThatComes) {
  auto& connection = connect(beast);

  connection.end_input();

  EXPECT_EQ(connection.stage(), FakeConnection::Stage::ClosedWithFlush);
}

}  // namespace
}  // namespace omnibroker::plugins::websocket_beast
