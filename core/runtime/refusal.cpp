#include "runtime/refusal.hpp"

#include "containment/call_marks.hpp"
#include "runtime/endpoint.hpp"

#include <omnibroker/abi.h>
#include <omnibroker/result.hpp>

namespace omnibroker::core {
namespace {

const char* reason_phrase(unsigned status) {
  switch (status) {
    case 400: return "Bad Request";
    case 404: return "Not Found";
    case 408: return "Request Timeout";
    case 414: return "URI Too Long";
    case 429: return "Too Many Requests";
    case 431: return "Request Header Fields Too Large";
    case 501: return "Not Implemented";
    case 503: return "Service Unavailable";
    case 505: return "HTTP Version Not Supported";
    default: return "Internal Server Error";
  }
}

}  // namespace

std::string refusal_response(const Listener& listener, unsigned status, std::string_view sentence, bool keep_alive,
                             bool with_body) {
  std::string type, body;
  const StringSink type_sink(type), body_sink(body);
  for (const auto& mount : listener.table.load(std::memory_order_acquire)->mounts) {
    const auto* endpoint = mount->current.load(std::memory_order_acquire);
    if (endpoint->table->refusal == nullptr) continue;
    const CallMark mark(endpoint->place, Call::Refusal);
    endpoint->table->refusal(endpoint->self, status, {sentence.data(), sentence.size()}, type_sink.get(),
                             body_sink.get());
    break;
  }
  if (body.empty()) {
    type = "text/plain; charset=utf-8";
    body = std::string(sentence) + "\n";
  }
  std::string response = "HTTP/1.1 " + std::to_string(status) + " " + reason_phrase(status) + "\r\n";
  response += "Content-Type: " + type + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
  if (status == 429 || status == 503) response += "Retry-After: 1\r\n";
  if (!keep_alive) response += "Connection: close\r\n";
  response += "\r\n";
  if (with_body) response += body;
  return response;
}

}  // namespace omnibroker::core
