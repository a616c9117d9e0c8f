#include "endpoints.hpp"
#include "json_text.hpp"
#include "refusals.hpp"
#include "response.hpp"
#include "token.hpp"

#include <string>

#include <gtest/gtest.h>

namespace omnibroker::plugins::http {
namespace {

TEST(JsonText, EscapesWhatJsonDoesNotAllow) {
  EXPECT_EQ(json_text(std::string_view("a\"b\\c\n\t\x01\0/", 10)), R"("a\"b\\c\u000a\u0009\u0001\u0000/")");
  EXPECT_EQ(json_text("좌표"), "\"좌표\"");
}

TEST(HttpDate, IsWrittenAsTheProtocolHasIt) {
  EXPECT_EQ(http_date(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(http_date(1709210096), "Thu, 29 Feb 2024 12:34:56 GMT");
  EXPECT_EQ(http_date(0), "Thu, 01 Jan 1970 00:00:00 GMT");
}

TEST(Refusals, NameEveryStatusThatTheHostRefusesWith) {
  struct Case {
    unsigned status;
    const char* code;
  };
  for (const auto& [status, code] :
       {Case{400, "BAD_REQUEST"}, Case{404, "NOT_FOUND"}, Case{408, "REQUEST_TIMEOUT"}, Case{414, "URI_TOO_LONG"},
        Case{431, "HEADERS_TOO_LARGE"}, Case{501, "NOT_IMPLEMENTED"}, Case{503, "UNAVAILABLE"},
        Case{505, "HTTP_VERSION_NOT_SUPPORTED"}, Case{418, "BAD_REQUEST"}, Case{599, "INTERNAL_ERROR"}}) {
    EXPECT_EQ(code_of_status(status), code) << status;
  }
}

TEST(Token, IsTakenApartAtItsLastDot) {
  const std::string secret(64, 'a');
  const auto text = "some.id." + secret;

  const auto token = parse_token(text);

  ASSERT_TRUE(token);
  EXPECT_EQ(token->client_id, "some.id");
  EXPECT_EQ(token->secret, secret);
}

TEST(Token, IsNothingElse) {
  const std::string secret(64, 'a');
  for (const std::string& text : {std::string(), std::string("."), secret, "." + secret, "id." + secret + "a",
                                  "id." + secret.substr(1), "id." + secret.substr(1) + "A", "id." + secret + " "}) {
    EXPECT_FALSE(parse_token(text)) << text;
  }
}

TEST(Endpoints, TakeOneSegmentForAClientId) {
  EXPECT_EQ(client_id_in("/sessions/abc"), "abc");
  EXPECT_EQ(client_id_in("/sessions/"), "");
  EXPECT_EQ(client_id_in("/sessions/a/b"), "");
  EXPECT_EQ(client_id_in("/session/a"), "");
  EXPECT_EQ(find_path("/sessions/{client_id}")->endpoint, Endpoint::Session);
  EXPECT_EQ(find_path("/nothing"), nullptr);
}

TEST(Response, HasNoBodyWhereTheStatusAllowsNone) {
  const auto text = serialize({.status = 204, .body = "x"}, {.keep_alive = true}, Framing::Length, 0);

  EXPECT_EQ(text.find("Content-"), text.find("Content-Type-Options"));
  EXPECT_TRUE(text.ends_with("\r\n\r\n"));
}

}  // namespace
}  // namespace omnibroker::plugins::http
