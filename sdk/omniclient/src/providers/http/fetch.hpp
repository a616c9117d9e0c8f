#pragma once

#include "providers/http/body.hpp"
#include "providers/http/fetcher.hpp"

#include <curl/curl.h>

namespace omniclient::http {

/// What a fetch is told of the settings and of the program.
struct Wishes {
  std::chrono::milliseconds connect;
  std::chrono::milliseconds stall;
  std::vector<std::string> headers;
  std::string authorities;  ///< The file of the certificate authorities; empty: the system's.
};

/// One question on its way. On the fetcher's thread, but for its construction.
class Fetch {
 public:
  using Clock = std::chrono::steady_clock;

  Fetch(OperationPtr operation, Question question, Wishes wishes, std::function<void(Answer)> done);
  ~Fetch();
  Fetch(const Fetch&) = delete;
  Fetch& operator=(const Fetch&) = delete;

  bool cancelled() const { return operation_->cancelled(); }
  Clock::time_point due() const { return due_; }

  /// Its handle; null where there is no memory for one.
  CURL* begin();
  /// Null until it has begun.
  CURL* handle() const { return easy_; }

  /// Calls `done`, unless the operation has been cancelled.
  void ended(CURLcode code);

 private:
  static std::size_t take_bytes(char* bytes, std::size_t size, std::size_t count, void* fetch);
  static std::size_t take_line(char* bytes, std::size_t size, std::size_t count, void* fetch);
  std::size_t take(const char* bytes, std::size_t count);
  void set_options();
  Answer answer(CURLcode code);
  void judge(Answer& told, CURLcode code) const;
  void release();

  const OperationPtr operation_;
  const Question question_;
  const Wishes wishes_;
  const std::function<void(Answer)> done_;

  CURL* easy_ = nullptr;
  curl_slist* headers_ = nullptr;
  Body body_;
  bool whole_head_ = false;  ///< The last head has come to its end.
  bool has_head_ = false;    ///< The body was given up, since only the head is wanted.
  bool too_large_ = false;   ///< The body was given up.
  const Clock::time_point due_;
};

}  // namespace omniclient::http
