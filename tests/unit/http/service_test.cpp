#include "gateway.hpp"

namespace omnibroker::plugins::http {
namespace {

class Service : public Gateway {};

TEST_F(Service, AnswersHealthAsTheContractHasIt) {
  const auto answer = get("/api/health");

  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Content-Type"), "application/json");
  EXPECT_EQ(answer.body, R"({"status":"healthy","service":"Omni Web Gateway","version":"1.0.0"})");
}

TEST_F(Service, AnswersStatusAsTheContractHasIt) {
  host.set_role_count("omniverse_extension", 1);
  host.set_role_count("web_ui", 1);
  open_session();
  open_session();
  open_session();

  EXPECT_EQ(get("/api/status").body,
            R"({"status":"running","clients":{"total":3,"registered":2,"omniverse_clients":1,"web_clients":1}})");
}

TEST_F(Service, AnswersMetricsAsText) {
  const auto answer = get("/api/metrics");

  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("Content-Type"), "text/plain; version=0.0.4");
}

TEST_F(Service, CountsRequestsAndRefusals) {
  get("/api/health");
  get("/api/nothing");
  ask(post("/api/sessions", std::string(2000, ' ')));

  EXPECT_EQ(host.metric("http_requests_total"), 3);
  EXPECT_EQ(host.metric("http_client_errors_total"), 2);
  EXPECT_EQ(host.metric("http_over_limit_total"), 1);
  EXPECT_EQ(host.metric("http_server_errors_total"), 0);
}

TEST_F(Service, SendsTheHeadersOfEveryAnswer) {
  const auto answer = get("/api/health");

  EXPECT_EQ(answer.header("Server"), "omnibroker");
  EXPECT_EQ(answer.header("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(answer.header("Cache-Control"), "no-store");
  EXPECT_EQ(answer.header("Date").size(), std::string_view("Sat, 21 Nov 2026 03:05:00 GMT").size());
  EXPECT_FALSE(answer.has("Connection"));
}

TEST_F(Service, AnswersHeadLikeGetWithoutTheBody) {
  for (const std::string path : {"/api/health", "/api/status", "/api/metrics", "/api/openapi.json"}) {
    const auto to_get = get(path);
    const auto to_head = ask(head("HEAD " + path));

    EXPECT_EQ(to_head.status, 200) << path;
    EXPECT_EQ(to_head.body, "") << path;
    EXPECT_EQ(to_head.header("Content-Type"), to_get.header("Content-Type")) << path;
    EXPECT_TRUE(to_head.has("Content-Length")) << path;
    if (path != "/api/metrics") {
      EXPECT_EQ(to_head.header("Content-Length"), to_get.header("Content-Length")) << path;
    }
  }
}

TEST_F(Service, RefusesUnknownPaths) {
  for (const auto* path : {"/api", "/api/", "/api/health/", "/api/Health", "/api/sessions/", "/api/sessions/a/b",
                           "/api/sessions/a/", "/api/events/x", "/api//health"}) {
    const auto answer = get(path);

    EXPECT_EQ(answer.status, 404) << path;
    EXPECT_EQ(error_code(answer), "NOT_FOUND") << path;
    EXPECT_EQ(answer.header("Content-Type"), "application/json") << path;
    EXPECT_FALSE(answer.closes()) << path;
  }
}

TEST_F(Service, RefusesOtherMethodsAndListsTheRightOnes) {
  struct Case {
    const char* line;
    const char* allow;
  };
  for (const auto& [line, allow] :
       {Case{"PUT /api/health", "GET, HEAD, OPTIONS"}, Case{"get /api/health", "GET, HEAD, OPTIONS"},
        Case{"DELETE /api/events", "GET, HEAD, OPTIONS"}, Case{"GET /api/sessions", "POST, OPTIONS"},
        Case{"HEAD /api/messages", "POST, OPTIONS"}, Case{"BREW /api/messages", "POST, OPTIONS"},
        Case{"GET /api/sessions/x", "DELETE, OPTIONS"}}) {
    const auto answer = ask(head(line));

    EXPECT_EQ(answer.status, 405) << line;
    EXPECT_EQ(answer.header("Allow"), allow) << line;
    const bool to_head = std::string_view(line).starts_with("HEAD");
    EXPECT_EQ(to_head ? answer.body : error_code(answer), to_head ? "" : "METHOD_NOT_ALLOWED") << line;
  }
}

TEST_F(Service, KeepsConnectionsAsTheVersionSays) {
  auto& modern = connect();
  modern.feed(head("GET /api/health") + head("GET /api/status") + head("GET /api/health", "Connection: close\r\n"));
  auto written = modern.take_written();
  EXPECT_FALSE(take_answer(written).closes());
  EXPECT_FALSE(take_answer(written).closes());
  EXPECT_TRUE(take_answer(written).closes());
  EXPECT_EQ(modern.stage(), testing::FakeConnection::Stage::ClosedWithFlush);

  auto& old = connect();
  old.feed("GET /api/health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  written = old.take_written();
  EXPECT_EQ(take_answer(written).header("Connection"), "keep-alive");
  old.feed("GET /api/health HTTP/1.0\r\n\r\n");
  written = old.take_written();
  EXPECT_TRUE(take_answer(written).closes());
  EXPECT_TRUE(old.ended());
}

TEST_F(Service, AnswersAHundredPipelinedRequestsInOrder) {
  auto& connection = connect();
  std::string requests;
  for (int i = 0; i < 50; ++i) requests += head("GET /api/health") + post("/api/sessions", kRegister);

  connection.feed_in_pieces(requests, 37);

  auto written = connection.take_written();
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(take_answer(written).status, 200);
    EXPECT_EQ(take_answer(written).status, 201);
  }
  EXPECT_EQ(written, "");
}

TEST_F(Service, ShapesTheHostsOwnRefusals) {
  const auto* table = transport->table<omnibroker_transport_v1>(OMNIBROKER_TRANSPORT);
  std::string type, body;
  table->refusal(transport->self(), 431, text("The head is \"long\""), StringSink(type).get(), StringSink(body).get());

  EXPECT_EQ(type, "application/json");
  EXPECT_EQ(body, R"({"type":"error","error_code":"HEADERS_TOO_LARGE","error_message":"The head is \"long\""})");
}

class ServiceOptions : public Gateway {
 protected:
  void SetUp() override {}
};

TEST_F(ServiceOptions, NameTheServiceAndWhatStatusCounts) {
  bring_up(
      {{"service_name", "\"Fleet \\\"7\\\"\""}, {"service_version", "\"2.1\""}, {"status_roles", "{robots: robot}"}});
  host.set_role_count("robot", 4);

  EXPECT_EQ(get("/api/health").body, R"({"status":"healthy","service":"Fleet \"7\"","version":"2.1"})");
  EXPECT_EQ(get("/api/status").body, R"({"status":"running","clients":{"total":0,"registered":4,"robots":4}})");
}

TEST_F(ServiceOptions, HideTheMetrics) {
  bring_up({{"metrics", "false"}});

  EXPECT_EQ(get("/api/metrics").status, 404);
}

TEST_F(ServiceOptions, AreRefusedWhereTheyContradict) {
  for (const auto& option : {std::pair{"status_roles", "{total: robot}"},
                             {"allowed_origins", "[\"map.example.com\"]"},
                             {"allowed_origins", "[\"https://map.example.com/\"]"}}) {
    testing::ComponentUnderTest refused(host, *omnibroker_plugin_entry_v1(), "http", {{option.first, option.second}});
    const auto up = refused.bring_up();

    ASSERT_FALSE(up) << option.second;
    EXPECT_NE(up.error().message.find(option.first), std::string::npos) << up.error().message;
  }
}

TEST_F(ServiceOptions, ChangeInPlace) {
  bring_up();
  EXPECT_EQ(transport->reconfigure({{"service_name", "other"}, {"metrics", "false"}}), OMNIBROKER_APPLIED);

  EXPECT_EQ(get("/api/health").body, R"({"status":"healthy","service":"other","version":"1.0.0"})");
  EXPECT_EQ(get("/api/metrics").status, 404);
}

}  // namespace
}  // namespace omnibroker::plugins::http
