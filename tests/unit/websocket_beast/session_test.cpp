#include "handover.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace omnibroker::plugins::websocket_beast {
namespace {

TEST(BeastSession, HasTheDocumentedLayout) {
  Session session;
  session.in_frame = session.final = session.in_message = session.compressed = true;
  session.opcode = opcode::kContinuation;
  session.mask = {1, 2, 3, 4};
  session.length = 0x0102;
  session.taken = 5;
  session.cut = {2, 0xA0, 0xBF};
  session.window_bits = 12;
  session.pings = 7;
  session.subprotocol = "sub";
  session.fragments = "f";

  const auto blob = write_session(session);

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
  auto read = read_session(blob);
  ASSERT_TRUE(read);
  EXPECT_EQ(write_session(*read), blob);
}

TEST(BeastSession, IsRefusedWhereItContradictsItself) {
  Session good;
  good.in_frame = good.in_place = good.final = true;
  good.opcode = opcode::kText;
  good.length = 10;
  good.ready = 4;
  const auto blob = write_session(good);
  ASSERT_TRUE(read_session(blob));
  struct Case {
    const char* what;
    std::size_t offset;
    std::uint8_t value;
  };
  for (const auto& [what, offset, value] : std::vector<Case>{{"an unknown phase", 12, 2},
                                                             {"an unknown flag", 13, 0x47},
                                                             {"not in place, and ready", 13, 3},
                                                             {"in place, and in a message", 13, 0x0F},
                                                             {"compressed, and no message", 13, 0x27},
                                                             {"an unknown opcode", 14, 3},
                                                             {"a continuation in place", 14, 0},
                                                             {"a message of pings", 15, 9},
                                                             {"UTF-8 that lacks too much", 20, 4},
                                                             {"a window that is too small", 23, 8},
                                                             {"a window that is too wide", 23, 16},
                                                             {"a length with its highest bit", 31, 0x80},
                                                             {"in place, and consumed", 32, 1},
                                                             {"more ready than there is", 40, 11},
                                                             {"a name that is not there", 52, 1},
                                                             {"fragments that are not there", 56, 1}}) {
    auto broken = blob;
    broken[offset] = static_cast<char>(value);
    const auto read = read_session(broken);
    ASSERT_FALSE(read) << what;
    EXPECT_EQ(read.error().code, ErrorCode::InvalidArgument) << what;
  }
  EXPECT_FALSE(read_session(blob + "x"));
  EXPECT_FALSE(read_session(blob.substr(0, blob.size() - 1)));
}

TEST(CutAtEnd, SaysWhatACharacterLacks) {
  const auto lacks = [](std::string_view text) {
    const auto cut = cut_at_end(bytes_of(text));
    return std::vector<int>{cut.missing, cut.low, cut.high};
  };
  const std::vector<int> nothing{0, 0x80, 0xBF};
  EXPECT_EQ(lacks(""), nothing);
  EXPECT_EQ(lacks("plain"), nothing);
  EXPECT_EQ(lacks("\xF0\x9F\x98\x80"), nothing);
  EXPECT_EQ(lacks("x\xC3"), (std::vector<int>{1, 0x80, 0xBF}));
  EXPECT_EQ(lacks("\xE0"), (std::vector<int>{2, 0xA0, 0xBF}));
  EXPECT_EQ(lacks("\xED"), (std::vector<int>{2, 0x80, 0x9F}));
  EXPECT_EQ(lacks("\xE2\x82"), (std::vector<int>{1, 0x80, 0xBF}));
  EXPECT_EQ(lacks("\xF0"), (std::vector<int>{3, 0x90, 0xBF}));
  EXPECT_EQ(lacks("\xF4"), (std::vector<int>{3, 0x80, 0x8F}));
  EXPECT_EQ(lacks("\xF0\x9F\x98"), (std::vector<int>{1, 0x80, 0xBF}));
}

}  // namespace
}  // namespace omnibroker::plugins::websocket_beast
