#pragma once

#include "providers/host.hpp"
#include "providers/provider.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace omniclient::http {

struct Question {
  enum class Method { Get, Head, HeadByGet };  ///< HeadByGet: a GET whose body is not waited for.
  Method method = Method::Get;
  std::string url;
  std::string name;                    ///< The URL for the log: without its user and its query, which may be secrets.
  std::vector<std::string> headers;    ///< `Name: value`, beside those of the program.
  std::size_t most = 0;                ///< Bytes of the body; more is an Error. 0: whatever fits into memory.
  std::chrono::milliseconds after{0};  ///< When to begin.
};

struct Answer {
  /// Ok where the server has answered, whatever it has said. ErrorConnection, ErrorBadRequest, Error otherwise.
  OmniClientResult result = eOmniClientResult_Error;
  long status = 0;
  std::string url;  ///< Of the last redirect.
  std::string content_type;
  std::string etag;           ///< As it was sent, with its quotes.
  std::string last_modified;  ///< As it was sent.
  std::uint64_t modified_ns = 0;
  std::uint64_t length = 0;                          ///< What the head says; 0 where it says nothing.
  SharedContent body = std::make_shared<Content>();  ///< Of a success. Never null.
  bool passing = false;                              ///< Of a failure: as Reply::passing.
  std::uint32_t wait_ms = 0;  ///< Of a passing failure: how long the server wants to be left alone.
};

/// Asks HTTP servers, with libcurl, on one thread of its own. Connections are kept and used again; redirects are
/// followed, at most ten of them, and never from https to http.
///
/// What passes are 429, 500, 502, 503, 504, and a connection that is lost; a server that cannot be reached does not.
/// The settings `http.connect_ms` and `http.stall_ms` bound how long a server may take to be reached, and be silent.
///
/// Lifecycle: the thread begins with the first question and ends with `stop`; what is under way then is not answered.
/// Threads: `ask` from every thread; `done` is called on the thread of this, unless the operation has been cancelled.
class Fetcher {
 public:
  explicit Fetcher(const ProviderHost& host);
  ~Fetcher();
  /// Ends the thread and the connections. Nothing is asked any more.
  void stop();
  Fetcher(const Fetcher&) = delete;
  Fetcher& operator=(const Fetcher&) = delete;

  void ask(const OperationPtr& operation, Question question, std::function<void(Answer)> done);

  /// Looks soon whose operations have been cancelled; for those who ask more than once in one operation.
  std::function<void()> looker() const;

 private:
  class Work;
  std::shared_ptr<Work> work_;
};

}  // namespace omniclient::http
