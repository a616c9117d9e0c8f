#include "net/request_head.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/rfc7230.hpp>

#include <omnibroker/result.hpp>

namespace omnibroker::core {
namespace {

namespace http = boost::beast::http;
using boost::beast::string_view;
using boost::system::error_code;

std::string_view std_view(string_view text) { return {text.data(), text.size()}; }

bool same(std::string_view a, const char* b) { return boost::beast::iequals({a.data(), a.size()}, b); }

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Percent-decodes a path; nothing where an escape is broken or hides a NUL.
std::optional<std::string> decoded(std::string_view path) {
  std::string out;
  out.reserve(path.size());
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] != '%') {
      out.push_back(path[i]);
      continue;
    }
    if (i + 2 >= path.size()) return std::nullopt;
    const int high = hex(path[i + 1]), low = hex(path[i + 2]);
    if (high < 0 || low < 0 || (high == 0 && low == 0)) return std::nullopt;
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return out;
}

/// How much of a target in absolute form its scheme takes; 0 for any other form.
std::size_t scheme_size(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (boost::beast::iequals({target.data(), std::min(target.size(), scheme.size())},
                              {scheme.data(), scheme.size()})) {
      return scheme.size();
    }
  }
  return 0;
}

}  // namespace

/// Beast's incremental parser, told to keep views of what it sees. The body is not its business: it stops at the head.
struct RequestHead::Parser final : http::basic_parser<true> {
  struct Line {
    std::string_view name, value;
  };
  std::string_view method, target;
  int version = 0;
  std::vector<Line> lines;

  void on_request_impl(http::verb, string_view method_text, string_view target_text, int version_number,
                       error_code&) override {
    method = std_view(method_text);
    target = std_view(target_text);
    version = version_number;
  }
  void on_field_impl(http::field, string_view name, string_view value, error_code&) override {
    lines.push_back({std_view(name), std_view(value)});
  }
  void on_response_impl(int, string_view, int, error_code&) override {}
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(boost::optional<std::uint64_t> const&, error_code&) override {}
  std::size_t on_body_impl(string_view, error_code&) override { return 0; }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view, error_code&) override { return 0; }
  void on_finish_impl(error_code&) override {}
};

RequestHead::RequestHead(Limits limits) : limits_(limits) {}
RequestHead::~RequestHead() = default;

void RequestHead::set_limits(Limits limits) {
  limits_ = limits;
  parser_.reset();
}

RequestHead::Verdict RequestHead::bad(unsigned status, std::string why) {
  refusal_status_ = status;
  refusal_ = std::move(why);
  return Verdict::Bad;
}

RequestHead::Verdict RequestHead::parse(std::span<const std::uint8_t> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());

  // Empty lines before a request are allowed (RFC 9112, 2.2), and Beast does not skip them.
  std::size_t skipped = 0;
  while (text.substr(skipped).starts_with("\r\n")) skipped += 2;
  if (skipped > limits_.bytes) return bad(431, "The request head is empty lines");

  const auto end = text.find("\r\n\r\n", skipped);
  const auto length = end == std::string_view::npos ? text.size() : end + 4;
  const auto first_line = text.find("\r\n", skipped);
  if (length - skipped > limits_.bytes) {
    if (first_line == std::string_view::npos || first_line - skipped > limits_.bytes) {
      return bad(414, "The request line is longer than " + std::to_string(limits_.bytes) + " bytes");
    }
    return bad(431, "The request head is longer than " + std::to_string(limits_.bytes) + " bytes");
  }
  // What can never become a request is refused now, not at the timeout; and no later either, so that it makes no
  // difference how a head was cut on its way.
  const auto line = text.substr(skipped, std::min(first_line, text.size()) - skipped);
  for (const char c : line) {
    if (static_cast<unsigned char>(c) < 0x20 && c != '\r') return bad(400, "The request line has a control character");
  }
  if (!line.empty() && !(line[0] >= 'A' && line[0] <= 'Z') && line[0] != '\r') {
    return bad(400, "The request does not begin with a method");
  }
  if (end == std::string_view::npos) return Verdict::Incomplete;

  // Beast forgives a bare line feed and an obsolete fold in places; both have been used to smuggle requests.
  for (auto at = skipped; at < length; ++at) {
    if (text[at] == '\n' && (at == 0 || text[at - 1] != '\r')) return bad(400, "A line does not end in CR LF");
    if (text[at] == '\n' && at + 1 < length && (text[at + 1] == ' ' || text[at + 1] == '\t')) {
      return bad(400, "A header is folded over two lines");
    }
    if (text[at] == '\0') return bad(400, "The request head has a NUL byte");
  }

  parser_ = std::make_unique<Parser>();
  parser_->header_limit(static_cast<std::uint32_t>(limits_.bytes + 8));
  parser_->body_limit(std::numeric_limits<std::uint64_t>::max());  // bodies are the transport's to limit
  error_code error;
  const auto head = text.substr(skipped, length - skipped);
  parser_->put(boost::asio::const_buffer(head.data(), head.size()), error);
  if (error == http::error::bad_version) return bad(505, "Only HTTP/1.0 and HTTP/1.1 are spoken here");
  if (error && error != http::error::need_more) return bad(400, "The request head is malformed: " + error.message());
  if (!parser_->is_header_done()) return bad(400, "The request head is malformed");
  size_ = length;
  return understand();
}

RequestHead::Verdict RequestHead::understand() {
  auto& parser = *parser_;
  if (parser.lines.size() > limits_.headers) {
    return bad(431, "The request has more than " + std::to_string(limits_.headers) + " headers");
  }
  request_ = {};
  request_.struct_size = sizeof request_;
  request_.http_minor = parser.version % 10 == 0 ? 0 : 1;
  request_.method = omnibroker::text(parser.method);
  request_.target = omnibroker::text(parser.target);
  request_.content_length = -1;

  std::size_t lengths = 0, codings = 0, hosts = 0, upgrades = 0;
  headers_.clear();
  for (const auto& line : parser.lines) {
    headers_.push_back({omnibroker::text(line.name), omnibroker::text(line.value)});
    if (same(line.name, "Content-Length")) {
      ++lengths;
      std::int64_t value = -1;
      const auto [end, error] = std::from_chars(line.value.data(), line.value.data() + line.value.size(), value);
      if (error != std::errc{} || end != line.value.data() + line.value.size() || value < 0) {
        return bad(400, "Content-Length is not a number of bytes");
      }
      request_.content_length = value;
    } else if (same(line.name, "Transfer-Encoding")) {
      ++codings;
      if (!same(line.value, "chunked")) return bad(501, "The only transfer coding understood here is chunked");
    } else if (same(line.name, "Host")) {
      ++hosts;
    } else if (same(line.name, "Upgrade")) {
      ++upgrades;
    }
  }
  if (lengths > 1) return bad(400, "Content-Length is given twice");
  if (codings > 1) return bad(400, "Transfer-Encoding is given twice");
  if (lengths > 0 && codings > 0) return bad(400, "Content-Length and Transfer-Encoding are given together");
  if (codings > 0 && request_.http_minor == 0) return bad(400, "HTTP/1.0 has no Transfer-Encoding");
  if (hosts > 1) return bad(400, "Host is given twice");
  if (hosts == 0 && request_.http_minor == 1) return bad(400, "The Host header is missing");

  request_.chunked = codings > 0 ? 1 : 0;
  request_.keep_alive = parser.keep_alive() ? 1 : 0;
  request_.upgrade = parser.upgrade() && upgrades > 0 ? 1 : 0;
  return understand_target(parser.target);
}

RequestHead::Verdict RequestHead::understand_target(std::string_view target) {
  if (target.find('#') != std::string_view::npos) return bad(400, "The request target has a fragment");
  const auto after_scheme = scheme_size(target);
  if (after_scheme > 0) {  // the absolute form, as proxies send it
    const auto end = std::min(target.find_first_of("/?", after_scheme), target.size());
    if (end == after_scheme) return bad(400, "The request target names no host");
    target.remove_prefix(end);
  }
  const auto question = target.find('?');
  if (question != std::string_view::npos) request_.query = omnibroker::text(target.substr(question + 1));
  auto written = target.substr(0, question);
  if (written.empty() && after_scheme > 0) written = "/";
  if (written != "*" && !written.starts_with('/')) return bad(400, "The path does not begin with /");
  auto path = decoded(written);
  if (!path) return bad(400, "The path has a broken percent escape");
  path_ = std::move(*path);
  return Verdict::Complete;
}

const omnibroker_request* RequestHead::request(std::string_view mount) {
  header_pointers_.clear();
  for (const auto& header : headers_) header_pointers_.push_back(&header);
  request_.path = omnibroker::text(path_);
  request_.mount = omnibroker::text(mount);
  request_.headers = header_pointers_.data();
  request_.header_count = header_pointers_.size();
  return &request_;
}

bool RequestHead::is_head_method() const {
  return std::string_view(request_.method.data, request_.method.size) == "HEAD";
}
bool RequestHead::has_body() const { return request_.chunked != 0 || request_.content_length > 0; }

}  // namespace omnibroker::core
