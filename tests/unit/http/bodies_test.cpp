#include "gateway.hpp"

namespace omnibroker::plugins::http {
namespace {

using namespace std::chrono_literals;
using Stage = testing::FakeConnection::Stage;

class Bodies : public Gateway {
 protected:
  static std::string chunked_post(std::string_view wire, std::string_view headers = {}) {
    return head("POST /api/sessions", "Transfer-Encoding: chunked\r\n" + std::string(headers)) + std::string(wire);
  }
  static std::string announced(std::string_view length, std::string_view headers = {}) {
    return head("POST /api/sessions", "Content-Length: " + std::string(length) + "\r\n" + std::string(headers));
  }
  /// The only answer on this connection, which it also closes.
  Answer refusal_of(testing::FakeConnection& connection) {
    auto written = connection.take_written();
    auto answer = take_answer(written);
    EXPECT_EQ(written, "");
    EXPECT_TRUE(answer.closes());
    EXPECT_EQ(connection.stage(), Stage::ClosedWithFlush);
    return answer;
  }
};

TEST_F(Bodies, ComeByTheByte) {
  auto& connection = connect();

  connection.feed_byte_by_byte(post("/api/sessions", kRegister));
  connection.feed_byte_by_byte(chunked_post("a\r\n{\"type\":\"a\r\n3;x=y\r\n\"} \r\n0\r\nT: 1\r\n\r\n"));

  auto written = connection.take_written();
  EXPECT_EQ(take_answer(written).status, 201);
  EXPECT_EQ(take_answer(written).status, 201);
  ASSERT_EQ(host.submitted().size(), 2u);
  EXPECT_EQ(host.submitted()[0].payload, kRegister);
  EXPECT_EQ(host.submitted()[1].payload, "{\"type\":\"a\"} ");
}

TEST_F(Bodies, AreFollowedByTheNextRequestWithoutAByteLostOrTaken) {
  auto& connection = connect();

  connection.feed(chunked_post("2\r\n{}\r\n0\r\n\r\n") + post("/api/sessions", "{ }") + head("GET /api/health"));

  auto written = connection.take_written();
  EXPECT_EQ(take_answer(written).status, 201);
  EXPECT_EQ(take_answer(written).status, 201);
  EXPECT_EQ(take_answer(written).status, 200);
  EXPECT_EQ(connection.unconsumed(), "");
}

TEST_F(Bodies, OfALengthAreHandedOverWhereTheyLie) {
  auto& connection = connect();
  connection.feed(announced("49"));
  connection.feed(kRegister.substr(0, 20));

  EXPECT_EQ(connection.unconsumed(), kRegister.substr(0, 20)) << "kept in the host's buffer until it is whole";
}

TEST_F(Bodies, AreRefusedWhereTheyAreMalformed) {
  auto& connection = connect();
  connection.feed(chunked_post("zz\r\n"));

  const auto answer = refusal_of(connection);
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(error_code(answer), "BAD_REQUEST");
  EXPECT_EQ(host.session_count(), 0u);
}

TEST_F(Bodies, AreRefusedWhereTheyHaveTwoEnds) {
  auto& connection = connect();
  connection.feed(chunked_post("0\r\n\r\n", "Content-Length: 5\r\n"));

  EXPECT_EQ(refusal_of(connection).status, 400);
}

TEST_F(Bodies, AreRefusedByTheirLengthBeforeTheyCome) {
  auto& connection = connect();
  connection.feed(announced("1025"));

  const auto answer = refusal_of(connection);
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(error_code(answer), "CONTENT_TOO_LARGE");
}

TEST_F(Bodies, OfTheLargestLengthAreTaken) {
  EXPECT_EQ(ask(post("/api/sessions", std::string(1024, ' '))).status, 201);
}

TEST_F(Bodies, AreRefusedWhileTheirChunksGrowTooLarge) {
  auto& connection = connect();
  connection.feed(chunked_post("400\r\n" + std::string(1024, ' ') + "\r\n"));
  EXPECT_EQ(connection.written(), "");

  connection.feed("1\r\n");

  EXPECT_EQ(refusal_of(connection).status, 413);
}

TEST_F(Bodies, AreNeverLargerThanAMessage) {
  host.set_limit("max_message", 100);

  EXPECT_EQ(ask(announced("101")).status, 413);
  EXPECT_EQ(ask(post("/api/sessions", std::string(100, ' '))).status, 201);
}

TEST_F(Bodies, HaveNoLimitWhereBothAreOff) {
  host.set_limit("max_body", 0);

  EXPECT_EQ(ask(post("/api/sessions", std::string(100'000, ' '))).status, 201);
}

TEST_F(Bodies, ThatAreEmptyAreNoMessage) {
  for (const std::string& request : {announced("0"), head("POST /api/sessions")}) {
    const auto answer = ask(request);

    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(answer.body, R"({"type":"error","error_code":"INVALID_JSON","error_message":"Invalid JSON format"})");
    EXPECT_FALSE(answer.closes());
  }
}

TEST_F(Bodies, AreInvitedWhereTheClientHoldsThemBack) {
  auto& connection = connect();
  connection.feed(announced("2", "Expect: 100-Continue\r\n"));
  EXPECT_EQ(connection.take_written(), "HTTP/1.1 100 Continue\r\n\r\n");

  connection.feed("{}");

  auto written = connection.take_written();
  EXPECT_EQ(take_answer(written).status, 201);
  EXPECT_FALSE(connection.ended());
}

TEST_F(Bodies, AreNotInvitedWhereTheyWillNotBeTaken) {
  const std::string expect = "Expect: 100-continue\r\n";
  EXPECT_EQ(ask(announced("1025", expect)).status, 413);
  EXPECT_EQ(ask(announced("5", expect + "Content-Type: text/plain\r\n")).status, 415);
  EXPECT_EQ(ask(head("POST /api/messages", expect + "Content-Length: 5\r\n")).status, 401);
  EXPECT_EQ(ask(head("POST /api/nothing", expect + "Content-Length: 5\r\n")).status, 404);

  auto& connection = connect();
  connection.feed(head("PUT /api/health", expect + "Content-Length: 5\r\n"));
  EXPECT_EQ(refusal_of(connection).status, 405);
}

TEST_F(Bodies, OfAnOldClientAreNotInvited) {
  auto& connection = connect();
  connection.feed("POST /api/sessions HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");

  EXPECT_EQ(connection.written(), "");
}

TEST_F(Bodies, WithOtherExpectationsAreRefused) {
  for (const auto* expect :
       {"Expect: 200-ok\r\n", "Expect: 100-continue, x\r\n", "Expect: 100-continue\r\nExpect: 100-continue\r\n"}) {
    auto& connection = connect();
    connection.feed(announced("2", expect));

    const auto answer = refusal_of(connection);
    EXPECT_EQ(answer.status, 417) << expect;
    EXPECT_EQ(error_code(answer), "EXPECTATION_FAILED");
  }
}

TEST_F(Bodies, MustBeJson) {
  for (const auto* type : {"text/plain", "application/x-www-form-urlencoded", "application/json-seq", "application/jso",
                           "application/json; charset=latin-1", "application/json; charset", "multipart/form-data"}) {
    const auto answer = ask(announced("2", "Content-Type: " + std::string(type) + "\r\n") + "{}");

    EXPECT_EQ(answer.status, 415) << type;
    EXPECT_EQ(error_code(answer), "UNSUPPORTED_MEDIA_TYPE") << type;
    EXPECT_FALSE(answer.closes()) << "the body was short enough to be thrown away";
  }
  EXPECT_EQ(ask(announced("2", "Content-Encoding: gzip\r\n") + "{}").status, 415);
  const std::string twice = "Content-Type: application/json\r\nContent-Type: text/plain\r\n";
  EXPECT_EQ(ask(announced("2", twice) + "{}").status, 415);
}

TEST_F(Bodies, MayNameTheirTypeInSeveralWays) {
  for (const auto* headers :
       {"", "Content-Type: application/json\r\n", "content-type: Application/JSON\r\n",
        "Content-Type: application/json;charset=UTF-8\r\n",
        "Content-Type: application/json ; charset=\"utf-8\" ; v=1\r\n", "Content-Encoding: identity\r\n"}) {
    EXPECT_EQ(ask(announced("2", headers) + "{}").status, 201) << headers;
  }
}

TEST_F(Bodies, MustComeInTime) {
  auto& connection = connect();
  connection.feed(announced("10") + "{");
  host.advance(29s);
  EXPECT_EQ(connection.written(), "");

  host.advance(1s);

  const auto answer = refusal_of(connection);
  EXPECT_EQ(answer.status, 408);
  EXPECT_EQ(error_code(answer), "REQUEST_TIMEOUT");
  EXPECT_EQ(host.metric("http_over_limit_total"), 1);
}

TEST_F(Bodies, CannotBuyTimeByTheByte) {
  auto& connection = connect();
  connection.feed(announced("100"));
  for (int second = 0; second < 30; ++second) {
    connection.feed(" ");
    host.advance(1s);
  }

  EXPECT_EQ(refusal_of(connection).status, 408);
}

TEST_F(Bodies, LeaveNoTimerBehind) {
  auto& connection = connect();
  connection.feed(post("/api/sessions", kRegister));

  EXPECT_EQ(connection.timer(), std::nullopt);
  host.advance(120s);
  EXPECT_FALSE(connection.ended());
}

TEST_F(Bodies, ThatEndTooEarlyAreRefused) {
  auto& connection = connect();
  connection.feed(announced("10") + "{");

  connection.end_input();

  EXPECT_EQ(refusal_of(connection).status, 400);
}

TEST_F(Bodies, AreGivenUpWhenTheBrokerStops) {
  auto& connection = connect();
  connection.feed(announced("10") + "{");

  connection.shutdown(ShutdownReason::GoingAway, "The broker stops");

  const auto answer = refusal_of(connection);
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(error_code(answer), "UNAVAILABLE");
}

TEST_F(Bodies, ThatNobodyWantsGoBy) {
  auto& connection = connect();
  connection.feed_byte_by_byte(head("GET /api/health", "Content-Length: 5\r\n") + "12345" +
                               head("GET /api/nothing", "Transfer-Encoding: chunked\r\n") + "3\r\nabc\r\n0\r\n\r\n" +
                               head("GET /api/health"));

  auto written = connection.take_written();
  EXPECT_EQ(take_answer(written).status, 200);
  EXPECT_EQ(take_answer(written).status, 404);
  EXPECT_EQ(take_answer(written).status, 200);
  EXPECT_EQ(written, "");
  EXPECT_FALSE(connection.ended());
}

TEST_F(Bodies, ThatNobodyWantsCloseTheConnectionWhereTheyAreLong) {
  auto& connection = connect();
  connection.feed(head("GET /api/health", "Content-Length: 1025\r\n"));

  EXPECT_EQ(refusal_of(connection).status, 200);
}

TEST_F(Bodies, ThatNobodyWantsAreNotWaitedForBeforeAClose) {
  auto& connection = connect();
  connection.feed(head("GET /api/health", "Content-Length: 5\r\nConnection: close\r\n"));

  EXPECT_EQ(refusal_of(connection).status, 200);
}

TEST_F(Bodies, CannotBeMovedHalfWay) {
  auto& connection = connect();
  connection.feed(announced("10") + "{");

  EXPECT_EQ(connection.export_session(), std::nullopt);
  connection.feed("         ");
  auto written = connection.take_written();
  EXPECT_EQ(take_answer(written).status, 201);
}

}  // namespace
}  // namespace omnibroker::plugins::http
