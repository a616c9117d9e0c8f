#pragma once

#include "engine/content.hpp"
#include "engine/loop.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace omniclient::omniverse {

struct HttpRequest {
  std::string method;
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  SharedContent content = nullptr;  ///< What `body` is a part of.
  std::string_view body = {};
  /// Where the body of an answer goes that is 200 or 206, up to `room` bytes of it; it lives until the answer.
  char* into = nullptr;
  std::size_t room = 0;
};

struct HttpReply {
  unsigned status = 0;   ///< 0: there was no answer, or not the whole of one.
  std::string problem;   ///< Why.
  std::string body;      ///< Up to 64 KiB of it; empty where it went to `into`.
  std::size_t size = 0;  ///< What has come of it; of an answer that was cut, only of content.
};

/// HTTP/1.1, with or without TLS, as the large-file transfer of a Nucleus needs it. Connections are used again; a
/// request that finds such a one closed goes over a new one.
///
/// Lifecycle: destroying it ends all requests without a word. Threads: the loop's alone. Nobody is called from inside
/// of `start`.
class HttpClient {
 public:
  using Done = std::function<void(const HttpReply&)>;

  /// `stall`: how long nothing may move.
  HttpClient(Loop& loop, std::chrono::milliseconds stall);
  ~HttpClient();

  std::uint64_t start(HttpRequest request, Done done);
  void cancel(std::uint64_t id);

 private:
  struct Shared;
  const std::shared_ptr<Shared> shared_;
};

}  // namespace omniclient::omniverse
