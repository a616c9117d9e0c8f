#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <omnibroker/host.hpp>

namespace omnibroker::plugins::http {

/// What a client is told: a status, what it means in the gateway's words, and the body.
struct Response {
  unsigned status = 200;
  std::string body = {};
  std::string_view content_type = "application/json";
  std::string headers = {};  ///< Further header lines, each ended by CR LF.
};

/// What an answer needs to know of the request that it answers. Kept, because the request head is a view.
struct AnswerShape {
  bool head_only = false;   ///< HEAD: the headers of GET, and no body.
  bool keep_alive = false;  ///< The client means to send another request.
  unsigned http_minor = 1;
  std::string cors = {};  ///< Header lines that tell a browser who may read the answer.
};

enum class Framing {
  Length,     ///< The body is whole, and its length is told.
  UntilClose  ///< The body goes on until the connection ends.
};

/// A refusal in the gateway's error shape: `{"type":"error","error_code":...,"error_message":...}`, with the headers
/// that its status asks for (`Retry-After`, `WWW-Authenticate`).
Response refusal(unsigned status, std::string_view code, std::string_view message);

/// The same with the error that a WebSocket client would get as its body.
Response refusal_with_body(unsigned status, std::string body);

/// The answer as it goes over the wire. `unix_seconds`: now.
std::string serialize(const Response& response, const AnswerShape& shape, Framing framing, std::int64_t unix_seconds);

/// `Sat, 21 Nov 2026 03:05:00 GMT`. Threads: any.
std::string_view http_date(std::int64_t unix_seconds);

}  // namespace omnibroker::plugins::http
