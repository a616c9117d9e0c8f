#include "gateway.hpp"

namespace omnibroker::plugins::http {
namespace {

class CrossOrigin : public Gateway {
 protected:
  static constexpr const char* kPreflight =
      "Origin: https://map.example.com\r\nAccess-Control-Request-Method: POST\r\n"
      "Access-Control-Request-Headers: content-type\r\n";
};

TEST_F(CrossOrigin, IsOpenToEveryPageByDefault) {
  for (const auto* path : {"/api/health", "/api/nothing"}) {
    const auto answer = get(path, "Origin: https://anywhere.example\r\n");

    EXPECT_EQ(answer.header("Access-Control-Allow-Origin"), "*") << path;
    EXPECT_FALSE(answer.has("Vary")) << path;
  }
}

TEST_F(CrossOrigin, AnswersThePreflightOfEachPath) {
  struct Case {
    const char* path;
    const char* methods;
  };
  for (const auto& [path, methods] : {Case{"/api/health", "GET, HEAD, OPTIONS"}, Case{"/api/messages", "POST, OPTIONS"},
                                      Case{"/api/sessions/x", "DELETE, OPTIONS"}}) {
    const auto answer = ask(head("OPTIONS " + std::string(path), kPreflight));

    EXPECT_EQ(answer.status, 204) << path;
    EXPECT_EQ(answer.header("Access-Control-Allow-Origin"), "*") << path;
    EXPECT_EQ(answer.header("Access-Control-Allow-Methods"), methods) << path;
    EXPECT_EQ(answer.header("Access-Control-Allow-Headers"), "Authorization, Content-Type, Last-Event-ID") << path;
    EXPECT_EQ(answer.header("Access-Control-Max-Age"), "600") << path;
    EXPECT_EQ(answer.header("Allow"), methods) << path;
    EXPECT_FALSE(answer.closes()) << path;
  }
  EXPECT_EQ(ask(head("OPTIONS /api/nothing", kPreflight)).status, 404);
}

TEST_F(CrossOrigin, AnswersOptionsThatAreNoPreflight) {
  const auto answer = ask(head("OPTIONS /api/events"));

  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.header("Allow"), "GET, HEAD, OPTIONS");
  EXPECT_FALSE(answer.has("Access-Control-Allow-Methods"));
}

class ClosedOrigins : public CrossOrigin {
 protected:
  void SetUp() override { bring_up({{"allowed_origins", R"(["https://map.example.com", "http://localhost:3000"])"}}); }
};

TEST_F(ClosedOrigins, LetListedPagesIn) {
  const auto answer = get("/api/health", "Origin: http://localhost:3000\r\n");
  EXPECT_EQ(answer.header("Access-Control-Allow-Origin"), "http://localhost:3000");
  EXPECT_EQ(answer.header("Vary"), "Origin");

  const auto preflight = ask(head("OPTIONS /api/sessions", kPreflight));
  EXPECT_EQ(preflight.header("Access-Control-Allow-Origin"), "https://map.example.com");
  EXPECT_EQ(preflight.header("Access-Control-Allow-Methods"), "POST, OPTIONS");
}

TEST_F(ClosedOrigins, TellOtherPagesNothing) {
  for (const auto* origin : {"https://evil.example", "https://map.example.com.evil.example", "https://map.example.co",
                             "http://map.example.com", "null"}) {
    const auto header = "Origin: " + std::string(origin) + "\r\n";
    const auto answer = get("/api/health", header);
    EXPECT_FALSE(answer.has("Access-Control-Allow-Origin")) << origin;
    EXPECT_EQ(answer.header("Vary"), "Origin") << origin;

    const auto preflight = ask(head("OPTIONS /api/sessions", header + "Access-Control-Request-Method: POST\r\n"));
    EXPECT_EQ(preflight.status, 204) << origin;
    EXPECT_FALSE(preflight.has("Access-Control-Allow-Origin")) << origin;
    EXPECT_FALSE(preflight.has("Access-Control-Allow-Methods")) << origin;
  }
}

TEST_F(ClosedOrigins, LetOtherPagesChangeNothing) {
  const std::string evil = "Origin: https://evil.example\r\n";
  const auto token = open_session();
  host.clear_submitted();

  for (const auto& request : {post("/api/sessions", kRegister, evil), post("/api/messages", "{}", evil + bearer(token)),
                              head("DELETE /api/sessions/" + token.substr(0, 36), evil + bearer(token))}) {
    const auto answer = ask(request);

    EXPECT_EQ(answer.status, 403) << request;
    EXPECT_EQ(error_code(answer), "FORBIDDEN") << request;
  }
  EXPECT_TRUE(host.submitted().empty());
  EXPECT_EQ(host.session_count(), 1u);
}

TEST_F(ClosedOrigins, DoNotConcernProgramsThatAreNoPages) {
  EXPECT_EQ(ask(post("/api/sessions", kRegister)).status, 201);
}

TEST_F(ClosedOrigins, AreOpenedInPlace) {
  ASSERT_EQ(transport->reconfigure({{"allowed_origins", "[\"*\"]"}}), OMNIBROKER_APPLIED);

  EXPECT_EQ(ask(post("/api/sessions", kRegister, "Origin: https://evil.example\r\n")).status, 201);
}

}  // namespace
}  // namespace omnibroker::plugins::http
