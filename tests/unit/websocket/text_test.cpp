#include "client.hpp"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace omnibroker::plugins::websocket {
namespace {

using Text = ExchangeTest;

const std::vector<ServerFrame> kNotUtf8{server_close(1007, "the text is not UTF-8")};
const std::vector<ServerFrame> kCutOff{server_close(1007, "the text ends inside a character")};

TEST_F(Text, MayHoldAnyCharacter) {
  const std::string text =
      "\u03BA\u1F79\u03C3\u03BC\u03B5 \u6c34 \U0001F34C" + std::string("\x00", 1) + "\uFFFF\U0010FFFF";
  expect({.sent = text_frame(text), .submitted = {text}});
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    expect(
        {.sent = text_frame(text.substr(0, cut), false) + continuation(text.substr(cut), true), .submitted = {text}});
  }
}

TEST_F(Text, IsRefusedWhenNotUtf8) {
  for (const std::string bad : {"\x80", "\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF", "\xC3("}) {
    expect({.sent = text_frame("before" + bad + "after"), .answered = kNotUtf8, .ended = true});
    expect({.sent = text_frame("before", false) + continuation(bad, false) + continuation("", true),
            .answered = kNotUtf8,
            .ended = true});
  }
  EXPECT_GT(host.metric("websocket_closed_1007_total"), 0);
}

TEST_F(Text, IsRefusedWhenItEndsInsideACharacter) {
  for (const std::string cut : {"\xC3", "\xE2\x82", "\xF0\x9F\x98"}) {
    expect({.sent = text_frame("x" + cut), .answered = kCutOff, .ended = true});
    expect({.sent = text_frame("x", false) + continuation(cut, true), .answered = kCutOff, .ended = true});
  }
}

TEST_F(Text, IsRefusedAtTheFirstByteThatShowsIt) {
  auto& connection = client();
  const auto frame = text_frame("good\xFFnever sent");
  constexpr std::size_t before = 6 + 4;  // the head and "good"

  connection.feed(frame.substr(0, before));
  EXPECT_TRUE(connection.open());
  connection.feed(frame.substr(before, 1));

  EXPECT_TRUE(connection.ended());
  EXPECT_EQ(server_frames(connection.written()), kNotUtf8);
}

TEST_F(Text, IsRefusedInAFragmentBeforeTheMessageEnds) {
  auto& connection = client();

  connection.feed(text_frame("good", false) + continuation("\xF4\x90", false));

  EXPECT_TRUE(connection.ended());
  EXPECT_EQ(server_frames(connection.written()), kNotUtf8);
}

TEST_F(Text, IsNotExpectedInBinaryMessages) {
  expect({.sent = ClientFrame{0x2, "\xFF\xFE\x80"}.bytes() + ClientFrame{0x2, "\xC3", false}.bytes() +
                  continuation("\xC3", true),
          .submitted = {"\xFF\xFE\x80", "\xC3\xC3"}});
}

TEST_F(Text, StartsAfreshWithEachMessage) {
  expect({.sent = ClientFrame{0x2, "\xC3"}.bytes() + text_frame("\u00e9") + text_frame("x"),
          .submitted = {"\xC3", "\u00e9", "x"}});
}

TEST_F(Text, SurvivesControlFramesInsideACharacter) {
  expect({.sent = text_frame("\xE2", false) + ping("\xFF") + continuation("\x82", false) + ping("") +
                  continuation("\xAC", true),
          .submitted = {"\u20AC"},
          .answered = {{0x8A, "\xFF"}, {0x8A, ""}}});
}

}  // namespace
}  // namespace omnibroker::plugins::websocket
