#include "lft_service.hpp"

#include "content_address.hpp"
#include "lft_exchanges.hpp"
#include "service.hpp"

#include <charconv>

namespace omnibroker::plugins::nucleus {
namespace {

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Answers an error, of which HEAD has the head alone; what is left of the request's body is not read.
std::unique_ptr<Exchange> refuse(Connection& connection, const Request& request, unsigned status,
                                 const std::string& message) {
  auto response = lft_response(status, R"({"status":"INVALID_PARAMETERS","message":")" + message + "\"}", false);
  if (request.method() == "HEAD") response.resize(response.find("\r\n\r\n") + 4);
  connection.write(response);
  connection.end_request(KeepAlive::No);
  return nullptr;
}

}  // namespace

Status LftService::stop() {
  share_.close();
  return {};
}

std::optional<store::Actor> LftService::user_of(const Request& request) {
  // Before the access token beside it, which may be good no more though the session that it began is.
  const auto connection = request.header("X-OV-Connection-ID");
  if (const auto token = request.header("Authorization-Token"); connection && token) {
    if (auto user = share_.nucleus().sessions().user(std::string(*connection), *token)) return user;
  }
  constexpr std::string_view kBearer = "Bearer ";
  const auto header = request.header("Authorization");
  if (!header || !header->starts_with(kBearer)) return std::nullopt;
  const auto token = share_.nucleus().tokens().read(header->substr(kBearer.size()));
  if (!token || token->expired) return std::nullopt;
  return token->actor();
}

std::unique_ptr<Exchange> LftService::open(Connection connection, const Request& request) {
  auto below = request.path_below_mount();
  if (below.starts_with('/')) below.remove_prefix(1);
  const auto method = request.method();
  const bool reads = method == "GET" || method == "HEAD";
  if (reads && below == "healthcheck") {
    answer_http(connection, request, 200, "text/plain; charset=utf-8", "OK\n");
    return nullptr;
  }
  const bool content = below == "content" || below.starts_with("content/");
  if (!content) return refuse(connection, request, 404, "There is nothing at this path; contents are below content/");
  if (reads) return open_get(connection, request);
  if (request.chunked()) return refuse(connection, request, 411, "The length of the body must be given");
  if (method == "POST") return open_post(connection, request);
  if (method == "PUT") return open_put(connection, request);
  return refuse(connection, request, 405, "Contents are written by POST and PUT, and read by GET");
}

std::unique_ptr<Exchange> LftService::open_post(Connection& connection, const Request& request) {
  constexpr std::uint64_t kMostBody = 64 * 1024;
  auto user = user_of(request);
  if (!user) return refuse(connection, request, 401, "An access token or a session of the API must be named");
  const auto length = request.content_length().value_or(0);
  if (length > kMostBody) return refuse(connection, request, 413, "The body names a path and nothing more");
  auto exchange = std::make_unique<LftPost>(share_.host(), connection, share_.nucleus(), share_.pool(),
                                            std::move(*user), length, request.keep_alive(), config_.max_silence);
  exchange->begin();
  return exchange;
}

std::unique_ptr<Exchange> LftService::open_put(Connection& connection, const Request& request) {
  auto user = user_of(request);
  if (!user) return refuse(connection, request, 401, "An access token or a session of the API must be named");
  const auto id = request.header("Content-ID");
  const auto start = number(request.header("Content-Start").value_or("0"));
  const auto length = request.content_length();
  if (!id || !start)
    return refuse(connection, request, 400, "Content-ID and Content-Start say which part of what this is");
  if (!length) return refuse(connection, request, 411, "The length of the body must be given");
  if (*length > config_.max_part.bytes) {
    return refuse(connection, request, 413,
                  "A part is at most " + std::to_string(config_.max_part.bytes) + " bytes here");
  }
  if (const auto expect = request.header("Expect"); expect && Request::equal_ignoring_case(*expect, "100-continue")) {
    connection.write("HTTP/1.1 100 Continue\r\n\r\n");
  }
  auto exchange = std::make_unique<LftPut>(share_.host(), connection, share_.nucleus(), share_.pool(), std::move(*user),
                                           LftPut::Part{std::string(*id), *start, *length}, request.keep_alive(),
                                           config_.max_silence);
  exchange->begin();
  return exchange;
}

std::unique_ptr<Exchange> LftService::open_get(Connection& connection, const Request& request) {
  auto address = ContentAddress::read(share_.nucleus(), request.query());
  if (!address) return refuse(connection, request, 403, "This is no address that the API has given, or it has expired");
  const bool has_body = request.chunked() || request.content_length().value_or(0) != 0;
  auto exchange = std::make_unique<LftGet>(share_.host(), connection, share_.nucleus(), share_.pool(),
                                           std::move(*address), std::string(request.header("Range").value_or("")),
                                           request.keep_alive() && !has_body, request.method() != "HEAD");
  exchange->begin();
  return exchange;
}

}  // namespace omnibroker::plugins::nucleus
