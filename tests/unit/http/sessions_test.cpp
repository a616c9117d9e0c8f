#include "gateway.hpp"

#include <set>

namespace omnibroker::plugins::http {
namespace {

using namespace std::chrono_literals;

class Sessions : public Gateway {
 protected:
  static std::string client_id_of(const std::string& token) { return token.substr(0, token.find('.')); }
  static testing::RouterAnswer refused(std::string code) {
    testing::RouterAnswer answer;
    answer.payload = R"({"type":"error","error_code":")" + code + R"(","error_message":"why"})";
    answer.refused = true;
    answer.code = std::move(code);
    return answer;
  }
};

TEST_F(Sessions, AreOpenedByTheirFirstMessage) {
  const auto answer = ask(post("/api/sessions", kRegister));

  EXPECT_EQ(answer.status, 201);
  ASSERT_EQ(host.submitted().size(), 1u);
  EXPECT_EQ(host.submitted()[0].payload, kRegister);
  EXPECT_TRUE(answer.body.starts_with(R"({"client_id":"00000000-0000-4000-8000-)")) << answer.body;
  const auto id = answer.body.substr(14, 36);
  EXPECT_EQ(answer.header("Location"), "/api/sessions/" + id);
  EXPECT_NE(answer.body.find(R"("token":")" + id + '.'), std::string::npos);
  EXPECT_EQ(host.session_count(), 1u);
}

TEST_F(Sessions, HaveTokensThatAreNeverTheSame) {
  std::set<std::string> secrets;
  for (int i = 0; i < 100; ++i) {
    const auto token = open_session();
    secrets.insert(token.substr(token.find('.') + 1));
  }

  EXPECT_EQ(secrets.size(), 100u);
  for (const auto& secret : secrets) EXPECT_EQ(secret.size(), 64u);  // 256 bits
}

TEST_F(Sessions, DoNotStayWhereTheFirstMessageIsRefused) {
  router_answer = refused("UNSUPPORTED_CLIENT_TYPE");

  const auto answer = ask(post("/api/sessions", kRegister));

  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.body, *router_answer.payload);
  EXPECT_EQ(host.session_count(), 0u);
}

TEST_F(Sessions, DoNotStayWhereTheClientLeavesBeforeItsToken) {
  router_answer.later = true;
  auto& connection = connect();
  connection.feed(post("/api/sessions", kRegister));
  ASSERT_EQ(host.session_count(), 1u);

  connection.disconnect();

  EXPECT_EQ(host.session_count(), 0u);
}

TEST_F(Sessions, AreRefusedWhereTheHostHasNoRoom) {
  host.refuse_sessions("There are too many sessions");

  const auto answer = ask(post("/api/sessions", kRegister));

  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(error_code(answer), "UNAVAILABLE");
  EXPECT_EQ(answer.header("Retry-After"), "1");
}

TEST_F(Sessions, CarryMessages) {
  const auto token = open_session();
  host.clear_submitted();

  const auto answer = ask(post("/api/messages", R"({"type":"x"})", bearer(token)));

  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, kAck);
  EXPECT_EQ(answer.header("Content-Type"), "application/json");
  ASSERT_EQ(host.submitted().size(), 1u);
  EXPECT_EQ(host.submitted()[0].payload, R"({"type":"x"})");
  EXPECT_EQ(host.submitted()[0].session, 1u);
}

TEST_F(Sessions, AnswerNothingWhereAWebSocketWouldHearNothing) {
  const auto token = open_session();
  router_answer.payload.reset();

  const auto answer = ask(post("/api/messages", R"({"type":"x"})", bearer(token)));

  EXPECT_EQ(answer.status, 204);
  EXPECT_FALSE(answer.has("Content-Length"));
  EXPECT_FALSE(answer.has("Content-Type"));
}

TEST_F(Sessions, TakeRepliesThatComeLater) {
  const auto token = open_session();
  host.clear_submitted();
  router_answer.later = true;
  auto& connection = connect();
  connection.feed(post("/api/messages", R"({"type":"x"})", bearer(token)) + head("GET /api/health"));
  EXPECT_EQ(connection.written(), "");

  connection.reply(host.submitted()[0].correlation, kAck);

  auto written = connection.take_written();
  EXPECT_EQ(take_answer(written).body, kAck);
  EXPECT_EQ(take_answer(written).status, 200) << "the pipelined request behind it";
}

TEST_F(Sessions, StopWaitingForAReply) {
  const auto token = open_session();
  router_answer.later = true;
  auto& connection = connect();
  connection.feed(post("/api/messages", R"({"type":"x"})", bearer(token)));

  host.advance(30s);

  auto written = connection.take_written();
  const auto answer = take_answer(written);
  EXPECT_EQ(answer.status, 504);
  EXPECT_EQ(error_code(answer), "TIMEOUT");
  EXPECT_TRUE(connection.ended());
}

TEST_F(Sessions, AnswerAMessageUnderWayBeforeTheBrokerStops) {
  const auto token = open_session();
  host.clear_submitted();
  router_answer.later = true;
  auto& connection = connect();
  connection.feed(post("/api/messages", R"({"type":"x"})", bearer(token)));

  connection.shutdown(ShutdownReason::GoingAway, "The broker stops");
  EXPECT_EQ(connection.written(), "");
  connection.reply(host.submitted()[0].correlation, kAck);

  auto written = connection.take_written();
  const auto answer = take_answer(written);
  EXPECT_EQ(answer.status, 200);
  EXPECT_TRUE(answer.closes());
}

TEST_F(Sessions, AnswerEachCodeWithItsStatus) {
  const auto token = open_session();
  struct Case {
    const char* code;
    int status;
  };
  for (const auto& [code, status] :
       {Case{"INVALID_JSON", 400}, Case{"INVALID_MESSAGE_FORMAT", 400}, Case{"UNKNOWN_MESSAGE_TYPE", 400},
        Case{"UNSUPPORTED_CLIENT_TYPE", 400}, Case{"CLIENT_NOT_REGISTERED", 401}, Case{"UNAUTHORIZED", 403},
        Case{"RATE_LIMIT_EXCEEDED", 429}, Case{"REGISTRATION_FAILED", 409}, Case{"OBJECT_SELECTION_FAILED", 422},
        Case{"COORDINATE_UPDATE_FAILED", 422}, Case{"RESOURCE_EXHAUSTED", 429}, Case{"INTERNAL_ERROR", 500}}) {
    router_answer = refused(code);

    const auto answer = ask(post("/api/messages", R"({"type":"x"})", bearer(token)));

    EXPECT_EQ(answer.status, status) << code;
    EXPECT_EQ(answer.body, *router_answer.payload);
    EXPECT_EQ(answer.header("WWW-Authenticate"), status == 401 ? "Bearer" : "") << code;
    EXPECT_EQ(answer.header("Retry-After"), status == 429 ? "1" : "") << code;
    EXPECT_FALSE(answer.closes()) << "the next message is handled as usual";
  }
}

TEST_F(Sessions, AnswerWhatTheRouterDoesNotTake) {
  const auto token = open_session();
  struct Case {
    omnibroker_status from_router;
    int status;
    const char* code;
  };
  for (const auto& [from_router, status, code] :
       {Case{OMNIBROKER_RESOURCE_EXHAUSTED, 429, "RESOURCE_EXHAUSTED"},
        Case{OMNIBROKER_NOT_FOUND, 401, "CLIENT_NOT_REGISTERED"}, Case{OMNIBROKER_UNAVAILABLE, 503, "UNAVAILABLE"},
        Case{OMNIBROKER_INTERNAL, 500, "INTERNAL_ERROR"}}) {
    router_answer.status = from_router;

    const auto to_message = ask(post("/api/messages", R"({"type":"x"})", bearer(token)));
    const auto to_session = ask(post("/api/sessions", kRegister));

    EXPECT_EQ(to_message.status, status);
    EXPECT_EQ(error_code(to_message), code);
    EXPECT_EQ(to_session.status, status);
    EXPECT_EQ(host.session_count(), 1u) << "a session whose first message was not taken must not stay";
  }
}

TEST_F(Sessions, AreOpenedByTheirTokenAlone) {
  const auto token = open_session();
  const auto id = client_id_of(token);
  host.clear_submitted();

  for (const std::string& credentials :
       {std::string(), bearer(""), bearer(id), bearer(id + "."), bearer(id + "." + std::string(64, 'a')),
        bearer(token + "0"), bearer(token.substr(0, token.size() - 1)), "Authorization: Basic " + token + "\r\n",
        "Authorization: " + token + "\r\n", bearer(token) + bearer(token), bearer("." + token.substr(37)),
        "Cookie: token=" + token + "\r\n"}) {
    const auto answer = ask(post("/api/messages", R"({"type":"x"})", credentials));

    EXPECT_EQ(answer.status, 401) << credentials;
    EXPECT_EQ(error_code(answer), "CLIENT_NOT_REGISTERED") << credentials;
    EXPECT_EQ(answer.header("WWW-Authenticate"), "Bearer") << credentials;
  }
  EXPECT_EQ(ask(post("/api/messages?token=" + token, "{}")).status, 401) << "a query is for /events alone";
  EXPECT_TRUE(host.submitted().empty());
}

TEST_F(Sessions, TakeTheSchemeInAnyCase) {
  const auto token = open_session();

  EXPECT_EQ(ask(post("/api/messages", "{}", "authorization: bEARER  " + token + "\r\n")).status, 200);
}

TEST_F(Sessions, EndByDelete) {
  const auto token = open_session();
  const auto path = "DELETE /api/sessions/" + client_id_of(token);

  EXPECT_EQ(ask(head(path, bearer(token))).status, 204);
  EXPECT_EQ(host.session_count(), 0u);
  EXPECT_EQ(ask(head(path, bearer(token))).status, 401);
  EXPECT_EQ(ask(post("/api/messages", "{}", bearer(token))).status, 401);
}

TEST_F(Sessions, AreNotEndedByTheTokenOfAnother) {
  const auto mine = open_session();
  const auto other = open_session();

  const auto answer = ask(head("DELETE /api/sessions/" + client_id_of(other), bearer(mine)));

  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(error_code(answer), "UNAUTHORIZED");
  EXPECT_EQ(host.session_count(), 2u);
}

TEST_F(Sessions, CannotBeReachedByAForgedId) {
  const auto mine = open_session();
  const auto other = open_session();
  const auto forged = client_id_of(other) + mine.substr(mine.find('.'));
  host.clear_submitted();

  ask(post("/api/messages", R"({"type":"x"})", bearer(forged)));

  ASSERT_EQ(host.submitted().size(), 1u);
  EXPECT_EQ(host.submitted()[0].session, 1u) << "the secret alone says whose session it is";
}

}  // namespace
}  // namespace omnibroker::plugins::http
