#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <omnibroker/result.hpp>

namespace omnibroker::plugins::http {

/// The parameter `name` of a request's query, decoded as web pages encode it: `%2F`, and `+` for a space. Nothing where
/// it is absent; an error that names it where it is there twice or is not percent-encoded rightly.
Result<std::optional<std::string>> query_text(std::string_view query, std::string_view name);

/// The same for a whole number from `minimum` to `maximum`.
Result<std::optional<unsigned>> query_number(std::string_view query, std::string_view name, unsigned minimum,
                                             unsigned maximum);

}  // namespace omnibroker::plugins::http
