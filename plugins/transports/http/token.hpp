#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <omnibroker/result.hpp>
#include <omnibroker/transport.hpp>

namespace omnibroker::plugins::http {

/// What proves that a request belongs to a session: `<client_id>.<secret>`, opaque to clients.
///
/// The secret alone opens the session; it is the key that the host finds the session by. The client id is in the token
/// so that `DELETE /sessions/{client_id}` can be held against it without a table that would have to outlive
/// connections: who writes another id in front of his own secret reaches his own session and no other.
struct Token {
  std::string_view client_id;
  std::string_view secret;
};

/// 256 bits of the system's randomness, as 64 hexadecimal digits.
Result<std::string> make_secret();

/// Takes a token apart; nothing for a text that cannot be one.
std::optional<Token> parse_token(std::string_view text);

/// The token that a request carries: `Authorization: Bearer`, or, where `allow_query`, the query's `token`, which is
/// for EventSource, because browsers let it set no header.
std::optional<Token> token_of(const Request& request, bool allow_query);

}  // namespace omnibroker::plugins::http
