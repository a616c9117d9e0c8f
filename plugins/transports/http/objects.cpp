#include "objects.hpp"

#include "endpoints.hpp"
#include "json_text.hpp"
#include "query.hpp"
#include "refusals.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

namespace omnibroker::plugins::http {
namespace {

constexpr unsigned kUsualLimit = 100;
constexpr unsigned kLargestLimit = 1000;
constexpr std::size_t kMostBytes = 256 * 1024;

Response refused(unsigned status, std::string_view message) { return refusal(status, code_of_status(status), message); }

Response nothing_kept() { return refused(404, "The latest messages of this type are not kept"); }

/// The message type that a request asks about: `type`, or the first of those that the option lists. Empty where the
/// option does not list it.
Result<std::string> type_of(const Request& request, const Config& config) {
  auto asked = query_text(request.query(), "type");
  if (!asked) return asked.error();
  const auto& types = config.objects;
  if (!*asked) return types.front();
  return std::find(types.begin(), types.end(), **asked) == types.end() ? std::string() : std::move(**asked);
}

/// What `GET /objects` was asked for.
struct Page {
  std::string type;
  std::string prefix;
  std::string after;
  unsigned limit = kUsualLimit;
};

Result<Page> page_of(const Request& request, const Config& config) {
  auto type = type_of(request, config);
  if (!type) return type.error();
  auto prefix = query_text(request.query(), "prefix");
  if (!prefix) return prefix.error();
  auto after = query_text(request.query(), "after");
  if (!after) return after.error();
  auto limit = query_number(request.query(), "limit", 1, kLargestLimit);
  if (!limit) return limit.error();
  return Page{std::move(*type), (*prefix).value_or(""), (*after).value_or(""), (*limit).value_or(kUsualLimit)};
}

/// The messages that have been visited, as the members of a JSON array.
struct Listing {
  std::string messages;
  std::string last_key;
  unsigned count = 0;
  bool more = false;
};

}  // namespace

std::size_t Objects::most_bytes() const {
  const auto waiting = host_.limit("max_control_queue");
  return waiting == 0 ? kMostBytes : std::min<std::size_t>(kMostBytes, waiting / 4);
}

Response Objects::list(const Connection& connection, const Request& request, const Config& config) const {
  const auto page = page_of(request, config);
  if (!page) return refused(400, page.error().message);
  const auto& wanted = page.value();
  Listing listing;
  const auto most = most_bytes();
  const LatestMessages::Visit visit = [&](const Latest& latest) {
    const bool full = listing.count == wanted.limit || listing.messages.size() + latest.payload.size() + 1 > most;
    if (listing.count > 0 && full) {
      listing.more = true;
      return false;
    }
    if (listing.count++ > 0) listing.messages += ',';
    listing.messages += latest.payload;
    listing.last_key = latest.key;
    return true;
  };
  if (wanted.type.empty() || !latest_.list(connection, wanted.type, wanted.prefix, wanted.after, visit)) {
    return nothing_kept();
  }
  std::string body = R"({"objects":[)" + listing.messages + ']';
  if (listing.more) body += R"(,"next":)" + json_text(listing.last_key);
  return {.body = body + '}'};
}

Response Objects::one(const Connection& connection, const Request& request, const Config& config,
                      std::int64_t unix_seconds) const {
  const auto type = type_of(request, config);
  if (!type) return refused(400, type.error().message);
  if (type.value().empty()) return nothing_kept();
  std::optional<Response> found;
  const LatestMessages::Visit visit = [&](const Latest& latest) {
    const auto age = std::chrono::duration_cast<std::chrono::seconds>(latest.age).count();
    found = Response{.body = std::string(latest.payload)};
    found->headers.append("Last-Modified: ").append(http_date(unix_seconds - age)).append("\r\n");
    return false;
  };
  const auto named = object_in(request.path_below_mount());
  const bool absolute = named.starts_with('/');
  if (!absolute && latest_.get(connection, type.value(), '/' + std::string(named), visit)) return *std::move(found);
  if (latest_.get(connection, type.value(), named, visit)) return *std::move(found);
  const LatestMessages::Visit none = [](const Latest&) { return false; };
  if (!latest_.list(connection, type.value(), named, "", none)) return nothing_kept();
  return refused(404, "Nothing is known of this object");
}

}  // namespace omnibroker::plugins::http
