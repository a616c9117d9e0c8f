#include "handover.hpp"

#include "client.hpp"
#include "deflated.hpp"

#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include <omnibroker/plugin.hpp>

namespace omnibroker::plugins::websocket {
namespace {

using namespace std::chrono_literals;

class Handover : public WebSocketTest {
 protected:
  ComponentUnderTest& next_generation(Options options = {}) {
    auto made =
        std::make_unique<ComponentUnderTest>(host, *omnibroker_plugin_entry_v1(), "websocket", std::move(options));
    EXPECT_TRUE(made->bring_up());
    generations.push_back(std::move(made));
    return *generations.back();
  }
  void TearDown() override {
    generations.clear();
    WebSocketTest::TearDown();
  }

  std::vector<std::unique_ptr<ComponentUnderTest>> generations;
};

TEST_F(Handover, LosesNothingWhereverItHappens) {
  const std::string script = text_frame("one") + text_frame("frag \xE2", false) + ping("mid") +
                             continuation("\x82\xAC ment", true) + text_frame(std::string(200, 'x')) +
                             ClientFrame{0x2, "\xFF\x00"}.bytes() + text_frame("\u6c34");
  const std::vector<std::string> expected{"one", "frag \u20AC ment", std::string(200, 'x'), std::string("\xFF"),
                                          "\u6c34"};
  start();
  auto& next = next_generation();
  for (std::size_t cut = 0; cut <= script.size(); ++cut) {
    SCOPED_TRACE("after " + std::to_string(cut) + " bytes");
    auto& connection = client();

    connection.feed(script.substr(0, cut));
    ASSERT_EQ(connection.hand_over(next), OMNIBROKER_OK);
    connection.feed_in_pieces(script.substr(cut), 5);

    EXPECT_EQ(payloads(), expected);
    EXPECT_EQ(server_frames(connection.written()), (std::vector<ServerFrame>{{0x8A, "mid"}}));
    EXPECT_TRUE(connection.open());
    connection.disconnect();
    host.clear_submitted();
  }
}

TEST_F(Handover, KeepsTheSession) {
  auto& connection = client();
  const auto session = connection.session();

  ASSERT_EQ(connection.hand_over(next_generation()), OMNIBROKER_OK);
  connection.feed(text_frame("after"));

  ASSERT_EQ(host.submitted().size(), 1u);
  EXPECT_EQ(host.submitted()[0].session, session);
  EXPECT_EQ(host.session_count(), 1u);
}

TEST_F(Handover, JudgesTextThatBeganBefore) {
  auto& connection = client();
  const auto frame = text_frame("ab\xE2\x28");
  connection.feed(frame.substr(0, frame.size() - 1));
  ASSERT_EQ(connection.hand_over(next_generation()), OMNIBROKER_OK);

  connection.feed(frame.substr(frame.size() - 1));

  EXPECT_EQ(server_frames(connection.written()), std::vector<ServerFrame>{server_close(1007, "the text is not UTF-8")});
}

TEST_F(Handover, CountsFragmentsThatCameBefore) {
  auto& connection = client();
  connection.feed(text_frame(std::string(1000, 'x'), false));
  ASSERT_EQ(connection.hand_over(next_generation()), OMNIBROKER_OK);

  connection.feed(continuation(std::string(25, 'x'), true));

  EXPECT_EQ(server_frames(connection.written()).at(0).payload.substr(0, 2), "\x03\xF1") << "1009";
}

TEST_F(Handover, RemembersAPingThatIsUnanswered) {
  start({{"ping_interval", "10s"}, {"ping_timeout", "4s"}});
  auto& connection = client();
  host.advance(10s);
  static_cast<void>(connection.take_written());
  ASSERT_EQ(connection.hand_over(next_generation({{"ping_interval", "10s"}, {"ping_timeout", "6s"}})), OMNIBROKER_OK);

  host.advance(6s);

  EXPECT_EQ(server_frames(connection.written()), std::vector<ServerFrame>{server_close(1011, "ping timeout")});
}

TEST_F(Handover, GoesOnWithAClosing) {
  auto& connection = client();
  connection.shutdown(ShutdownReason::Restart, "");
  static_cast<void>(connection.take_written());
  ASSERT_EQ(connection.hand_over(next_generation()), OMNIBROKER_OK);

  connection.feed(text_frame("late"));
  EXPECT_TRUE(connection.open());
  connection.feed(close_frame(1012));

  EXPECT_EQ(connection.stage(), FakeConnection::Stage::ClosedWithFlush);
  EXPECT_EQ(connection.written(), "");
  EXPECT_TRUE(payloads().empty());
}

TEST_F(Handover, KeepsCompression) {
  const auto first = deflated("first of all");
  const auto second = deflated(json_of(300), {.piece = 50});
  const std::string script = ClientFrame{0x1, first, true, 4}.bytes() +
                             ClientFrame{0x1, second.substr(0, 9), false, 4}.bytes() + ping("mid") +
                             continuation(second.substr(9), true) + text_frame("plain \u6c34") +
                             ClientFrame{0x2, deflated(std::string(600, '\xFF')), true, 4}.bytes();
  const std::vector<std::string> expected{"first of all", json_of(300), "plain \u6c34", std::string(600, '\xFF')};
  start({{"compression", "deflate"}});
  auto& next = next_generation({{"compression", "deflate"}, {"compression_level", "9"}});
  auto& without = next_generation();
  for (std::size_t cut = 0; cut <= script.size(); ++cut) {
    SCOPED_TRACE("after " + std::to_string(cut) + " bytes");
    auto& connection = host.connect(*component, "/ws");
    connection.feed(std::string(kRequest) +
                    "Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10\r\n\r\n");
    static_cast<void>(connection.take_written());

    connection.feed(script.substr(0, cut));
    ASSERT_EQ(connection.hand_over(cut % 2 == 0 ? next : without), OMNIBROKER_OK);
    connection.feed_in_pieces(script.substr(cut), 5);

    EXPECT_EQ(payloads(), expected);
    EXPECT_EQ(server_frames(connection.take_written()), (std::vector<ServerFrame>{{0x8A, "mid"}}));
    EXPECT_EQ(connection.variant(), 10u);
    connection.deliver(json_of(900));
    const auto frames = server_frames(connection.written());
    EXPECT_EQ(cut % 2 == 0 ? inflated(frames.at(0).payload, 10) : frames.at(0).payload, json_of(900));
    connection.disconnect();
    host.clear_submitted();
  }
}

TEST_F(Handover, RefusesCompressionThatWasNotAgreedBefore) {
  auto& connection = client();
  ASSERT_EQ(connection.hand_over(next_generation({{"compression", "deflate"}})), OMNIBROKER_OK);

  connection.feed(ClientFrame{0x1, deflated("x"), true, 4}.bytes());

  EXPECT_EQ(server_frames(connection.written()), std::vector<ServerFrame>{server_close(1002, "reserved bits are set")});
}

TEST_F(Handover, IsPutOffWhileFragmentsAreTooLarge) {
  host.set_limit("max_message", 100'000);
  auto& connection = client();
  connection.feed(text_frame(std::string(65'530, 'x'), false));

  auto& next = next_generation();
  EXPECT_EQ(connection.hand_over(next), OMNIBROKER_UNAVAILABLE);
  connection.feed(continuation("", true));

  EXPECT_EQ(payloads().size(), 1u) << "the old one goes on";
  EXPECT_EQ(connection.hand_over(next), OMNIBROKER_OK);
}

TEST_F(Handover, IsRefusedForAnotherFormat) {
  start();
  EXPECT_EQ(host.connect(*component).import_session("http.session/1"), OMNIBROKER_UNSUPPORTED);
  EXPECT_EQ(host.connect(*component).import_session("ws.session/2" + std::string(60, '\0')), OMNIBROKER_UNSUPPORTED);
  EXPECT_EQ(host.connect(*component).import_session("ws.session/1"), OMNIBROKER_UNSUPPORTED) << "cut off";
}

TEST(HandoverBlob, HasADocumentedLayout) {
  HandoverState state;
  state.in_frame = true;
  state.frame = {{true, Opcode::Continuation, 0x0102, {1, 2, 3, 4}}, false, 5, 0};
  state.in_message = true;
  state.message_opcode = Opcode::Text;
  state.fragments = {'f'};
  state.utf8 = Utf8Validator({2, 0xA0, 0xBF});
  state.compressed = true;
  state.window_bits = 12;
  state.pings = 7;
  state.subprotocol = "sub";

  const auto blob = write_blob(state);

  EXPECT_EQ(blob, std::string("ws.session/1"
                              "\x00\x2B\x00\x01"
                              "\x01\x02\x03\x04"
                              "\x02\xA0\xBF\x0C"
                              "\x02\x01\x00\x00\x00\x00\x00\x00"
                              "\x05\x00\x00\x00\x00\x00\x00\x00"
                              "\x00\x00\x00\x00\x00\x00\x00\x00"
                              "\x07\x00\x00\x00"
                              "\x03\x00\x00\x00"
                              "\x01\x00\x00\x00"
                              "subf",
                              64));
  auto read = read_blob(blob);
  ASSERT_TRUE(read);
  EXPECT_EQ(write_blob(*read), blob);
}

TEST(HandoverBlob, NamesAWindowForCompressedFragments) {
  HandoverState state;
  state.in_message = true;
  state.compressed = true;
  state.fragments = {1, 2, 3};
  EXPECT_FALSE(read_blob(write_blob(state)));

  state.window_bits = 9;

  const auto read = read_blob(write_blob(state));
  ASSERT_TRUE(read);
  EXPECT_TRUE(read.value().compressed);
}

TEST(HandoverBlob, IsRefusedWhenItContradictsItself) {
  HandoverState good;
  good.in_frame = true;
  good.frame = {{true, Opcode::Text, 10, {}}, true, 0, 4};
  const auto blob = write_blob(good);
  ASSERT_TRUE(read_blob(blob));
  struct Case {
    const char* what;
    std::size_t offset;
    std::uint8_t value;
  };
  for (const auto& [what, offset, value] : std::vector<Case>{{"an unknown phase", 12, 2},
                                                             {"an unknown opcode", 14, 3},
                                                             {"a message of control frames", 15, 9},
                                                             {"UTF-8 that needs too much", 20, 4},
                                                             {"a length with its highest bit", 31, 0x80},
                                                             {"more ready than there is", 40, 11},
                                                             {"in place, and consumed", 32, 1},
                                                             {"not in place, and ready", 13, 3},
                                                             {"a control frame in place, not final", 14, 0},
                                                             {"an unknown flag", 13, 0x47},
                                                             {"a compressed message where there is none", 13, 0x27},
                                                             {"in place, and in a message", 13, 0x0F},
                                                             {"a window that is too small", 23, 8},
                                                             {"a window that is too wide", 23, 16},
                                                             {"a name that is not there", 52, 1},
                                                             {"fragments that are not there", 56, 1}}) {
    auto broken = blob;
    broken[offset] = static_cast<char>(value);
    const auto read = read_blob(broken);
    ASSERT_FALSE(read) << what;
    EXPECT_EQ(read.error().code, ErrorCode::InvalidArgument) << what;
  }
  EXPECT_FALSE(read_blob(blob + "x"));
  EXPECT_FALSE(read_blob(blob.substr(0, blob.size() - 1)));
}

}  // namespace
}  // namespace omnibroker::plugins::websocket
