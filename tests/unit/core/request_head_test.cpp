#include "net/request_head.hpp"

#include <string>

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

class RequestHeadTest : public testing::Test {
 protected:
  RequestHead::Verdict parse(const std::string& text) {
    bytes = text;
    return head.parse({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
  }
  /// The status that a head is refused with; 0 where it is taken, 1 where more is waited for.
  unsigned refused(const std::string& text) {
    const auto verdict = parse(text);
    return verdict == RequestHead::Verdict::Bad          ? head.refusal_status()
           : verdict == RequestHead::Verdict::Incomplete ? 1
                                                         : 0;
  }
  static std::string view(omnibroker_text text) { return {text.data, text.size}; }

  std::string bytes;
  RequestHead head{{1024, 20}};
};

TEST_F(RequestHeadTest, ReadsWhatARequestSays) {
  ASSERT_EQ(parse("POST /api/messages%20x?a=b HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\nX-Y:  z \r\n\r\nbody"),
            RequestHead::Verdict::Complete);

  const auto* request = head.request("/api");
  EXPECT_EQ(view(request->method), "POST");
  EXPECT_EQ(view(request->path), "/api/messages x");
  EXPECT_EQ(view(request->query), "a=b");
  EXPECT_EQ(view(request->mount), "/api");
  EXPECT_EQ(request->content_length, 12);
  EXPECT_EQ(request->keep_alive, 1u);
  EXPECT_EQ(request->chunked, 0u);
  ASSERT_EQ(request->header_count, 3u);
  EXPECT_EQ(view(request->headers[2]->name), "X-Y");
  EXPECT_EQ(view(request->headers[2]->value), "z");
  EXPECT_EQ(bytes.substr(head.size()), "body");
}

TEST_F(RequestHeadTest, WaitsForTheRestWhereverItIsCut) {
  const std::string whole = "GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
  for (std::size_t i = 0; i < whole.size(); ++i)
    EXPECT_EQ(parse(whole.substr(0, i)), RequestHead::Verdict::Incomplete) << i;
  ASSERT_EQ(parse(whole), RequestHead::Verdict::Complete);
  EXPECT_EQ(head.request("/ws")->upgrade, 1u);
  EXPECT_EQ(head.size(), whole.size());
}

TEST_F(RequestHeadTest, EmptyLinesBeforeARequestAreSkipped) {
  ASSERT_EQ(parse("\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"), RequestHead::Verdict::Complete);
  EXPECT_EQ(head.size(), bytes.size());
}

TEST_F(RequestHeadTest, HowAHeadIsCutMakesNoDifference) {
  for (const std::string whole : {"get / HTTP/1.1\r\nHost: h\r\n\r\n", "!GET / HTTP/1.1\r\nHost: h\r\n\r\n",
                                  "G\tET / HTTP/1.1\r\nHost: h\r\n\r\n"}) {
    EXPECT_EQ(parse(whole), RequestHead::Verdict::Bad) << whole;
    EXPECT_EQ(parse(whole.substr(0, 2)), RequestHead::Verdict::Bad) << whole;
  }
}

TEST_F(RequestHeadTest, AnUpgradeNeedsBothHeaders) {
  parse("GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nupgrade: websocket\r\n\r\n");
  EXPECT_EQ(head.request("/")->upgrade, 1u);
  parse("GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\n\r\n");
  EXPECT_EQ(head.request("/")->upgrade, 0u);
}

TEST_F(RequestHeadTest, KeepAliveFollowsTheVersionAndTheHeader) {
  parse("GET / HTTP/1.0\r\n\r\n");
  EXPECT_EQ(head.request("/")->keep_alive, 0u);
  parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_EQ(head.request("/")->keep_alive, 1u);
  parse("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(head.request("/")->keep_alive, 0u);
}

TEST_F(RequestHeadTest, TheAbsoluteFormHasAPathToo) {
  ASSERT_EQ(parse("GET http://h:8000/api/health?x HTTP/1.1\r\nHost: h\r\n\r\n"), RequestHead::Verdict::Complete);
  EXPECT_EQ(head.path(), "/api/health");
  ASSERT_EQ(parse("GET http://h HTTP/1.1\r\nHost: h\r\n\r\n"), RequestHead::Verdict::Complete);
  EXPECT_EQ(head.path(), "/");
  ASSERT_EQ(parse("GET HTTPS://h?a/b HTTP/1.1\r\nHost: h\r\n\r\n"), RequestHead::Verdict::Complete);
  EXPECT_EQ(head.path(), "/");
  EXPECT_EQ(view(head.request("/")->query), "a/b");
  EXPECT_EQ(refused("GET http:///api HTTP/1.1\r\nHost: h\r\n\r\n"), 400u);
}

TEST_F(RequestHeadTest, ATargetIsOfAKnownFormBeforeItIsDecoded) {
  EXPECT_EQ(refused("GET %2Fapi HTTP/1.1\r\nHost: h\r\n\r\n"), 400u);
  EXPECT_EQ(refused("OPTIONS %2A HTTP/1.1\r\nHost: h\r\n\r\n"), 400u);
  EXPECT_EQ(refused("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n"), 0u);
  EXPECT_EQ(refused("GET /api#x HTTP/1.1\r\nHost: h\r\n\r\n"), 400u);
}

TEST_F(RequestHeadTest, WhatTwoReadersCouldUnderstandDifferentlyIsRefused) {
  const std::string begin = "POST / HTTP/1.1\r\nHost: h\r\n";
  EXPECT_EQ(refused(begin + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n"), 400u);
  EXPECT_EQ(refused(begin + "Content-Length: 1\r\nContent-Length: 1\r\n\r\n"), 400u);
  EXPECT_EQ(refused(begin + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"), 400u);
  EXPECT_EQ(refused(begin + "Content-Length: +1\r\n\r\n"), 400u);
  EXPECT_EQ(refused(begin + "Content-Length: 1, 1\r\n\r\n"), 400u);
  EXPECT_EQ(refused(begin + "Content-Length: 99999999999999999999\r\n\r\n"), 400u);
  EXPECT_EQ(refused(begin + "Transfer-Encoding: gzip, chunked\r\n\r\n"), 501u);
  EXPECT_EQ(refused(begin + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"), 400u);
  EXPECT_EQ(refused(begin + "A : b\r\n\r\n"), 400u);
  EXPECT_EQ(refused(begin + "A: b\r\n c\r\n\r\n"), 400u);
  EXPECT_EQ(refused(begin + "A: b\nC: d\r\n\r\n"), 400u);
  EXPECT_EQ(refused(begin + "Host: other\r\n\r\n"), 400u);
  EXPECT_EQ(refused("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"), 400u);
  EXPECT_EQ(refused(begin + std::string("A: b\0c\r\n\r\n", 10)), 400u);
}

TEST_F(RequestHeadTest, MalformedHeadsAreRefused) {
  EXPECT_EQ(refused("GET / HTTP/1.1\r\n\r\n"), 400u);  // without Host
  EXPECT_EQ(refused("GET / HTTP/2.0\r\nHost: h\r\n\r\n"), 505u);
  EXPECT_EQ(refused("GET /\r\n\r\n"), 400u);
  EXPECT_EQ(refused("GET api HTTP/1.1\r\nHost: h\r\n\r\n"), 400u);
  EXPECT_EQ(refused("GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n"), 400u);
  EXPECT_EQ(refused("GET /%00 HTTP/1.1\r\nHost: h\r\n\r\n"), 400u);
  EXPECT_EQ(refused("GET /% HTTP/1.1\r\nHost: h\r\n\r\n"), 400u);
  EXPECT_EQ(refused(std::string("\x16\x03\x01\x02", 4)), 400u);  // TLS on a plain listener
  EXPECT_EQ(refused("{\"type\":\"client_register\"}"), 400u);
}

TEST_F(RequestHeadTest, LimitsAreEnforcedBeforeTheHeadIsComplete) {
  EXPECT_EQ(refused("GET /" + std::string(2000, 'a')), 414u);
  EXPECT_EQ(refused("GET / HTTP/1.1\r\nA: " + std::string(2000, 'a')), 431u);
  std::string many = "GET / HTTP/1.1\r\nHost: h\r\n";
  for (int i = 0; i < 20; ++i) many += "A: b\r\n";
  EXPECT_EQ(refused(many + "\r\n"), 431u);
}

TEST_F(RequestHeadTest, APercentEscapeAtTheEndOfAPathIsDecoded) {
  ASSERT_EQ(parse("GET /a%2F HTTP/1.1\r\nHost: h\r\n\r\n"), RequestHead::Verdict::Complete);
  EXPECT_EQ(head.path(), "/a/");
}

}  // namespace
}  // namespace omnibroker::core
