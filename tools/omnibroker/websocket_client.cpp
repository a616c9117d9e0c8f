#include "websocket_client.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <poll.h>
#include <utility>

#include <Poco/Buffer.h>
#include <Poco/Exception.h>
#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/HTTPSClientSession.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/WebSocket.h>
#include <Poco/URI.h>

namespace omnibroker::tools {
namespace {

using Poco::Net::WebSocket;

constexpr int kCloseFrame = int{WebSocket::FRAME_FLAG_FIN} | int{WebSocket::FRAME_OP_CLOSE};
constexpr int kPongFrame = int{WebSocket::FRAME_FLAG_FIN} | int{WebSocket::FRAME_OP_PONG};
constexpr int kLargestMessage = 64 * 1024 * 1024;
const Poco::Timespan kConnectTimeout(5, 0);
const Poco::Timespan kStallTimeout(10, 0);  // within a frame that has begun, or while the other side takes nothing

Error lost(std::string reason) { return {ErrorCode::Closed, std::move(reason)}; }

std::unique_ptr<Poco::Net::HTTPClientSession> make_session(const Poco::URI& uri, const ClientTarget& target) {
  using Poco::Net::Context;
  if (uri.getScheme() != "wss") {
    return std::make_unique<Poco::Net::HTTPClientSession>(uri.getHost(), uri.getPort() == 0 ? 80 : uri.getPort());
  }
  Context::Params parameters;
  parameters.caLocation = target.authorities;
  parameters.verificationMode = Context::VERIFY_STRICT;
  parameters.loadDefaultCAs = target.authorities.empty();
  Context::Ptr context = new Context(Context::TLS_CLIENT_USE, parameters);
  return std::make_unique<Poco::Net::HTTPSClientSession>(uri.getHost(), uri.getPort() == 0 ? 443 : uri.getPort(),
                                                         context);
}

std::string close_reason(const Poco::Buffer<char>& payload) {
  if (payload.size() < 2) return "the broker closed the connection";
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(payload[i]); };
  const std::string code = std::to_string(byte(0) << 8 | byte(1));
  const std::string text(payload.begin() + 2, payload.size() - 2);
  return "the broker closed the connection with " + code + (text.empty() ? "" : ": " + text);
}

}  // namespace

struct WebSocketClient::Connection {
  Connection(std::unique_ptr<Poco::Net::HTTPClientSession> opened, Poco::Net::HTTPRequest& request)
      : session(std::move(opened)), socket(*session, request, response) {
    socket.setReceiveTimeout(kStallTimeout);
    socket.setSendTimeout(kStallTimeout);
    socket.setNoDelay(true);
    socket.setMaxPayloadSize(kLargestMessage);
  }

  std::unique_ptr<Poco::Net::HTTPClientSession> session;
  Poco::Net::HTTPResponse response;
  WebSocket socket;
  std::string fragments;
  bool ended = false;
};

Result<std::unique_ptr<WebSocketClient>> WebSocketClient::connect(const ClientTarget& target) {
  const auto fail = [&](const std::string& reason) {
    return Error{ErrorCode::Unavailable, "No connection to " + target.url + ": " + reason};
  };
  try {
    const Poco::URI uri(target.url);
    if ((uri.getScheme() != "ws" && uri.getScheme() != "wss") || uri.getHost().empty()) {
      return Error{ErrorCode::InvalidArgument, "A URL begins with ws:// or wss:// and names a host, not " + target.url};
    }
    auto session = make_session(uri, target);
    session->setTimeout(kConnectTimeout);
    const auto path = uri.getPathAndQuery().empty() ? "/" : uri.getPathAndQuery();
    Poco::Net::HTTPRequest request(Poco::Net::HTTPRequest::HTTP_GET, path, Poco::Net::HTTPMessage::HTTP_1_1);
    auto connection = std::make_unique<Connection>(std::move(session), request);
    return std::unique_ptr<WebSocketClient>(new WebSocketClient(std::move(connection)));
  } catch (const Poco::SyntaxException&) {
    return Error{ErrorCode::InvalidArgument, "This is not a URL: " + target.url};
  } catch (const Poco::Net::ConnectionRefusedException&) {
    return fail("nobody listens there");
  } catch (const Poco::TimeoutException&) {
    return fail("no answer in time");
  } catch (const Poco::Exception& failure) {
    return fail(failure.displayText());
  }
}

WebSocketClient::WebSocketClient(std::unique_ptr<Connection> connection) : connection_(std::move(connection)) {}
WebSocketClient::~WebSocketClient() = default;

Status WebSocketClient::send(const std::string& text) {
  try {
    connection_->socket.sendFrame(text.data(), static_cast<int>(text.size()), WebSocket::FRAME_TEXT);
    return {};
  } catch (const Poco::TimeoutException&) {
    return lost("the broker does not read");
  } catch (const Poco::Exception& failure) {
    return lost(failure.displayText());
  }
}

bool WebSocketClient::wait(std::chrono::milliseconds longest, int other) {
  // What was read behind the handshake, or by the TLS layer, is no longer in the socket.
  if (connection_->ended || connection_->socket.available() > 0) return true;
  std::array<pollfd, 2> watched = {{{connection_->socket.impl()->sockfd(), POLLIN, 0}, {other, POLLIN, 0}}};
  const int timeout = static_cast<int>(std::clamp<std::int64_t>(longest.count(), 0, 3'600'000));
  const int ready = ::poll(watched.data(), other < 0 ? 1 : 2, timeout);
  return ready > 0 && watched[0].revents != 0;
}

Result<std::optional<std::string>> WebSocketClient::receive() {
  auto& connection = *connection_;
  try {
    Poco::Buffer<char> payload(0);
    int flags = 0;
    const int size = connection.socket.receiveFrame(payload, flags);
    const int opcode = flags & WebSocket::FRAME_OP_BITMASK;
    if (size <= 0 && flags == 0) {
      connection.ended = true;
      return lost("the broker ended the connection without a close frame");
    }
    if (opcode == WebSocket::FRAME_OP_CLOSE) {
      if (!std::exchange(connection.ended, true)) {
        connection.socket.sendFrame(payload.begin(), static_cast<int>(std::min<std::size_t>(payload.size(), 2)),
                                    kCloseFrame);
      }
      return lost(close_reason(payload));
    }
    if (opcode == WebSocket::FRAME_OP_PING) {
      connection.socket.sendFrame(payload.begin(), static_cast<int>(payload.size()), kPongFrame);
      return std::optional<std::string>();
    }
    if (opcode == WebSocket::FRAME_OP_PONG) return std::optional<std::string>();

    connection.fragments.append(payload.begin(), payload.size());
    if ((flags & WebSocket::FRAME_FLAG_FIN) == 0) return std::optional<std::string>();
    return std::optional<std::string>(std::exchange(connection.fragments, {}));
  } catch (const Poco::TimeoutException&) {
    connection.ended = true;
    return lost("the broker fell silent within a message");
  } catch (const Poco::Exception& failure) {
    connection.ended = true;
    return lost(failure.displayText());
  }
}

void WebSocketClient::close() {
  auto& connection = *connection_;
  if (connection.ended) return;
  try {
    connection.socket.shutdown();
    connection.ended = true;  // its own close frame need not be answered
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    for (;;) {
      const auto left = deadline - std::chrono::steady_clock::now();
      if (left <= left.zero()) return;
      if (!connection.socket.poll(Poco::Timespan(std::chrono::duration_cast<std::chrono::microseconds>(left).count()),
                                  Poco::Net::Socket::SELECT_READ)) {
        return;
      }
      if (!receive()) return;
    }
  } catch (const Poco::Exception&) {  // it is being left anyway
  }
}

}  // namespace omnibroker::tools
