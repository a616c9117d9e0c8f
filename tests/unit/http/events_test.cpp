#include "gateway.hpp"

namespace omnibroker::plugins::http {
namespace {

using namespace std::chrono_literals;
using Stage = testing::FakeConnection::Stage;

class Events : public Gateway {
 protected:
  testing::FakeConnection& open_stream(const std::string& token) {
    auto& connection = connect();
    connection.feed(head("GET /api/events", "Accept: text/event-stream\r\n" + bearer(token)));
    return connection;
  }
  /// A stream whose head has been read already.
  testing::FakeConnection& listening() {
    auto& connection = open_stream(open_session());
    connection.take_written();
    return connection;
  }
};

TEST_F(Events, BeginWithAHeadThatKeepsProxiesOut) {
  auto& connection = open_stream(open_session());

  auto written = connection.take_written();
  const auto answer = take_answer(written);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Content-Type"), "text/event-stream");
  EXPECT_EQ(answer.header("Cache-Control"), "no-store");
  EXPECT_EQ(answer.header("X-Accel-Buffering"), "no");
  EXPECT_FALSE(answer.has("Content-Length"));
  EXPECT_TRUE(answer.closes());
  EXPECT_EQ(answer.body, "retry: 2000\n\n");
  EXPECT_EQ(connection.session(), 1u);
  EXPECT_EQ(host.metric("http_event_streams"), 1);
}

TEST_F(Events, AreSpokenToOldClientsToo) {
  const auto token = open_session();
  auto& connection = connect();
  connection.feed("GET /api/events HTTP/1.0\r\n" + bearer(token) + "\r\n");

  auto written = connection.take_written();
  EXPECT_EQ(take_answer(written).status, 200);
  EXPECT_TRUE(connection.open());
}

TEST_F(Events, TakeTheTokenFromTheQuery) {
  const auto token = open_session();
  auto& connection = connect();
  connection.feed(head("GET /api/events?since=1&token=" + token + "&x"));

  EXPECT_EQ(connection.session(), 1u);
}

TEST_F(Events, AreRefusedWithoutAToken) {
  const auto token = open_session();
  for (const auto& line :
       std::vector<std::string>{"GET /api/events", "GET /api/events?token=", "GET /api/events?token=" + token + "0",
                                "GET /api/events?xtoken=" + token}) {
    const auto answer = ask(head(line));

    EXPECT_EQ(answer.status, 401) << line;
    EXPECT_EQ(answer.header("WWW-Authenticate"), "Bearer") << line;
    EXPECT_EQ(error_code(answer), "CLIENT_NOT_REGISTERED") << line;
  }
  EXPECT_EQ(ask(head("GET /api/events?token=" + token, bearer("wrong"))).status, 401) << "the header counts";
}

TEST_F(Events, AnswerHeadWithoutBecomingTheReceiver) {
  const auto token = open_session();
  auto& connection = connect();
  connection.feed(head("HEAD /api/events", bearer(token)));

  auto written = connection.take_written();
  const auto answer = take_answer(written, /*to_head=*/true);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Content-Type"), "text/event-stream");
  EXPECT_EQ(written, "");
  EXPECT_EQ(connection.session(), 0u);
  EXPECT_TRUE(connection.ended());
}

TEST_F(Events, AreNotAskedForWithABody) {
  const auto token = open_session();

  const auto answer = ask(head("GET /api/events", bearer(token) + "Content-Length: 3\r\n"));
  EXPECT_EQ(answer.status, 400);
  EXPECT_TRUE(answer.closes());
}

TEST_F(Events, CarryEachMessageAsOneEvent) {
  auto& connection = listening();

  connection.deliver(R"({"type":"a"})");
  connection.deliver(R"({"type":"b"})");

  EXPECT_EQ(connection.written(), "data: {\"type\":\"a\"}\n\ndata: {\"type\":\"b\"}\n\n");
}

TEST_F(Events, KeepEveryLineOfAMessage) {
  EXPECT_EQ(transport->encode("{\n \"a\":1,\r\n \"b\":2,\r\"c\":3}\n"),
            "data: {\ndata:  \"a\":1,\ndata:  \"b\":2,\ndata: \"c\":3}\ndata: \n\n");
  EXPECT_EQ(transport->encode(""), "data: \n\n");
}

TEST_F(Events, SayWhereAMessageIsNotText) {
  const auto encoded = [&](std::string_view bytes) { return transport->encode(bytes, OMNIBROKER_BINARY_PAYLOAD); };

  EXPECT_EQ(encoded(""), "event: binary\ndata: \n\n");
  EXPECT_EQ(encoded("f"), "event: binary\ndata: Zg==\n\n");
  EXPECT_EQ(encoded("fo"), "event: binary\ndata: Zm8=\n\n");
  EXPECT_EQ(encoded("foo"), "event: binary\ndata: Zm9v\n\n");
  EXPECT_EQ(encoded(std::string_view("\xff\x00\xfe\xfd", 4)), "event: binary\ndata: /wD+/Q==\n\n");
}

TEST_F(Events, AreKeptAliveWhileNothingIsToBeSaid) {
  auto& connection = listening();

  host.advance(15s);
  EXPECT_EQ(connection.take_written(), ": keep-alive\n\n");
  host.advance(30s);
  EXPECT_EQ(connection.take_written(), ": keep-alive\n\n: keep-alive\n\n");
}

TEST_F(Events, SayWhyTheyEnd) {
  struct Case {
    ShutdownReason reason;
    const char* name;
  };
  for (const auto& [reason, name] : {Case{ShutdownReason::GoingAway, "going_away"},
                                     Case{ShutdownReason::Restart, "restart"}, Case{ShutdownReason::Policy, "policy"},
                                     Case{ShutdownReason::TooSlow, "too_slow"}, Case{ShutdownReason::Idle, "idle"},
                                     Case{ShutdownReason::Kicked, "kicked"}, Case{ShutdownReason::Fault, "fault"}}) {
    auto& connection = listening();

    connection.shutdown(reason, "As \"said\"");

    EXPECT_EQ(connection.written(),
              "event: bye\ndata: {\"reason\":\"" + std::string(name) + "\",\"message\":\"As \\\"said\\\"\"}\n\n");
    EXPECT_EQ(connection.stage(), Stage::ClosedWithFlush);
  }
  EXPECT_EQ(host.metric("http_event_streams"), 0);
}

TEST_F(Events, EndWithTheirSession) {
  const auto token = open_session();
  auto& connection = open_stream(token);
  connection.take_written();

  EXPECT_EQ(ask(head("DELETE /api/sessions/" + token.substr(0, 36), bearer(token))).status, 204);

  EXPECT_TRUE(connection.written().starts_with("event: bye\ndata: {\"reason\":\"going_away\"")) << connection.written();
  EXPECT_TRUE(connection.ended());
}

TEST_F(Events, MoveToTheLatestStreamOfTheSession) {
  const auto token = open_session();
  auto& earlier = open_stream(token);
  earlier.take_written();

  auto& later = open_stream(token);

  EXPECT_TRUE(earlier.written().starts_with("event: bye\ndata: {\"reason\":\"restart\"")) << earlier.written();
  EXPECT_TRUE(earlier.ended());
  EXPECT_TRUE(later.open());
}

TEST_F(Events, EndWhenTheClientLeavesAndLeaveTheSession) {
  auto& connection = listening();

  connection.feed("what is this");
  EXPECT_TRUE(connection.open());
  EXPECT_EQ(connection.unconsumed(), "");
  connection.end_input();

  EXPECT_TRUE(connection.ended());
  EXPECT_EQ(host.session_count(), 1u);
}

TEST_F(Events, MoveToAnotherGeneration) {
  auto& connection = listening();
  testing::ComponentUnderTest next(host, *omnibroker_plugin_entry_v1(), "http", {{"events_keep_alive", "5s"}});
  ASSERT_TRUE(next.bring_up());

  ASSERT_EQ(connection.hand_over(next), OMNIBROKER_OK);

  connection.deliver("{}");
  host.advance(5s);
  EXPECT_EQ(connection.written(), "data: {}\n\n: keep-alive\n\n");
  connection.disconnect();  // before the generation that has it
}

TEST_F(Events, GoOnWhereNobodyTakesThemOver) {
  auto& connection = listening();
  EXPECT_EQ(connection.export_session(), "http.sse/1\n");

  host.advance(60s);

  EXPECT_NE(connection.take_written().find(": keep-alive\n\n"), std::string::npos);
  connection.deliver("one");
  EXPECT_EQ(connection.written(), "data: one\n\n");
}

TEST_F(Events, DoNotComeFromAnUnknownBlob) {
  EXPECT_EQ(connect().import_session("http.sse/2\n"), OMNIBROKER_UNSUPPORTED);
}

class QuietEvents : public Events {
 protected:
  void SetUp() override { bring_up({{"events_keep_alive", "off"}}); }
};

TEST_F(QuietEvents, SayNothingWhereCommentsAreOff) {
  auto& connection = listening();

  host.advance(1h);

  EXPECT_EQ(connection.written(), "");
}

}  // namespace
}  // namespace omnibroker::plugins::http
