#pragma once

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <omnibroker/plugin.hpp>
#include <omnibroker/testing/component_under_test.hpp>
#include <omnibroker/testing/fake_host.hpp>

namespace omnibroker::plugins::http {

inline constexpr std::string_view kAck = R"({"type":"ack","original_type":"client_register","status":"success"})";
inline constexpr std::string_view kRegister = R"({"type":"client_register","client_type":"web_ui"})";

/// One HTTP answer, taken apart.
struct Answer {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  std::string header(std::string_view name) const {
    for (const auto& [key, value] : headers) {
      if (Request::equal_ignoring_case(key, name)) return value;
    }
    return {};
  }
  bool has(std::string_view name) const { return !header(name).empty(); }
  bool closes() const { return header("Connection") == "close"; }
};

/// Takes the first answer off `bytes`. Without a length its body is the rest, as on a stream. `to_head`: the answer has
/// no body, whatever its length says.
inline Answer take_answer(std::string& bytes, bool to_head = false) {
  Answer answer;
  const auto end = bytes.find("\r\n\r\n");
  if (!bytes.starts_with("HTTP/1.1 ") || end == std::string::npos) {
    ADD_FAILURE() << "no answer in: " << bytes;
    bytes.clear();
    return answer;
  }
  answer.status = std::atoi(bytes.c_str() + 9);
  for (auto at = bytes.find("\r\n") + 2; at < end + 2;) {
    const auto stop = bytes.find("\r\n", at);
    const auto colon = bytes.find(": ", at);
    answer.headers.emplace_back(bytes.substr(at, colon - at), bytes.substr(colon + 2, stop - colon - 2));
    at = stop + 2;
  }
  bytes.erase(0, end + 4);
  if (to_head || answer.status == 204 || answer.status == 100) return answer;
  const auto length = answer.has("Content-Length") ? std::stoul(answer.header("Content-Length")) : bytes.size();
  EXPECT_LE(length, bytes.size()) << "the body is shorter than its length";
  answer.body = bytes.substr(0, length);
  bytes.erase(0, std::min(length, bytes.size()));
  return answer;
}

/// The transport on a host of memory, mounted where the gateway has it.
class Gateway : public ::testing::Test {
 protected:
  void bring_up(testing::Options options = {}) {
    host.set_limit("max_body", 1024);
    host.on_submit([this](const testing::Submitted&) { return router_answer; });
    router_answer.payload = std::string(kAck);
    transport = std::make_unique<testing::ComponentUnderTest>(host, *omnibroker_plugin_entry_v1(), "http", options);
    const auto up = transport->bring_up();
    ASSERT_TRUE(up) << up.error().message;
  }
  void SetUp() override { bring_up(); }
  void TearDown() override {
    EXPECT_EQ(host.violations(), std::vector<std::string>{});
    for (const auto& line : host.log()) EXPECT_NE(line.sentence, "Plugin threw an exception") << line.field("what");
  }

  testing::FakeConnection& connect() { return host.connect(*transport, "/api"); }

  /// `line`: `GET /api/health`. Headers end in CR LF each.
  static std::string head(std::string_view line, std::string_view headers = {}) {
    return std::string(line) + " HTTP/1.1\r\nHost: gateway\r\n" + std::string(headers) + "\r\n";
  }
  static std::string post(std::string_view path, std::string_view body, std::string headers = {}) {
    headers += "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
    return head("POST " + std::string(path), headers) + std::string(body);
  }
  static std::string bearer(std::string_view token) { return "Authorization: Bearer " + std::string(token) + "\r\n"; }

  /// Sends one request on a connection of its own, and takes the one answer.
  Answer ask(std::string_view request) {
    auto& connection = connect();
    connection.feed(request);
    auto written = connection.take_written();
    auto answer = take_answer(written, request.starts_with("HEAD "));
    EXPECT_EQ(written, "") << "more than one answer";
    return answer;
  }
  Answer get(std::string_view path, std::string_view headers = {}) {
    return ask(head("GET " + std::string(path), headers));
  }

  /// The token of a new session.
  std::string open_session() {
    const auto answer = ask(post("/api/sessions", kRegister));
    EXPECT_EQ(answer.status, 201) << answer.body;
    const auto at = answer.body.find(R"("token":")") + 9;
    return answer.body.substr(at, answer.body.find('"', at) - at);
  }

  static std::string error_code(const Answer& answer) {
    constexpr std::string_view start = R"({"type":"error","error_code":")";
    if (!answer.body.starts_with(start)) return "not an error: " + answer.body;
    return answer.body.substr(start.size(), answer.body.find('"', start.size()) - start.size());
  }

  testing::FakeHost host{"transports.rest"};
  testing::RouterAnswer router_answer;
  std::unique_ptr<testing::ComponentUnderTest> transport;
};

}  // namespace omnibroker::plugins::http
