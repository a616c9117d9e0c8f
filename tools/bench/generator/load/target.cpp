#include "target.hpp"

#include <algorithm>
#include <cctype>
#include <random>
#include <sstream>
#include <sys/socket.h>
#include <unistd.h>

#include <Poco/Base64Encoder.h>
#include <Poco/Exception.h>
#include <Poco/Net/DNS.h>
#include <Poco/Net/HostEntry.h>
#include <Poco/Net/SocketAddress.h>
#include <Poco/SHA1Engine.h>
#include <Poco/URI.h>

namespace omnibroker::load {
namespace {

std::string base64(const std::string& bytes) {
  std::ostringstream out;
  Poco::Base64Encoder encoder(out);
  encoder.rdbuf()->setLineLength(0);
  encoder << bytes;
  encoder.close();
  return out.str();
}

std::string fresh_key() {
  std::random_device random;
  std::string bytes(16, '\0');
  for (auto& byte : bytes) byte = static_cast<char>(random() & 0xff);
  return base64(bytes);
}

bool somebody_listens(const Poco::Net::SocketAddress& address) {
  const int descriptor = ::socket(address.af(), SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return false;
  const bool connected = ::connect(descriptor, address.addr(), address.length()) == 0;
  ::close(descriptor);
  return connected;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

}  // namespace

std::string accept_for(const std::string& key) {
  Poco::SHA1Engine engine;
  engine.update(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
  const auto digest = engine.digest();
  return base64({digest.begin(), digest.end()});
}

Result<Target> Target::find(const std::string& url) {
  try {
    const Poco::URI uri(url);
    if (uri.getScheme() == "wss") {
      return Error{ErrorCode::InvalidArgument, "Load is made without TLS: a URL begins with ws://, not " + url};
    }
    if (uri.getScheme() != "ws" || uri.getHost().empty()) {
      return Error{ErrorCode::InvalidArgument, "A URL begins with ws:// and names a host, not " + url};
    }
    const auto port = uri.getPort() == 0 ? std::uint16_t{80} : uri.getPort();
    const auto found = Poco::Net::DNS::resolve(uri.getHost());
    for (const auto& host : found.addresses()) {
      const Poco::Net::SocketAddress address(host, port);
      if (!somebody_listens(address)) continue;
      Target target;
      target.address.assign(reinterpret_cast<const char*>(address.addr()), address.length());
      target.loopback4 = address.family() == Poco::Net::SocketAddress::IPv4 && host.isLoopback();
      const auto key = fresh_key();
      target.accept = accept_for(key);
      const auto path = uri.getPathAndQuery().empty() ? "/" : uri.getPathAndQuery();
      target.request = "GET " + path + " HTTP/1.1\r\nHost: " + uri.getAuthority() +
                       "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: " + key +
                       "\r\nSec-WebSocket-Version: 13\r\n\r\n";
      return target;
    }
  } catch (const Poco::SyntaxException&) {
    return Error{ErrorCode::InvalidArgument, "This is not a URL: " + url};
  } catch (const Poco::Exception& failure) {
    return Error{ErrorCode::Unavailable, "No connection to " + url + ": " + failure.displayText()};
  }
  return Error{ErrorCode::Unavailable, "No connection to " + url + ": nobody listens there"};
}

std::string upgrade_problem(const Target& target, const std::string& head) {
  const auto first_line = head.substr(0, head.find("\r\n"));
  if (!first_line.starts_with("HTTP/1.1 101")) return "it was asked for a WebSocket and answered: " + first_line;
  constexpr std::string_view name = "\r\nsec-websocket-accept:";
  const auto found = lower(head).find(name);
  if (found == std::string::npos) return "its upgrade has no Sec-WebSocket-Accept";
  const auto begin = head.find_first_not_of(" \t", found + name.size());
  const auto value = begin == std::string::npos ? "" : head.substr(begin, head.find("\r\n", begin) - begin);
  if (value.substr(0, value.find_last_not_of(" \t") + 1) != target.accept) {
    return "its Sec-WebSocket-Accept does not answer the key that was sent";
  }
  return {};
}

}  // namespace omnibroker::load
