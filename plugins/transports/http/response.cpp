#include "response.hpp"

#include "json_text.hpp"

#include <array>
#include <cstdio>
#include <ctime>

namespace omnibroker::plugins::http {
namespace {

std::string_view reason_phrase(unsigned status) {
  switch (status) {
    case 200: return "OK";
    case 201: return "Created";
    case 204: return "No Content";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 408: return "Request Timeout";
    case 409: return "Conflict";
    case 413: return "Content Too Large";
    case 415: return "Unsupported Media Type";
    case 417: return "Expectation Failed";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 500: return "Internal Server Error";
    case 503: return "Service Unavailable";
    case 504: return "Gateway Timeout";
    default: return "Unknown";
  }
}

std::string headers_of_refusal(unsigned status) {
  if (status == 401) return "WWW-Authenticate: Bearer\r\n";
  if (status == 429 || status == 503) return "Retry-After: 1\r\n";
  return {};
}

/// Nothing where the protocol's own rule is what the server does.
std::string_view connection_header(const AnswerShape& shape) {
  if (!shape.keep_alive) return "Connection: close\r\n";
  return shape.http_minor == 0 ? "Connection: keep-alive\r\n" : "";
}

}  // namespace

Response refusal(unsigned status, std::string_view code, std::string_view message) {
  return refusal_with_body(
      status, R"({"type":"error","error_code":)" + json_text(code) + R"(,"error_message":)" + json_text(message) + "}");
}

Response refusal_with_body(unsigned status, std::string body) {
  Response response{.status = status, .body = std::move(body)};
  response.headers = headers_of_refusal(status);
  return response;
}

std::string serialize(const Response& response, const AnswerShape& shape, Framing framing, std::int64_t unix_seconds) {
  std::string out = "HTTP/1.1 " + std::to_string(response.status) + ' ';
  out.reserve(512 + response.body.size());
  out.append(reason_phrase(response.status)).append("\r\nDate: ").append(http_date(unix_seconds));
  out.append("\r\nServer: omnibroker\r\n");
  if (response.status != 204) {
    out.append("Content-Type: ").append(response.content_type).append("\r\n");
    if (framing == Framing::Length) out += "Content-Length: " + std::to_string(response.body.size()) + "\r\n";
  }
  out += "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n";
  out.append(shape.cors).append(response.headers).append(connection_header(shape)).append("\r\n");
  if (!shape.head_only && response.status != 204) out += response.body;
  return out;
}

std::string_view http_date(std::int64_t unix_seconds) {
  // One per thread, so that no worker waits for another; without a destructor, because plugins leave nothing behind.
  thread_local std::int64_t written_for = -1;
  thread_local std::array<char, 64> written{};
  if (written_for != unix_seconds) {
    constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto seconds = static_cast<std::time_t>(unix_seconds);
    std::tm time{};
    gmtime_r(&seconds, &time);
    std::snprintf(written.data(), written.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT", days[time.tm_wday],
                  time.tm_mday, months[time.tm_mon], time.tm_year + 1900, time.tm_hour, time.tm_min, time.tm_sec);
    written_for = unix_seconds;
  }
  return written.data();
}

}  // namespace omnibroker::plugins::http
