// POCO's WebSocket client against a broker: poco_client PORT. Exits with 0 where all went as RFC 6455 says.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>

#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/WebSocket.h>

namespace {

using Poco::Net::WebSocket;

const std::string kRegister = R"({"type":"client_register","client_type":"web_ui"})";
const std::string kAck = R"({"type":"ack","original_type":"client_register","status":"success"})";

// The flags are of several enumerations, which C++20 does not like to see joined.
constexpr int kFinal = WebSocket::FRAME_FLAG_FIN;
constexpr int kPing = kFinal | int{WebSocket::FRAME_OP_PING};
constexpr int kLastFragment = kFinal | int{WebSocket::FRAME_OP_CONT};

struct Received {
  int opcode = 0;
  bool fin = false;
  std::string payload;
};

void require(bool holds, const std::string& what) {
  if (!holds) throw std::runtime_error(what);
}

class Client {
 public:
  explicit Client(Poco::UInt16 port) : session_("127.0.0.1", port), request_("GET", "/ws", "HTTP/1.1") {
    socket_ = std::make_unique<WebSocket>(session_, request_, response_);
    socket_->setReceiveTimeout(Poco::Timespan(20, 0));
  }

  void send(const std::string& payload, int flags) {
    socket_->sendFrame(payload.data(), static_cast<int>(payload.size()), flags);
  }
  Received receive() {
    char buffer[4096];
    int flags = 0;
    const int size = socket_->receiveFrame(buffer, sizeof(buffer), flags);
    return {flags & WebSocket::FRAME_OP_BITMASK, (flags & WebSocket::FRAME_FLAG_FIN) != 0,
            std::string(buffer, static_cast<std::size_t>(std::max(size, 0)))};
  }
  void expect(int opcode, const std::string& payload, const char* what) {
    const auto got = receive();
    require(got.opcode == opcode && got.fin && got.payload == payload, std::string(what) + ": " + got.payload);
  }
  WebSocket& socket() { return *socket_; }
  const Poco::Net::HTTPResponse& response() const { return response_; }

 private:
  Poco::Net::HTTPClientSession session_;
  Poco::Net::HTTPRequest request_;
  Poco::Net::HTTPResponse response_;
  std::unique_ptr<WebSocket> socket_;
};

void talk(Poco::UInt16 port) {
  Client client(port);
  require(client.response().getStatus() == 101, "upgraded");
  require(client.response().get("X-Client-Id").size() == 36, "a client id");

  client.send(kRegister, WebSocket::FRAME_TEXT);
  client.expect(WebSocket::FRAME_OP_TEXT, kAck, "the ack");

  client.send("are you there", kPing);
  client.expect(WebSocket::FRAME_OP_PONG, "are you there", "the pong");

  client.send(kRegister.substr(0, 9), WebSocket::FRAME_OP_TEXT);
  client.send("between", kPing);
  client.send(kRegister.substr(9), kLastFragment);
  client.expect(WebSocket::FRAME_OP_PONG, "between", "the pong between fragments");
  client.expect(WebSocket::FRAME_OP_TEXT, kAck, "the ack of fragments");

  client.socket().shutdown(WebSocket::WS_NORMAL_CLOSE);
  client.expect(WebSocket::FRAME_OP_CLOSE, "\x03\xE8", "the close frame");
  require(client.receive().payload.empty(), "the end");
}

void be_refused(Poco::UInt16 port) {
  Client client(port);
  client.send("\xFF", WebSocket::FRAME_TEXT);
  const auto got = client.receive();
  require(got.opcode == WebSocket::FRAME_OP_CLOSE && got.payload.substr(0, 2) == "\x03\xEF", "closed with 1007");
}

}  // namespace

int main(int argc, char** argv) {
  try {
    require(argc == 2, "usage: poco_client PORT");
    const auto port = static_cast<Poco::UInt16>(std::atoi(argv[1]));
    talk(port);
    be_refused(port);
    std::puts("ok");
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "poco_client: %s\n", error.what());
    return 1;
  }
}
