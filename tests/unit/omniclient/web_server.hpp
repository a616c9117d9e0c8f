#pragma once

#include "client.hpp"

#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

/// A web server that says what a test tells it to, on a port of the loopback interface.
namespace client {

/// What the server was asked.
struct Asked {
  std::string method;
  std::string target;
  std::string head;  ///< All of it.
};

/// `200 OK` with a length and what `headers` adds (`Name: value\r\n`).
std::string answer_ok(const std::string& body, const std::string& headers = "");
/// `status` is such as `404 Not Found`. Without a body.
std::string answer_status(const std::string& status, const std::string& headers = "");

class WebServer {
 public:
  /// What to send before the connection is closed, on a thread of its own. Nothing: the server is silent until the
  /// client gives up.
  using Say = std::function<std::optional<std::string>(const Asked&)>;

  explicit WebServer(Say say);
  ~WebServer();
  WebServer(const WebServer&) = delete;
  WebServer& operator=(const WebServer&) = delete;

  /// `http://127.0.0.1:port` and the path.
  std::string url(const std::string& path) const;

  Collected<Asked> asked;
  Collected<std::string> given_up;  ///< The targets of clients who did not wait for an answer.

 private:
  void accept_all();
  void serve(int connection);

  const Say say_;
  int listener_ = -1;
  int port_ = 0;
  std::mutex mutex_;
  bool stopped_ = false;
  std::list<int> connections_;
  std::vector<std::thread> threads_;
  std::thread accepting_;
};

}  // namespace client
