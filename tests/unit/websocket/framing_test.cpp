#include "client.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace omnibroker::plugins::websocket {
namespace {

using Framing = ExchangeTest;

TEST_F(Framing, SubmitsWholeMessagesOfEachLengthForm) {
  host.set_limit("max_message", 100'000);
  for (const std::size_t size : {0u, 1u, 125u, 126u, 127u, 128u, 65535u, 65536u}) {
    const std::string payload(size, '*');
    auto& connection = client();

    connection.feed(text_frame(payload) + ClientFrame{0x2, payload}.bytes());

    const auto messages = host.submitted();
    ASSERT_EQ(messages.size(), 2u) << size;
    EXPECT_EQ(messages[0].payload, payload);
    EXPECT_EQ(messages[0].encoding, Encoding::Text);
    EXPECT_EQ(messages[1].payload, payload);
    EXPECT_EQ(messages[1].encoding, Encoding::Binary);
    EXPECT_TRUE(messages[1].in_place) << "a whole message is not copied";
    host.clear_submitted();
  }
}

TEST_F(Framing, SubmitsInOrderWhateverTheSplit) {
  expect({.sent = text_frame("one") + text_frame("") + text_frame(std::string(130, 'x')) + text_frame("four"),
          .submitted = {"one", "", std::string(130, 'x'), "four"}});
}

TEST_F(Framing, LeavesAnUnfinishedFrameWithTheHost) {
  auto& connection = client();
  const auto frame = text_frame("unfinished");

  connection.feed(frame.substr(0, frame.size() - 1));

  EXPECT_EQ(connection.unconsumed(), "unfinishe") << "unmasked in place, its head consumed";
  EXPECT_TRUE(payloads().empty());
  connection.feed(frame.substr(frame.size() - 1));
  EXPECT_EQ(payloads(), std::vector<std::string>{"unfinished"});
  EXPECT_TRUE(host.submitted()[0].in_place);
  EXPECT_EQ(connection.unconsumed(), "");
}

TEST_F(Framing, JoinsFragments) {
  expect({.sent = text_frame("He", false) + continuation("llo", false) + continuation("!", true),
          .submitted = {"Hello!"}});
  expect({.sent = text_frame("", false) + continuation("", false) + continuation("", true), .submitted = {""}});
  expect({.sent = text_frame("a", false) + continuation("", true) + text_frame("b"), .submitted = {"a", "b"}});
}

TEST_F(Framing, AnswersControlFramesBetweenFragments) {
  expect({.sent = ping("0") + text_frame("He", false) + ping("1") + continuation("l", false) + ping("2") +
                  ClientFrame{0xA, "unasked"}.bytes() + continuation("lo", true) + ping("3"),
          .submitted = {"Hello"},
          .answered = {{0x8A, "0"}, {0x8A, "1"}, {0x8A, "2"}, {0x8A, "3"}}});
}

TEST_F(Framing, AnswersPingsWithTheirPayload) {
  std::string binary;
  for (int i = 0; i < 125; ++i) binary.push_back(static_cast<char>(i * 2));
  expect(
      {.sent = ping("") + ping("payload") + ping(binary), .answered = {{0x8A, ""}, {0x8A, "payload"}, {0x8A, binary}}});
}

TEST_F(Framing, TakesUnaskedPongs) {
  expect({.sent = ClientFrame{0xA, ""}.bytes() + ClientFrame{0xA, "payload"}.bytes() + ping("x"),
          .answered = {{0x8A, "x"}}});
}

TEST_F(Framing, RefusesReservedBits) {
  for (const unsigned bits : {1, 2, 3, 4, 5, 6, 7}) {
    for (const unsigned opcode : {0x1, 0x2, 0x8, 0x9, 0xA}) {
      ClientFrame frame{opcode, "x"};
      frame.reserved = bits;
      expect({.sent = text_frame("before") + frame.bytes() + text_frame("after"),
              .submitted = {"before"},
              .answered = {server_close(1002, "reserved bits are set")},
              .ended = true});
    }
  }
}

TEST_F(Framing, RefusesReservedOpcodes) {
  for (const unsigned opcode : {0x3, 0x4, 0x5, 0x6, 0x7, 0xB, 0xC, 0xD, 0xE, 0xF}) {
    for (const std::string payload : {"", "x"}) {
      expect({.sent = ClientFrame{opcode, payload}.bytes() + ping("after"),
              .answered = {server_close(1002, "the opcode is reserved")},
              .ended = true});
    }
  }
}

TEST_F(Framing, RefusesFramesWithoutAMask) {
  for (const unsigned opcode : {0x1, 0x2, 0x8, 0x9, 0xA}) {
    ClientFrame frame{opcode, "x"};
    frame.masked = false;
    expect({.sent = frame.bytes(), .answered = {server_close(1002, "the frame is not masked")}, .ended = true});
  }
}

TEST_F(Framing, RefusesLongOrFragmentedControlFrames) {
  for (const unsigned opcode : {0x8, 0x9, 0xA}) {
    expect({.sent = ClientFrame{opcode, std::string(126, 'x')}.bytes(),
            .answered = {server_close(1002, "a control frame is longer than 125 bytes")},
            .ended = true});
    expect({.sent = ClientFrame{opcode, "x", false}.bytes(),
            .answered = {server_close(1002, "a control frame is fragmented")},
            .ended = true});
  }
}

TEST_F(Framing, RefusesLengthsThatAreNotTheShortest) {
  for (const unsigned form : {2u, 8u}) {
    for (const std::size_t size : {0u, 1u, 125u}) {
      ClientFrame frame{0x1, std::string(size, 'x')};
      frame.length_bytes = form;
      expect({.sent = frame.bytes(),
              .answered = {server_close(1002, "the length is not in its shortest form")},
              .ended = true});
    }
  }
  ClientFrame frame{0x1, std::string(65535, 'x')};
  frame.length_bytes = 8;
  auto& connection = client();
  connection.feed(frame.bytes());
  EXPECT_EQ(server_frames(connection.written()),
            std::vector<ServerFrame>{server_close(1002, "the length is not in its shortest form")});
}

TEST_F(Framing, RefusesALengthWithItsHighestBit) {
  ClientFrame frame{0x1, ""};
  frame.claimed_length = 0x8000000000000000ull;
  expect(
      {.sent = frame.bytes(), .answered = {server_close(1002, "the length has its highest bit set")}, .ended = true});
}

TEST_F(Framing, RefusesAContinuationOfNothing) {
  const std::vector<ServerFrame> answered{server_close(1002, "there is nothing to continue")};
  expect({.sent = continuation("x", true), .answered = answered, .ended = true});
  expect({.sent = continuation("x", false), .answered = answered, .ended = true});
  expect({.sent = text_frame("whole") + continuation("x", true),
          .submitted = {"whole"},
          .answered = answered,
          .ended = true});
  expect({.sent = text_frame("a", false) + continuation("b", true) + continuation("c", true),
          .submitted = {"ab"},
          .answered = answered,
          .ended = true});
}

TEST_F(Framing, RefusesAMessageInsideAnother) {
  for (const unsigned opcode : {0x1, 0x2}) {
    expect({.sent = text_frame("a", false) + ClientFrame{opcode, "b"}.bytes(),
            .answered = {server_close(1002, "a message begins before the last one has ended")},
            .ended = true});
  }
}

TEST_F(Framing, IgnoresWhatFollowsAnError) {
  auto& connection = client();

  connection.feed(ClientFrame{0x3, ""}.bytes() + text_frame("after") + ping("after"));
  connection.feed(text_frame("later"));

  EXPECT_TRUE(payloads().empty());
  EXPECT_EQ(server_frames(connection.written()).size(), 1u);
  EXPECT_EQ(connection.stage(), FakeConnection::Stage::ClosedWithFlush);
  EXPECT_EQ(host.metric("websocket_closed_1002_total"), 1);
  EXPECT_EQ(host.session_count(), 0u);
}

TEST_F(Framing, CountsFrames) {
  auto& connection = client();

  connection.feed_byte_by_byte(text_frame("a") + ping("b") + text_frame("c", false) + continuation("d", true));

  EXPECT_EQ(host.metric("websocket_frames_received_total"), 4);
}

}  // namespace
}  // namespace omnibroker::plugins::websocket
