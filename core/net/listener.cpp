#include "net/listener.hpp"

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <Poco/Exception.h>
#include <Poco/Net/SocketAddress.h>

namespace omnibroker::core {
namespace {

using Poco::Net::SocketAddress;

std::string reason() { return std::strerror(errno); }

Error cannot_listen(const std::string& address, const std::string& why) {
  return Error{ErrorCode::Unavailable, "Cannot listen on " + address + ": " + why};
}

Result<std::unique_ptr<ListeningSocket>> listen_tcp(const SocketAddress& address, int backlog) {
  const int descriptor = ::socket(address.af(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return cannot_listen(address.toString(), reason());
  const int on = 1;
  ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.af() == AF_INET6) ::setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (::bind(descriptor, address.addr(), address.length()) != 0 || ::listen(descriptor, backlog) != 0) {
    const auto why = errno == EADDRINUSE ? std::string("another program is using it") : reason();
    const auto code = errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL ? ErrorCode::Unsupported : ErrorCode::Unavailable;
    ::close(descriptor);
    auto error = cannot_listen(address.toString(), why);
    error.code = code;
    return error;
  }
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&bound), &size);
  const SocketAddress name(reinterpret_cast<sockaddr*>(&bound), size);
  return std::make_unique<ListeningSocket>(descriptor, name.toString(), "");
}

Result<std::unique_ptr<ListeningSocket>> listen_unix(const std::string& path, int backlog) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path) {
    return cannot_listen("unix:" + path, "the path must have 1 to 107 bytes");
  }
  std::memcpy(address.sun_path, path.data(), path.size());
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) return cannot_listen("unix:" + path, reason());

  // A socket file outlives a process that was killed. It may be taken over only if nobody answers on it.
  struct stat status {};
  if (::lstat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode)) {
    const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const bool answered = ::connect(probe, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ::close(probe);
    if (answered) {
      ::close(descriptor);
      return cannot_listen("unix:" + path, "another program is using it");
    }
    ::unlink(path.c_str());
  }
  if (::bind(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(descriptor, backlog) != 0) {
    const auto why = reason();
    ::close(descriptor);
    return cannot_listen("unix:" + path, why);
  }
  return std::make_unique<ListeningSocket>(descriptor, "unix:" + path, path);
}

/// Splits `host:port` and `[v6]:port`.
bool split(std::string_view address, std::string& host, std::string& port) {
  const auto colon = address.rfind(':');
  if (colon == std::string_view::npos) return false;
  host = address.substr(0, colon);
  port = address.substr(colon + 1);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  return !host.empty() && !port.empty();
}

Result<std::vector<std::unique_ptr<ListeningSocket>>> listen_localhost(const std::string& port, int backlog) {
  std::vector<std::unique_ptr<ListeningSocket>> sockets;
  constexpr int kTries = 20;  // with port 0, the port that IPv4 got may be taken on IPv6
  for (int i = 0; i < kTries; ++i) {
    sockets.clear();
    auto four = listen_tcp(SocketAddress("127.0.0.1", port), backlog);
    if (!four) return four.error();
    const auto chosen = (*four)->name().substr((*four)->name().rfind(':') + 1);
    sockets.push_back(std::move(*four));
    auto six = listen_tcp(SocketAddress("::1", chosen), backlog);
    if (six) {
      sockets.push_back(std::move(*six));
      return sockets;
    }
    if (six.error().code == ErrorCode::Unsupported) return sockets;  // a machine without IPv6
    if (port != "0") return six.error();
  }
  return cannot_listen("localhost:" + port, "no port is free on both IPv4 and IPv6");
}

}  // namespace

Result<std::vector<std::unique_ptr<ListeningSocket>>> ListeningSocket::open(std::string_view address, int backlog) {
  std::vector<std::unique_ptr<ListeningSocket>> sockets;
  if (address.starts_with("unix:")) {
    auto socket = listen_unix(std::string(address.substr(5)), backlog);
    if (!socket) return socket.error();
    sockets.push_back(std::move(*socket));
    return sockets;
  }
  std::string host, port;
  if (!split(address, host, port))
    return cannot_listen(std::string(address), "expected host:port, [v6]:port or unix:/path");
  if (host == "localhost") return listen_localhost(port, backlog);
  try {
    auto socket = listen_tcp(SocketAddress(host, port), backlog);
    if (!socket) return socket.error();
    sockets.push_back(std::move(*socket));
    return sockets;
  } catch (const Poco::Exception& error) {
    return cannot_listen(std::string(address), error.displayText());
  }
}

ListeningSocket::ListeningSocket(int descriptor, std::string name, std::string unix_path)
    : descriptor_(descriptor), name_(std::move(name)), unix_path_(std::move(unix_path)) {}

ListeningSocket::~ListeningSocket() {
  ::close(descriptor_);
  if (!unix_path_.empty()) ::unlink(unix_path_.c_str());
}

int ListeningSocket::accept(Peer& peer) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  const int descriptor =
      ::accept4(descriptor_, reinterpret_cast<sockaddr*>(&address), &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (descriptor < 0) return -1;
  char text[INET6_ADDRSTRLEN] = {};
  if (address.ss_family == AF_INET) {
    const auto& four = reinterpret_cast<const sockaddr_in&>(address);
    peer.key[10] = peer.key[11] = 0xff;  // as IPv6 writes an IPv4 address
    std::memcpy(peer.key.data() + 12, &four.sin_addr, 4);
    ::inet_ntop(AF_INET, &four.sin_addr, text, sizeof text);
    peer.name = std::string(text) + ":" + std::to_string(ntohs(four.sin_port));
  } else if (address.ss_family == AF_INET6) {
    const auto& six = reinterpret_cast<const sockaddr_in6&>(address);
    std::memcpy(peer.key.data(), &six.sin6_addr, 16);
    ::inet_ntop(AF_INET6, &six.sin6_addr, text, sizeof text);
    peer.name = "[" + std::string(text) + "]:" + std::to_string(ntohs(six.sin6_port));
  } else {
    peer.name = "unix";
    return descriptor;
  }
  const int on = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  return descriptor;
}

}  // namespace omnibroker::core
