#include "web_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sstream>
#include <sys/socket.h>
#include <unistd.h>

namespace client {

std::string answer_ok(const std::string& body, const std::string& headers) {
  return "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers +
         "\r\n" + body;
}

std::string answer_status(const std::string& status, const std::string& headers) {
  return "HTTP/1.1 " + status + "\r\nConnection: close\r\nContent-Length: 0\r\n" + headers + "\r\n";
}

WebServer::WebServer(Say say) : say_(std::move(say)), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(bind(listener_, generic, size), 0);
  EXPECT_EQ(listen(listener_, 64), 0);
  EXPECT_EQ(getsockname(listener_, generic, &size), 0);
  port_ = ntohs(address.sin_port);
  accepting_ = std::thread([this] { accept_all(); });
}

WebServer::~WebServer() {
  {
    std::lock_guard lock(mutex_);
    stopped_ = true;
    for (const int connection : connections_) shutdown(connection, SHUT_RDWR);
  }
  shutdown(listener_, SHUT_RDWR);
  accepting_.join();
  for (auto& thread : threads_) thread.join();
  close(listener_);
}

std::string WebServer::url(const std::string& path) const { return "http://127.0.0.1:" + std::to_string(port_) + path; }

void WebServer::accept_all() {
  for (;;) {
    const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) return;
    std::lock_guard lock(mutex_);
    connections_.push_back(connection);
    if (stopped_) shutdown(connection, SHUT_RDWR);
    threads_.emplace_back([this, connection] { serve(connection); });
  }
}

void WebServer::serve(int connection) {
  Asked request;
  char bytes[4096];
  ssize_t count = 0;
  while (request.head.find("\r\n\r\n") == std::string::npos && (count = recv(connection, bytes, sizeof bytes, 0)) > 0) {
    request.head.append(bytes, static_cast<std::size_t>(count));
  }
  if (count > 0) {
    std::istringstream(request.head) >> request.method >> request.target;
    asked.add(request);
    if (const auto said = say_(request)) {
      send(connection, said->data(), said->size(), MSG_NOSIGNAL);
    } else {
      while (recv(connection, bytes, sizeof bytes, 0) > 0) continue;
      given_up.add(request.target);
    }
  }
  std::lock_guard lock(mutex_);
  connections_.remove(connection);
  close(connection);
}

}  // namespace client
