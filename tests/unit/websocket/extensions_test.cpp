#include "client.hpp"

#include <string>
#include <vector>
#include <websocket/extensions.hpp>

#include <gtest/gtest.h>

namespace omnibroker::plugins::websocket {
namespace {

const std::string kAgreed = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";

class Extensions : public WebSocketTest {
 protected:
  /// The answer to an upgrade with these header lines: the value of its Sec-WebSocket-Extensions, "none", or the whole
  /// answer where it is a refusal.
  std::string agreed(const std::vector<std::string>& lines) {
    if (!component) start({{"compression", "deflate"}});
    std::string request(kRequest);
    for (const auto& line : lines) request += "Sec-WebSocket-Extensions: " + line + "\r\n";
    last = &host.connect(*component, "/ws");
    last->feed(request + "\r\n");
    const auto& response = last->written();
    if (!response.starts_with("HTTP/1.1 101 ")) return response;
    const std::string name = "\r\nSec-WebSocket-Extensions: ";
    const auto at = response.find(name);
    if (at == std::string::npos) return "none";
    EXPECT_EQ(response.find(name, at + 1), std::string::npos) << response;
    return response.substr(at + name.size(), response.find("\r\n", at + 1) - at - name.size());
  }

  FakeConnection* last = nullptr;
};

TEST_F(Extensions, AreNotSpokenUnlessTurnedOn) {
  start();

  EXPECT_EQ(agreed({"permessage-deflate"}), "none");
  EXPECT_EQ(last->variant(), 0u);
  EXPECT_EQ(host.metric("websocket_compression_agreed_total"), 0);
}

TEST_F(Extensions, AgreeToCompressionWithoutContext) {
  EXPECT_EQ(agreed({"permessage-deflate"}), kAgreed);
  EXPECT_EQ(last->variant(), 15u);
  EXPECT_EQ(agreed({"permessage-deflate; client_max_window_bits"}), kAgreed) << "browsers";
  EXPECT_EQ(agreed({"permessage-deflate; server_no_context_takeover"}), kAgreed);
  EXPECT_EQ(agreed({"permessage-deflate;client_no_context_takeover"}), kAgreed);
  EXPECT_EQ(agreed({"permessage-deflate; client_max_window_bits=9"}), kAgreed);
  EXPECT_EQ(agreed({"permessage-deflate; client_max_window_bits=8"}), kAgreed) << "what it sends is read all the same";
  EXPECT_EQ(host.metric("websocket_compression_agreed_total"), 6);
}

TEST_F(Extensions, KeepWithinTheWindowThatIsAskedFor) {
  for (unsigned bits = 9; bits <= 15; ++bits) {
    const auto asked = "; server_max_window_bits=" + std::to_string(bits);
    EXPECT_EQ(agreed({"permessage-deflate" + asked}), kAgreed + asked);
    EXPECT_EQ(last->variant(), bits);
  }
}

TEST_F(Extensions, AreReadInEveryForm) {
  const auto twelve = kAgreed + "; server_max_window_bits=12";
  EXPECT_EQ(agreed({"permessage-deflate; server_max_window_bits=\"12\""}), twelve);
  EXPECT_EQ(agreed({"permessage-deflate; server_max_window_bits=\"1\\2\""}), twelve) << "an escape";
  EXPECT_EQ(agreed({"permessage-deflate\t ;\tserver_max_window_bits = 12 "}), twelve);
  EXPECT_EQ(agreed({",, permessage-deflate ,"}), kAgreed) << "empty places in a list";
  EXPECT_EQ(agreed({""}), "none");
  EXPECT_EQ(agreed({"", "permessage-deflate"}), kAgreed);
}

TEST_F(Extensions, TakeTheFirstOfferThatCanBe) {
  const auto ten = kAgreed + "; server_max_window_bits=10";
  EXPECT_EQ(agreed({"permessage-deflate; server_max_window_bits=10, permessage-deflate"}), ten);
  EXPECT_EQ(agreed({"permessage-deflate", "permessage-deflate; server_max_window_bits=10"}), kAgreed);
  EXPECT_EQ(agreed({"permessage-bzip2, x-webkit-deflate-frame; a=\"b\"", "permessage-deflate"}), kAgreed);
  EXPECT_EQ(agreed({"permessage-deflate; server_max_window_bits=8, permessage-deflate; server_max_window_bits=10"}),
            ten);
  EXPECT_EQ(agreed({"permessage-deflate; unknown; server_max_window_bits=9",
                    "permessage-deflate; unknown=1, permessage-deflate"}),
            kAgreed);
}

TEST_F(Extensions, DeclineAnOfferThatCannotBe) {
  for (const std::string parameters : {"server_max_window_bits=8",
                                       "server_max_window_bits",
                                       "server_max_window_bits=7",
                                       "server_max_window_bits=16",
                                       "server_max_window_bits=09",
                                       "server_max_window_bits=+9",
                                       "server_max_window_bits=1e1",
                                       "server_max_window_bits=abc",
                                       "server_max_window_bits=4294967305",
                                       "client_max_window_bits=7",
                                       "client_max_window_bits=16",
                                       "client_max_window_bits=010",
                                       "client_max_window_bits=x",
                                       "server_no_context_takeover=1",
                                       "client_no_context_takeover=true",
                                       "unknown",
                                       "unknown=1",
                                       "Server_No_Context_Takeover",
                                       "server_no_context_takeover; server_no_context_takeover",
                                       "client_no_context_takeover; client_no_context_takeover",
                                       "server_max_window_bits=10; server_max_window_bits=10",
                                       "client_max_window_bits; client_max_window_bits=10"}) {
    EXPECT_EQ(agreed({"permessage-deflate; " + parameters}), "none") << parameters;
    EXPECT_TRUE(last->open()) << "the handshake goes on";
    EXPECT_EQ(last->variant(), 0u);
    EXPECT_EQ(agreed({"permessage-deflate; " + parameters + ", permessage-deflate"}), kAgreed) << parameters;
  }
  EXPECT_EQ(agreed({"Permessage-Deflate"}), "none") << "names are compared exactly";
}

TEST_F(Extensions, MustBeAList) {
  for (const std::string line :
       {"permessage-deflate; =1", "permessage-deflate;", "permessage-deflate; server_max_window_bits=",
        "permessage-deflate; server_max_window_bits=\"12", "permessage-deflate; server_max_window_bits=\"12\\",
        "permessage-deflate; server_max_window_bits=\"1 2\"", "permessage-deflate; server_max_window_bits=\"\"",
        "permessage deflate", "=", "; x", "\"permessage-deflate\"", "permessage-deflate, @"}) {
    const auto response = agreed({line});
    EXPECT_TRUE(response.starts_with("HTTP/1.1 400 Bad Request\r\n")) << line << ": " << response;
    EXPECT_TRUE(response.ends_with("\r\n\r\nThe Sec-WebSocket-Extensions header must be a list of extensions.\n"));
    EXPECT_TRUE(last->ended());
    EXPECT_EQ(host.session_count(), 0u + host.metric("websocket_handshakes_total"));
  }
}

}  // namespace
}  // namespace omnibroker::plugins::websocket
