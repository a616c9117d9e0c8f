// Live connections go over from either WebSocket transport to the other, at any byte.
#include "peer.hpp"

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace omnibroker::plugins::websocket_beast {
namespace {

using namespace std::chrono_literals;

struct Way {
  const char* from;
  const char* to;
};

class BeastHandover : public TransportTest, public ::testing::WithParamInterface<Way> {
 protected:
  /// One client sends `script`; `cut` bytes of it before a handover, `between` more before the one back. Expects
  /// nothing to be lost, and that a ping of payload "mid" is in it.
  void go_over(const std::string& script, std::size_t cut, std::size_t between, std::string_view headers,
               const std::vector<std::string>& expected) {
    SCOPED_TRACE("over after " + std::to_string(cut) + " bytes, back after " + std::to_string(between));
    auto& connection = connect(*first, headers);

    connection.feed(script.substr(0, cut));
    ASSERT_EQ(connection.hand_over(*second), OMNIBROKER_OK);
    const auto back = std::min(script.size(), cut + between);
    connection.feed_in_pieces(script.substr(cut, back - cut), 3);
    ASSERT_EQ(connection.hand_over(*first), OMNIBROKER_OK);
    connection.feed_in_pieces(script.substr(back), 5);

    EXPECT_EQ(payloads(), expected);
    EXPECT_EQ(frames_of(connection.take_written()), (Frames{{0x8A, "mid"}}));
    ASSERT_TRUE(connection.open());
    if (!headers.empty()) {
      connection.deliver(json_of(900));
      EXPECT_EQ(inflated(frames_of(connection.written()).at(0).second, 10), json_of(900));
    }
    connection.disconnect();
    host.clear_submitted();
  }
  void begin(const Options& options = {}) {
    first = &start(GetParam().from, options);
    second = &start(GetParam().to, options);
  }

  ComponentUnderTest* first = nullptr;
  ComponentUnderTest* second = nullptr;
};

TEST_P(BeastHandover, LosesNothingWhereverItHappens) {
  const auto script = text("one") + frame(0x01, "frag \xE2") + ping("mid") + frame(0x80, "\x82\xAC ment") +
                      frame(0x01, "") + frame(0x00, "") + frame(0x80, "late") + text(std::string(130, 'x')) +
                      frame(0x82, std::string("\xFF\0", 2)) + frame(0x8A, "unasked") + text("\u6c34");
  begin();
  for (std::size_t cut = 0; cut <= script.size(); ++cut) {
    for (const std::size_t between : {0u, 1u, 4u, 9u, 60u}) {
      go_over(script, cut, between, "",
              {"one", "frag \u20AC ment", "late", std::string(130, 'x'), std::string("\xFF\0", 2), "\u6c34"});
    }
  }
}

TEST_P(BeastHandover, KeepsCompression) {
  const auto second_message = deflated(json_of(300));
  const auto script = frame(0xC1, deflated("first of all")) + frame(0x41, second_message.substr(0, 9)) + ping("mid") +
                      frame(0x80, second_message.substr(9)) + text("plain \u6c34") +
                      frame(0xC2, deflated(std::string(600, '\xFF')));
  begin({{"compression", "deflate"}});
  for (std::size_t cut = 0; cut <= script.size(); ++cut) {
    for (const std::size_t between : {0u, 2u, 17u}) {
      go_over(script, cut, between, "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10\r\n",
              {"first of all", json_of(300), "plain \u6c34", std::string(600, '\xFF')});
    }
  }
}

TEST_P(BeastHandover, KeepsTheSession) {
  begin();
  auto& connection = connect(*first);
  const auto session = connection.session();

  ASSERT_EQ(connection.hand_over(*second), OMNIBROKER_OK);
  connection.feed(text("after"));

  ASSERT_EQ(host.submitted().size(), 1u);
  EXPECT_EQ(host.submitted()[0].session, session);
  EXPECT_EQ(connection.written(), "") << "no second answer to the upgrade";
}

TEST_P(BeastHandover, JudgesTextThatBeganBefore) {
  begin();
  for (const std::string bad : {"ab\xE2\x28", "\xED\xA0", "\xF0\x8F", "\xF4\x90", "\xC3\x28"}) {
    auto& connection = connect(*first);
    const auto message = text(bad + "rest");
    const auto wrong = 6 + bad.size();
    connection.feed(message.substr(0, wrong - 1));
    ASSERT_EQ(connection.hand_over(*second), OMNIBROKER_OK);
    ASSERT_EQ(connection.hand_over(*first), OMNIBROKER_OK);
    ASSERT_EQ(connection.hand_over(*second), OMNIBROKER_OK);

    EXPECT_TRUE(connection.open());
    connection.feed(message.substr(wrong - 1, 1));

    EXPECT_EQ(close_code(frames_of(connection.written())), 1007u) << bad;
  }
}

TEST_P(BeastHandover, CountsFragmentsThatCameBefore) {
  begin();
  auto& connection = connect(*first);
  connection.feed(frame(0x01, std::string(1000, 'x')));
  ASSERT_EQ(connection.hand_over(*second), OMNIBROKER_OK);

  connection.feed(frame(0x80, std::string(25, 'x')));

  EXPECT_EQ(close_code(frames_of(connection.written())), 1009u);
}

TEST_P(BeastHandover, RemembersAPingThatIsUnanswered) {
  begin({{"ping_interval", "10s"}, {"ping_timeout", "4s"}});
  auto& connection = connect(*first);
  host.advance(10s);
  EXPECT_EQ(frames_of(connection.take_written()), (Frames{{0x89, std::string("\0\0\0\1", 4)}}));
  ASSERT_EQ(connection.hand_over(*second), OMNIBROKER_OK);

  connection.feed(frame(0x8A, ""));
  host.advance(10s);
  EXPECT_EQ(frames_of(connection.take_written()), (Frames{{0x89, std::string("\0\0\0\2", 4)}})) << "counted on";
  ASSERT_EQ(connection.hand_over(*first), OMNIBROKER_OK);
  host.advance(4s);

  EXPECT_EQ(close_code(frames_of(connection.written())), 1011u);
}

TEST_P(BeastHandover, GoesOnWithAClosing) {
  const auto before = text("begun before");
  const auto script = before + text("late") + ping("late") + close(1012);
  begin();
  for (std::size_t closing = 0; closing <= before.size(); ++closing) {
    for (std::size_t cut = closing; cut < script.size(); ++cut) {
      SCOPED_TRACE("closed after " + std::to_string(closing) + " bytes, over after " + std::to_string(cut));
      auto& connection = connect(*first);
      connection.feed(script.substr(0, closing));
      connection.shutdown(ShutdownReason::Restart, "");
      EXPECT_EQ(close_code(frames_of(connection.take_written())), 1012u);
      connection.feed(script.substr(closing, cut - closing));
      ASSERT_EQ(connection.hand_over(*second), OMNIBROKER_OK);
      ASSERT_TRUE(connection.open());
      ASSERT_EQ(connection.hand_over(*first), OMNIBROKER_OK);

      connection.feed_in_pieces(script.substr(cut), 2);

      EXPECT_EQ(connection.stage(), FakeConnection::Stage::ClosedWithFlush);
      EXPECT_EQ(connection.written(), "");
      EXPECT_EQ(payloads().size(), closing == before.size() ? 1u : 0u);
      host.clear_submitted();
    }
  }
}

TEST_P(BeastHandover, IsPutOffWhileTheMessageSoFarIsTooLarge) {
  host.set_limit("max_message", 100'000);
  begin();
  auto& connection = connect(*first);
  connection.feed(frame(0x01, std::string(65'530, 'x')));

  EXPECT_EQ(connection.hand_over(*second), OMNIBROKER_UNAVAILABLE);
  connection.feed(frame(0x80, ""));

  EXPECT_EQ(payloads().size(), 1u) << "the old one goes on";
  EXPECT_EQ(connection.hand_over(*second), OMNIBROKER_OK);
}

INSTANTIATE_TEST_SUITE_P(Ways, BeastHandover,
                         ::testing::Values(Way{"websocket", "websocket_beast"}, Way{"websocket_beast", "websocket"},
                                           Way{"websocket_beast", "websocket_beast"}),
                         [](const auto& way) { return std::string(way.param.from) + "_to_" + way.param.to; });

class BeastBlob : public TransportTest {};

TEST_F(BeastBlob, SaysWhatTheReceiverCanRead) {
  const Options options{{"compression", "deflate"}};
  for (const std::string from : {"websocket", "websocket_beast"}) {
    auto& client =
        connect(start(from, options), "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=11\r\n");
    auto& anew = host.connect(start("websocket_beast", options));  // the host forgets what was said before

    ASSERT_EQ(anew.import_session(client.export_session().value()), OMNIBROKER_OK);

    EXPECT_EQ(anew.variant(), 11u);
  }
}

TEST_F(BeastBlob, OfAFragmentedMessageIsTheSameAsTheOtherTransports) {
  const auto script = frame(0x01, "frag \xE2") + ping("mid") + frame(0x80, "\x82\xAC ment");
  auto& beast = start("websocket_beast");
  auto& other = start("websocket");
  const auto head = frame(0x01, "").size();
  for (const std::size_t cut : {std::size_t{0}, head, head + 3, head + 6, head + 6 + 3, script.size() - 1}) {
    auto& a = connect(beast);
    auto& b = connect(other);
    a.feed(script.substr(0, cut));
    b.feed(script.substr(0, cut));

    EXPECT_EQ(a.export_session(), b.export_session()) << "after " << cut << " bytes";
  }
}

TEST_F(BeastBlob, IsRefusedForAnotherFormat) {
  auto& beast = start("websocket_beast");
  EXPECT_EQ(host.connect(beast).import_session("http.session/1"), OMNIBROKER_UNSUPPORTED);
  EXPECT_EQ(host.connect(beast).import_session("ws.session/2" + std::string(60, '\0')), OMNIBROKER_UNSUPPORTED);
  EXPECT_EQ(host.connect(beast).import_session("ws.session/1"), OMNIBROKER_UNSUPPORTED) << "cut off";
}

TEST_F(BeastBlob, IsRefusedWhereItsTextCannotBeText) {
  auto& beast = start("websocket_beast");
  auto& connection = connect(beast);
  connection.feed(frame(0x01, "text"));
  auto blob = connection.export_session().value();

  blob.back() = '\xFF';

  EXPECT_EQ(host.connect(beast).import_session(blob), OMNIBROKER_INVALID_ARGUMENT);
}

}  // namespace
}  // namespace omnibroker::plugins::websocket_beast
