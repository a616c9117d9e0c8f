#include "client.hpp"

#include <string>
#include <vector>
#include <websocket/handshake.hpp>

#include <gtest/gtest.h>

namespace omnibroker::plugins::websocket {
namespace {

class Handshake : public WebSocketTest {
 protected:
  std::string answer(const std::string& request) {
    if (!component) start();
    auto& connection = host.connect(*component, "/ws");
    connection.feed(request);
    last = &connection;
    return connection.written();
  }
  /// The good request with some text replaced.
  static std::string request(const std::string& from = "", const std::string& to = "") {
    std::string head(kRequest);
    if (!from.empty()) head.replace(head.find(from), from.size(), to);
    return head + "\r\n";
  }

  FakeConnection* last = nullptr;
};

TEST_F(Handshake, AnswersWithTheAcceptKeyAndTheClientId) {
  EXPECT_EQ(answer(request()),
            "HTTP/1.1 101 Switching Protocols\r\n"
            "Upgrade: websocket\r\n"
            "Connection: Upgrade\r\n"
            "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
            "X-Client-Id: 00000000-0000-4000-8000-000000000001\r\n"
            "\r\n");
  EXPECT_TRUE(last->open());
  EXPECT_NE(last->session(), 0u);
  EXPECT_EQ(host.metric("websocket_handshakes_total"), 1);
}

TEST_F(Handshake, TakesTheFormsThatClientsUse) {
  const std::vector<std::string> requests = {
      request("Upgrade: websocket", "Upgrade: WebSocket"),
      request("Connection: Upgrade", "Connection: keep-alive, Upgrade"),
      request("Connection: Upgrade", "connection: keep-alive\r\nCONNECTION: upgrade"),
      request("Connection: Upgrade\r\n", "Connection: Upgrade\r\nContent-Length: 0\r\n"),
      request("Connection: Upgrade\r\n",
              "Connection: Upgrade\r\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"),
      request("Connection: Upgrade\r\n", "Connection: Upgrade\r\nOrigin: https://anywhere.example\r\n"),
      request("/ws", "/ws?token=1"),
  };
  for (const auto& text : requests) {
    const auto response = answer(text);
    EXPECT_TRUE(response.starts_with("HTTP/1.1 101 ")) << text << response;
    EXPECT_EQ(response.find("Sec-WebSocket-Extensions"), std::string::npos);
    EXPECT_EQ(response.find("Sec-WebSocket-Protocol"), std::string::npos);
  }
}

TEST_F(Handshake, SaysWhatIsWrong) {
  struct Case {
    std::string from, to;
    std::string status;
    std::string sentence;
    std::string metric;
  };
  const std::string key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  const std::string version = "Sec-WebSocket-Version: 13\r\n";
  const std::vector<Case> cases = {
      {"GET", "POST", "405 Method Not Allowed", "A WebSocket begins with a GET request.", "method"},
      {"Upgrade: websocket\r\n", "", "426 Upgrade Required",
       "This path speaks WebSocket (RFC 6455); the request's Upgrade header must name websocket.", "request"},
      {"Upgrade: websocket", "Upgrade: h2c", "426 Upgrade Required",
       "This path speaks WebSocket (RFC 6455); the request's Upgrade header must name websocket.", "request"},
      {"Connection: Upgrade\r\n", "", "400 Bad Request", "The Connection header must list Upgrade.", "request"},
      {"Connection: Upgrade", "Connection: keep-alive", "400 Bad Request", "The Connection header must list Upgrade.",
       "request"},
      {"HTTP/1.1", "HTTP/1.0", "400 Bad Request", "A WebSocket needs HTTP/1.1.", "request"},
      {"Host: broker.example\r\n", "", "400 Bad Request", "There must be one Host header.", "request"},
      {"Host: broker.example\r\n", "Host: a\r\nHost: b\r\n", "400 Bad Request", "There must be one Host header.",
       "request"},
      {version, version + "Content-Length: 5\r\n", "400 Bad Request", "An upgrade request must not have a body.",
       "request"},
      {version, version + "Transfer-Encoding: chunked\r\n", "400 Bad Request",
       "An upgrade request must not have a body.", "request"},
      {version, "", "426 Upgrade Required", "Only version 13 of WebSocket is spoken (Sec-WebSocket-Version: 13).",
       "version"},
      {"Version: 13", "Version: 8", "426 Upgrade Required",
       "Only version 13 of WebSocket is spoken (Sec-WebSocket-Version: 13).", "version"},
      {"Version: 13", "Version: 013", "426 Upgrade Required",
       "Only version 13 of WebSocket is spoken (Sec-WebSocket-Version: 13).", "version"},
      {version, version + version, "400 Bad Request", "There must be one Sec-WebSocket-Version header.", "request"},
      {key, "", "400 Bad Request", "There must be one Sec-WebSocket-Key header.", "request"},
      {key, key + key, "400 Bad Request", "There must be one Sec-WebSocket-Key header.", "request"},
      {"dGhlIHNhbXBsZSBub25jZQ==", "", "400 Bad Request", "The Sec-WebSocket-Key header must be 16 bytes in base64.",
       "request"},
      {"dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25j", "400 Bad Request",
       "The Sec-WebSocket-Key header must be 16 bytes in base64.", "request"},
      {"dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZWE=", "400 Bad Request",
       "The Sec-WebSocket-Key header must be 16 bytes in base64.", "request"},
      {"dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25j!Q==", "400 Bad Request",
       "The Sec-WebSocket-Key header must be 16 bytes in base64.", "request"},
      {version, version + "Origin: https://a.example\r\nOrigin: https://b.example\r\n", "400 Bad Request",
       "There must be one Origin header at most.", "request"},
      {version, version + "Sec-WebSocket-Protocol: a b\r\n", "400 Bad Request",
       "The Sec-WebSocket-Protocol header must be a list of names.", "request"},
  };
  for (const auto& [from, to, status, sentence, metric] : cases) {
    SCOPED_TRACE(status + ": " + sentence);
    const auto before = host.metric("websocket_refused_" + metric + "_total");

    const auto response = answer(request(from, to));

    EXPECT_TRUE(response.starts_with("HTTP/1.1 " + status + "\r\n")) << response;
    EXPECT_TRUE(response.ends_with("\r\n\r\n" + sentence + "\n")) << response;
    EXPECT_NE(response.find("\r\nContent-Length: " + std::to_string(sentence.size() + 1) + "\r\n"), std::string::npos);
    EXPECT_NE(response.find("\r\nContent-Type: text/plain; charset=utf-8\r\n"), std::string::npos);
    EXPECT_EQ(response.find("\r\nSec-WebSocket-Version: 13\r\n") != std::string::npos, status.starts_with("426"));
    EXPECT_EQ(response.find("\r\nAllow: GET\r\n") != std::string::npos, status.starts_with("405"));
    EXPECT_EQ(last->stage(), FakeConnection::Stage::ClosedWithFlush);
    EXPECT_EQ(host.session_count(), 0u);
    EXPECT_EQ(host.metric("websocket_refused_" + metric + "_total"), before + 1);
  }
}

TEST_F(Handshake, RefusesHeadWithoutABody) {
  const auto response = answer(request("GET", "HEAD"));

  EXPECT_TRUE(response.starts_with("HTTP/1.1 405 ")) << response;
  EXPECT_TRUE(response.ends_with("\r\n\r\n")) << response;
}

TEST_F(Handshake, LetsListedOriginsIn) {
  start({{"allowed_origins", "[https://maps.example, \"http://localhost:5173\"]"}});
  const auto with = [this](const std::string& origin) {
    return answer(request("Connection: Upgrade\r\n", "Connection: Upgrade\r\nOrigin: " + origin + "\r\n"));
  };

  EXPECT_TRUE(with("https://maps.example").starts_with("HTTP/1.1 101 "));
  EXPECT_TRUE(with("HTTPS://Maps.Example").starts_with("HTTP/1.1 101 "));
  EXPECT_TRUE(with("http://localhost:5173").starts_with("HTTP/1.1 101 "));
  EXPECT_TRUE(answer(request()).starts_with("HTTP/1.1 101 ")) << "a program that is no browser sends no Origin";
  for (const char* origin : {"http://maps.example", "https://maps.example:8443", "https://maps.example.evil.example",
                             "https://evil.example", "null"}) {
    const auto response = with(origin);
    EXPECT_TRUE(response.starts_with("HTTP/1.1 403 Forbidden\r\n")) << origin;
    EXPECT_TRUE(response.ends_with("\r\n\r\nPages of this origin may not connect here.\n"));
  }
  EXPECT_EQ(host.metric("websocket_refused_origin_total"), 5);
}

TEST_F(Handshake, AgreesToThePreferredSubprotocol) {
  start({{"subprotocols", "[maps.v2, maps.v1]"}});
  const auto agreed = [this](const std::string& offered) {
    const auto response = answer(request("Connection: Upgrade\r\n", "Connection: Upgrade\r\n" + offered));
    const std::string name = "Sec-WebSocket-Protocol: ";
    const auto at = response.find(name);
    EXPECT_TRUE(response.starts_with("HTTP/1.1 101 ")) << response;
    if (at == std::string::npos) return std::string("none");
    return response.substr(at + name.size(), response.find("\r\n", at) - at - name.size());
  };

  EXPECT_EQ(agreed("Sec-WebSocket-Protocol: maps.v1\r\n"), "maps.v1");
  EXPECT_EQ(agreed("Sec-WebSocket-Protocol: maps.v1, maps.v2\r\n"), "maps.v2");
  EXPECT_EQ(agreed("Sec-WebSocket-Protocol: maps.v1\r\nSec-WebSocket-Protocol: other,maps.v2\r\n"), "maps.v2");
  EXPECT_EQ(agreed("Sec-WebSocket-Protocol: MAPS.V1\r\n"), "none") << "names are compared exactly";
  EXPECT_EQ(agreed("Sec-WebSocket-Protocol: other\r\n"), "none");
  EXPECT_EQ(agreed(""), "none");
}

TEST_F(Handshake, TellsTheBrokerWhatWasAgreed) {
  start({{"subprotocols", "[omnibroker.v1]"}});
  const auto with = [](const std::string& more) {
    return request("Connection: Upgrade\r\n", "Connection: Upgrade\r\n" + more);
  };

  static_cast<void>(answer(with("Sec-WebSocket-Protocol: other, omnibroker.v1\r\n")));
  EXPECT_EQ(last->agreed(), "omnibroker.v1");
  static_cast<void>(answer(with("Sec-WebSocket-Protocol: other\r\n")));
  EXPECT_EQ(last->agreed(), "");
  static_cast<void>(answer(with("")));
  EXPECT_EQ(last->agreed(), "");
}

TEST_F(Handshake, RefusesWhenNoSessionIsToBeHad) {
  start();
  host.refuse_sessions("the limit of 2 sessions is reached");

  const auto response = answer(request());

  EXPECT_TRUE(response.starts_with("HTTP/1.1 503 Service Unavailable\r\n")) << response;
  EXPECT_TRUE(response.ends_with("\r\n\r\nNo more clients can connect now: the limit of 2 sessions is reached.\n"));
  EXPECT_TRUE(last->ended());
  EXPECT_EQ(host.metric("websocket_refused_sessions_total"), 1);
}

TEST_F(Handshake, LosesNoFrameThatCameWithTheRequest) {
  start();
  auto& connection = host.connect(*component, "/ws");

  connection.feed(request() + text_frame("first") + text_frame("sec").substr(0, 7));
  connection.feed(text_frame("sec").substr(7));

  EXPECT_EQ(payloads(), (std::vector<std::string>{"first", "sec"}));
}

TEST_F(Handshake, WorksByteByByte) {
  start();
  auto& connection = host.connect(*component, "/ws");

  connection.feed_byte_by_byte(request() + text_frame("first"));

  EXPECT_TRUE(connection.written().starts_with("HTTP/1.1 101 "));
  EXPECT_EQ(payloads(), std::vector<std::string>{"first"});
}

TEST_F(Handshake, ChecksItsOptions) {
  for (const auto& [name, value] : Options{{"allowed_origins", "[https://maps.example/]"},
                                           {"allowed_origins", "[maps.example]"},
                                           {"subprotocols", "[\"a b\"]"},
                                           {"close_timeout", "off"}}) {
    ComponentUnderTest other(host, *omnibroker_plugin_entry_v1(), "websocket", {{name, value}});
    const auto status = other.bring_up();
    ASSERT_FALSE(status) << name << ": " << value;
    EXPECT_TRUE(status.error().message.starts_with(name)) << status.error().message;
  }
}

}  // namespace
}  // namespace omnibroker::plugins::websocket
