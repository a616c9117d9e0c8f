#include "upgrade.hpp"

#include "text.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace omnibroker::plugins::websocket_beast {
namespace {

struct Rule {
  bool broken;
  Reason reason;
  unsigned status;
  const char* sentence;
};

/// Sixteen bytes in base64.
bool is_key(std::string_view key) {
  constexpr std::size_t digits = 22;
  return key.size() == digits + 2 && key.ends_with("==") && std::all_of(key.begin(), key.begin() + digits, [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
         });
}

bool is_allowed(std::string_view origin, const Config& config) {
  return std::any_of(config.allowed_origins.begin(), config.allowed_origins.end(), [origin](const auto& allowed) {
    return allowed == "*" || Request::equal_ignoring_case(allowed, origin);
  });
}

/// Every name in Sec-WebSocket-Protocol; nothing where one is no name.
std::optional<std::vector<std::string_view>> offered_subprotocols(const Request& request) {
  constexpr std::string_view blank = " \t";
  std::vector<std::string_view> names;
  for (std::size_t line = 0; line < request.header_count("Sec-WebSocket-Protocol"); ++line) {
    const auto list = *request.header("Sec-WebSocket-Protocol", line);
    for (std::size_t at = 0; at < list.size();) {
      const auto end = std::min(list.find(',', at), list.size());
      auto name = list.substr(at, end - at);
      at = end + 1;
      name.remove_prefix(std::min(name.find_first_not_of(blank), name.size()));
      name = name.substr(0, name.find_last_not_of(blank) + 1);
      if (name.empty()) continue;
      if (!is_token(name)) return std::nullopt;
      names.push_back(name);
    }
  }
  return names;
}

std::string choose(const TextList& ours, const std::vector<std::string_view>& offered) {
  const auto found = std::find_if(ours.begin(), ours.end(), [&](const std::string& name) {
    return std::find(offered.begin(), offered.end(), name) != offered.end();
  });
  return found == ours.end() ? std::string() : *found;
}

}  // namespace

std::variant<Upgrade, Refusal> judge(const Request& request, const Config& config) {
  const auto key = request.header("Sec-WebSocket-Key");
  const auto origin = request.header("Origin");
  const auto subprotocols = offered_subprotocols(request);
  const auto compression = agree_to(request);
  // The first that is broken decides.
  const std::array rules{
      Rule{request.method() != "GET", Reason::Method, 405, "A WebSocket is opened by a GET request."},
      Rule{!request.header_has_token("Upgrade", "websocket"), Reason::Request, 426,
           "This path speaks WebSocket (RFC 6455): Upgrade must name websocket."},
      Rule{!request.header_has_token("Connection", "upgrade"), Reason::Request, 400, "Connection must name Upgrade."},
      Rule{request.http_minor() < 1, Reason::Request, 400, "A WebSocket is opened over HTTP/1.1."},
      Rule{request.header_count("Host") != 1, Reason::Request, 400, "One Host header is needed."},
      Rule{request.chunked() || request.content_length().value_or(0) != 0, Reason::Request, 400,
           "The request must have no body."},
      Rule{request.header_count("Sec-WebSocket-Version") > 1, Reason::Request, 400,
           "One Sec-WebSocket-Version header is needed."},
      Rule{request.header("Sec-WebSocket-Version") != "13", Reason::Version, 426,
           "Version 13 of WebSocket is spoken, and no other."},
      Rule{request.header_count("Sec-WebSocket-Key") != 1, Reason::Request, 400,
           "One Sec-WebSocket-Key header is needed."},
      Rule{!key || !is_key(*key), Reason::Request, 400, "Sec-WebSocket-Key must be 16 bytes in base64."},
      Rule{request.header_count("Origin") > 1, Reason::Request, 400, "There may be one Origin header."},
      Rule{origin && !is_allowed(*origin, config), Reason::Origin, 403, "Pages of this origin may not connect."},
      Rule{!subprotocols, Reason::Request, 400, "Sec-WebSocket-Protocol must be a list of names."},
      Rule{!compression, Reason::Request, 400, "Sec-WebSocket-Extensions must be a list of extensions."},
  };
  const auto* const broken = std::find_if(rules.begin(), rules.end(), [](const Rule& rule) { return rule.broken; });
  if (broken != rules.end()) return Refusal{broken->reason, broken->status, broken->sentence};
  return Upgrade{std::string(*key), choose(config.subprotocols, *subprotocols),
                 config.compression == "deflate" ? *compression : Agreement{}};
}

Fields Upgrade::fields(const std::string& client_id) const {
  Fields fields{{"X-Client-Id", client_id}};
  if (!subprotocol.empty()) fields.emplace_back("Sec-WebSocket-Protocol", subprotocol);
  if (compression.window_bits != 0) fields.emplace_back("Sec-WebSocket-Extensions", compression.header());
  return fields;
}

std::string Refusal::response(bool with_body) const {
  const auto head = [this]() -> std::pair<const char*, const char*> {
    switch (status) {
      case 403: return {"403 Forbidden", "Connection: close\r\n"};
      case 405: return {"405 Method Not Allowed", "Allow: GET\r\nConnection: close\r\n"};
      case 426:
        return {"426 Upgrade Required",
                "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nConnection: Upgrade, close\r\n"};
      case 503: return {"503 Service Unavailable", "Retry-After: 5\r\nConnection: close\r\n"};
      default: return {"400 Bad Request", "Connection: close\r\n"};
    }
  }();
  std::string response = std::string("HTTP/1.1 ") + head.first + "\r\n" + head.second +
                         "Content-Type: text/plain; charset=utf-8\r\n"
                         "Content-Length: " +
                         std::to_string(sentence.size() + 1) + "\r\n\r\n";
  if (with_body) response += sentence + "\n";
  return response;
}

}  // namespace omnibroker::plugins::websocket_beast
