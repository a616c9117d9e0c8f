#include "handshake.hpp"

#include "token.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>

#include <openssl/evp.h>

namespace omnibroker::plugins::websocket {
namespace {

Refusal bad_request(std::string sentence) { return {Refused::Request, 400, std::move(sentence)}; }

bool is_base64(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '/';
}

/// Sixteen bytes in base64: 22 digits and two signs of padding.
bool is_key(std::string_view key) {
  return key.size() == 24 && std::all_of(key.begin(), key.begin() + 22, is_base64) && key.substr(22) == "==";
}

/// Is this a request for a WebSocket at all? Whoever comes here by mistake learns what this path speaks.
std::optional<Refusal> judge_upgrade(const Request& request) {
  if (request.method() != "GET") {
    return Refusal{Refused::Method, 405, "A WebSocket begins with a GET request."};
  }
  if (!request.header_has_token("Upgrade", "websocket")) {
    return Refusal{Refused::Request, 426,
                   "This path speaks WebSocket (RFC 6455); the request's Upgrade header must name websocket."};
  }
  if (!request.header_has_token("Connection", "upgrade")) {
    return bad_request("The Connection header must list Upgrade.");
  }
  if (request.http_minor() < 1) return bad_request("A WebSocket needs HTTP/1.1.");
  if (request.header_count("Host") != 1) return bad_request("There must be one Host header.");
  if (request.chunked() || request.content_length().value_or(0) != 0) {
    return bad_request("An upgrade request must not have a body.");
  }
  return std::nullopt;
}

std::optional<Refusal> judge_websocket_headers(const Request& request) {
  if (request.header_count("Sec-WebSocket-Version") > 1) {
    return bad_request("There must be one Sec-WebSocket-Version header.");
  }
  if (request.header("Sec-WebSocket-Version") != "13") {
    return Refusal{Refused::Version, 426, "Only version 13 of WebSocket is spoken (Sec-WebSocket-Version: 13)."};
  }
  if (request.header_count("Sec-WebSocket-Key") != 1) {
    return bad_request("There must be one Sec-WebSocket-Key header.");
  }
  if (!is_key(*request.header("Sec-WebSocket-Key"))) {
    return bad_request("The Sec-WebSocket-Key header must be 16 bytes in base64.");
  }
  return std::nullopt;
}

std::optional<Refusal> judge_origin(const Request& request, const HandshakeRules& rules) {
  if (request.header_count("Origin") > 1) return bad_request("There must be one Origin header at most.");
  const auto origin = request.header("Origin");
  if (!origin) return std::nullopt;  // not a browser
  for (const auto& allowed : rules.allowed_origins) {
    if (allowed == "*" || Request::equal_ignoring_case(allowed, *origin)) return std::nullopt;
  }
  return Refusal{Refused::Origin, 403, "Pages of this origin may not connect here."};
}

/// The names that the client offers, in all its header lines; nothing where one is no token.
std::optional<std::vector<std::string_view>> offered_subprotocols(const Request& request) {
  std::vector<std::string_view> offered;
  for (std::size_t line = 0; line < request.header_count("Sec-WebSocket-Protocol"); ++line) {
    auto rest = *request.header("Sec-WebSocket-Protocol", line);
    while (!rest.empty()) {
      const auto comma = rest.find(',');
      auto name = rest.substr(0, comma);
      rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
      while (!name.empty() && (name.front() == ' ' || name.front() == '\t')) name.remove_prefix(1);
      while (!name.empty() && (name.back() == ' ' || name.back() == '\t')) name.remove_suffix(1);
      if (name.empty()) continue;
      if (!is_token(name)) return std::nullopt;
      offered.push_back(name);
    }
  }
  return offered;
}

std::string_view reason_phrase(unsigned status) {
  switch (status) {
    case 400: return "Bad Request";
    case 403: return "Forbidden";
    case 405: return "Method Not Allowed";
    case 426: return "Upgrade Required";
    default: return "Service Unavailable";
  }
}

}  // namespace

std::variant<Acceptance, Refusal> judge(const Request& request, const HandshakeRules& rules) {
  if (auto refusal = judge_upgrade(request)) return *std::move(refusal);
  if (auto refusal = judge_websocket_headers(request)) return *std::move(refusal);
  if (auto refusal = judge_origin(request, rules)) return *std::move(refusal);
  const auto offered = offered_subprotocols(request);
  if (!offered) return bad_request("The Sec-WebSocket-Protocol header must be a list of names.");

  const auto deflate = choose_terms(request);
  if (!deflate) return bad_request("The Sec-WebSocket-Extensions header must be a list of extensions.");

  Acceptance acceptance{accept_key(*request.header("Sec-WebSocket-Key")), {}, {}};
  if (rules.compresses) acceptance.deflate = *deflate;
  for (const auto& ours : rules.subprotocols) {
    if (std::find(offered->begin(), offered->end(), ours) == offered->end()) continue;
    acceptance.subprotocol = ours;
    break;
  }
  return acceptance;
}

std::string accept_key(std::string_view key) {
  constexpr std::string_view guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";  // RFC 6455, 1.3
  std::string joined(key);
  joined += guid;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(joined.data(), joined.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1) {
    throw std::runtime_error("SHA-1 is not available");
  }
  std::array<unsigned char, 4 * ((EVP_MAX_MD_SIZE + 2) / 3) + 1> base64{};
  const int length = EVP_EncodeBlock(base64.data(), digest.data(), static_cast<int>(size));
  return {reinterpret_cast<const char*>(base64.data()), static_cast<std::size_t>(length)};
}

std::string acceptance_response(const Acceptance& acceptance, std::string_view client_id) {
  std::string response =
      "HTTP/1.1 101 Switching Protocols\r\n"
      "Upgrade: websocket\r\n"
      "Connection: Upgrade\r\n"
      "Sec-WebSocket-Accept: ";
  response.append(acceptance.accept_key).append("\r\n");
  if (!acceptance.subprotocol.empty()) {
    response.append("Sec-WebSocket-Protocol: ").append(acceptance.subprotocol).append("\r\n");
  }
  if (acceptance.deflate.window_bits != 0) {
    response.append("Sec-WebSocket-Extensions: ").append(extensions_value(acceptance.deflate)).append("\r\n");
  }
  if (!client_id.empty()) response.append("X-Client-Id: ").append(client_id).append("\r\n");
  return response.append("\r\n");
}

std::string refusal_response(const Refusal& refusal, bool with_body) {
  std::string response = "HTTP/1.1 " + std::to_string(refusal.status) + " ";
  response.append(reason_phrase(refusal.status)).append("\r\n");
  response.append("Content-Type: text/plain; charset=utf-8\r\n");
  response.append("Content-Length: ").append(std::to_string(refusal.sentence.size() + 1)).append("\r\n");
  if (refusal.status == 405) response += "Allow: GET\r\n";
  if (refusal.status == 426) {
    response += "Sec-WebSocket-Version: 13\r\nUpgrade: websocket\r\nConnection: Upgrade, close\r\n";
  } else {
    response += "Connection: close\r\n";
  }
  if (refusal.status == 503) response += "Retry-After: 5\r\n";
  response += "\r\n";
  if (with_body) response.append(refusal.sentence).append("\n");
  return response;
}

}  // namespace omnibroker::plugins::websocket
