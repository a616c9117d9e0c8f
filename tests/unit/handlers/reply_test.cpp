#include "handled.hpp"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

using namespace std::string_literals;

namespace {

/// How the reply writes a text: what is between the quotes.
std::string written(std::string_view text) {
  HandlerTest reply("reply");
  const std::string whole = reply.component().error("CODE", text);
  const std::string before = R"({"type":"error","error_code":"CODE","error_message":")";
  EXPECT_EQ(whole.substr(0, before.size()), before);
  EXPECT_EQ(whole.substr(whole.size() - 2), "\"}");
  return whole.substr(before.size(), whole.size() - before.size() - 2);
}

TEST(Reply, WritesTheAckOfTheContract) {
  HandlerTest reply("reply");

  EXPECT_EQ(reply.component().ack("client_register"),
            R"({"type":"ack","original_type":"client_register","status":"success"})");
}

TEST(Reply, WritesTheErrorOfTheContract) {
  HandlerTest reply("reply");

  EXPECT_EQ(reply.component().error("INVALID_JSON", "Invalid JSON format"),
            R"({"type":"error","error_code":"INVALID_JSON","error_message":"Invalid JSON format"})");
}

TEST(Reply, EscapesWhatJsonAsksFor) {
  EXPECT_EQ(written("\"\\/\n\r\t"), R"(\"\\/\n\r\t)");
  EXPECT_EQ(written("a\0b"s), R"(a\u0000b)");
  for (int byte = 0; byte < 0x20; ++byte) {
    const std::string escaped = written(std::string(1, static_cast<char>(byte)));
    EXPECT_TRUE(escaped.size() == 2 || escaped.size() == 6) << byte;
    EXPECT_EQ(escaped.front(), '\\') << byte;
  }
  EXPECT_EQ(written("\x7F"), R"(\u007f)");
}

TEST(Reply, LeavesUtf8AsItIs) {
  for (const char* text : {"좌표", "é", "😀", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEE\x80\x80",
                           "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF", ""}) {
    EXPECT_EQ(written(text), text);
  }
}

TEST(Reply, ReplacesWhatIsNotUtf8) {
  EXPECT_EQ(written("a\x80z"), "a\uFFFDz");
  EXPECT_EQ(written("\xC0\xAF"), "\uFFFD\uFFFD");
  EXPECT_EQ(written("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(written("\xE0\x9F\xBF"), "\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(written("\xF0\x8F\xBF\xBF"), "\uFFFD\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(written("\xF4\x90\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(written("\xFF"), "\uFFFD");
  EXPECT_EQ(written("cut \xE2\x82"), "cut \uFFFD\uFFFD");
  EXPECT_EQ(written("\xE2\x82\""), "\uFFFD\uFFFD\\\"");
}

TEST(Reply, EscapesTypesAndCodesToo) {
  HandlerTest reply("reply");

  EXPECT_EQ(reply.component().ack("a\"b"), R"({"type":"ack","original_type":"a\"b","status":"success"})");
  EXPECT_EQ(reply.component().error("A\"", ""), R"({"type":"error","error_code":"A\"","error_message":""})");
}

}  // namespace
