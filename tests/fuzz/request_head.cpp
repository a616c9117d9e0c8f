// Any bytes as what has come of a request, whole and in every beginning: the verdict may change once, from waiting to
// its end, and a head that is taken says what a second, plain reading of RFC 9112 finds in it.

#include "net/request_head.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using omnibroker::core::RequestHead;
using Verdict = RequestHead::Verdict;

constexpr RequestHead::Limits kLimits{512, 12};

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "The request head: %s\n", what);
  std::abort();
}

// ------------------------------------------------------------------------------------------------- the second reading

/// What a head says, in texts of its own.
struct Facts {
  std::string method, target, path, query;
  std::vector<std::pair<std::string, std::string>> headers;
  std::size_t size = 0;
  std::uint32_t http_minor = 1;
  std::int64_t content_length = -1;
  bool chunked = false, keep_alive = false, upgrade = false;
  bool operator==(const Facts&) const = default;
};

bool is_alphanumeric(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_alphanumeric(c) || std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  });
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (auto& c : result) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return result;
}

std::string_view trimmed(std::string_view text) {
  const auto begin = std::min(text.find_first_not_of(" \t"), text.size());
  return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

/// Cuts off and answers what stands before `mark`, and the mark; all, where it is not there.
std::string_view take(std::string_view& rest, std::string_view mark) {
  const auto end = rest.find(mark);
  const auto taken = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + mark.size());
  return taken;
}

/// One head by the grammar, all of it at once; nothing where the grammar or a rule beside it is broken.
class SecondReading {
 public:
  static std::optional<Facts> of(std::string_view text) {
    SecondReading reading;
    return reading.head(text) ? std::optional(reading.facts_) : std::nullopt;
  }

 private:
  bool head(std::string_view text) {
    std::size_t begin = 0;
    while (text.substr(begin, 2) == "\r\n") begin += 2;
    const auto end = text.find("\r\n\r\n", begin);
    if (end == std::string_view::npos || begin > kLimits.bytes || end + 4 - begin > kLimits.bytes) return false;
    facts_.size = end + 4;
    auto lines = text.substr(begin, end - begin);
    if (!request_line(take(lines, "\r\n"))) return false;
    while (!lines.empty()) {
      if (!header(take(lines, "\r\n"))) return false;
    }
    return facts_.headers.size() <= kLimits.headers && meaning();
  }

  bool request_line(std::string_view line) {
    facts_.method = take(line, " ");
    facts_.target = take(line, " ");
    if (!is_token(facts_.method) || facts_.method[0] < 'A' || facts_.method[0] > 'Z') return false;
    if (line != "HTTP/1.0" && line != "HTTP/1.1") return false;
    facts_.http_minor = line.back() == '1' ? 1 : 0;
    const bool printable = std::all_of(facts_.target.begin(), facts_.target.end(),
                                       [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != 0x7F; });
    return printable && target(facts_.target);
  }

  bool target(std::string_view rest) {
    if (rest.find('#') != std::string_view::npos) return false;
    const auto scheme = lower(rest.substr(0, 8));
    const std::size_t skipped = scheme.starts_with("http://") ? 7 : scheme == "https://" ? 8 : 0;
    if (skipped > 0) {
      rest.remove_prefix(skipped);
      const auto authority = rest.find_first_of("/?");
      if (rest.empty() || authority == 0) return false;
      rest.remove_prefix(std::min(authority, rest.size()));
    }
    auto path = take(rest, "?");
    if (skipped > 0 && path.empty()) path = "/";
    facts_.query = rest;
    return (path == "*" || path.starts_with('/')) && decode(path);
  }

  bool decode(std::string_view path) {
    while (!path.empty()) {
      const bool is_escape = path[0] == '%';
      const auto digits = std::string(path.substr(1, is_escape ? 2 : 0));
      if (is_escape && (digits.size() < 2 || digits == "00")) return false;
      if (digits.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) return false;
      facts_.path += is_escape ? static_cast<char>(std::stoi(digits, nullptr, 16)) : path[0];
      path.remove_prefix(1 + digits.size());
    }
    return true;
  }

  bool header(std::string_view line) {
    if (line.find(':') == std::string_view::npos) return false;
    const auto name = take(line, ":");
    const bool printable = std::all_of(line.begin(), line.end(), [](char c) {
      return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F);
    });
    facts_.headers.emplace_back(name, trimmed(line));
    return is_token(name) && printable;
  }

  std::vector<std::string> values(std::string_view name) const {
    std::vector<std::string> all;
    for (const auto& [given, value] : facts_.headers) {
      if (lower(given) == name) all.push_back(value);
    }
    return all;
  }

  bool meaning() {
    const auto lengths = values("content-length"), codings = values("transfer-encoding");
    const auto hosts = values("host").size();
    if (hosts > 1 || (hosts == 0 && facts_.http_minor == 1) || lengths.size() + codings.size() > 1) return false;
    if (!lengths.empty() && !length(lengths[0])) return false;
    facts_.chunked = !codings.empty();
    if (facts_.chunked && (lower(codings[0]) != "chunked" || facts_.http_minor == 0)) return false;
    return options();
  }

  bool length(const std::string& digits) {
    if (digits.empty() || digits.find_first_not_of("0123456789") != std::string::npos) return false;
    facts_.content_length = 0;
    for (const char c : digits) {
      if (__builtin_mul_overflow(facts_.content_length, 10, &facts_.content_length)) return false;
      if (__builtin_add_overflow(facts_.content_length, c - '0', &facts_.content_length)) return false;
    }
    return true;
  }

  /// What stands in Connection, and in Proxy-Connection, which Beast takes for the same.
  bool options() {
    bool close = false, keep = false, upgrade = false;
    for (const char* name : {"connection", "proxy-connection"}) {
      for (const auto& value : values(name)) {
        for (std::string_view rest = value; !rest.empty();) {
          const auto option = lower(trimmed(take(rest, ",")));
          if (!option.empty() && !is_token(option)) return false;
          close = close || option == "close";
          keep = keep || option == "keep-alive";
          upgrade = upgrade || option == "upgrade";
        }
      }
    }
    facts_.keep_alive = facts_.http_minor == 1 ? !close : keep;
    facts_.upgrade = upgrade && !values("upgrade").empty();
    return true;
  }

  Facts facts_;
};

// -------------------------------------------------------------------------------------------------- the head under
// test

/// A view of what is to lie inside `where`; an empty one may lie anywhere.
std::string inside(omnibroker_text text, std::string_view where, const char* what) {
  const std::less_equal<const char*> not_after;
  const bool fits = text.size == 0 || (not_after(where.data(), text.data) &&
                                       not_after(text.data + text.size, where.data() + where.size()));
  require(fits, what);
  return std::string(text.data, text.size);
}

Facts facts_of(RequestHead& head, std::string_view bytes) {
  static const std::string mount = "/mount";
  require(head.size() <= bytes.size(), "it is longer than what has come");
  const auto own = bytes.substr(0, head.size());
  const auto* request = head.request(mount);
  require(request->struct_size == sizeof *request && request->secure == 0, "the struct is not whole");
  require(inside(request->mount, mount, "the mount is a copy") == mount, "the mount is another one");
  require(request->query.size == 0 || request->query.data[-1] == '?', "the query begins elsewhere");
  Facts facts;
  facts.size = head.size();
  facts.method = inside(request->method, own, "the method lies outside");
  facts.target = inside(request->target, own, "the target lies outside");
  facts.path = inside(request->path, head.path(), "the path is not the decoded one");
  facts.query = inside(request->query, own, "the query lies outside");
  for (std::size_t i = 0; i < request->header_count; ++i) {
    facts.headers.emplace_back(inside(request->headers[i]->name, own, "a header's name lies outside"),
                               inside(request->headers[i]->value, own, "a header's value lies outside"));
  }
  facts.http_minor = request->http_minor;
  facts.content_length = request->content_length;
  facts.chunked = request->chunked != 0;
  facts.keep_alive = request->keep_alive != 0;
  facts.upgrade = request->upgrade != 0;
  require(head.is_head_method() == (facts.method == "HEAD"), "HEAD is not recognised");
  require(head.has_body() == (facts.chunked || facts.content_length > 0), "it is wrong about having a body");
  return facts;
}

struct Reading {
  Verdict verdict = Verdict::Incomplete;
  std::optional<Facts> facts;
};

/// Reads a copy in a block of its own, so that the sanitizer sees a step beyond it.
Reading read(RequestHead& head, std::string_view text) {
  const std::vector<std::uint8_t> block(text.begin(), text.end());
  Reading reading;
  reading.verdict = head.parse(block);
  if (reading.verdict == Verdict::Complete) {
    reading.facts = facts_of(head, {reinterpret_cast<const char*>(block.data()), block.size()});
  } else if (reading.verdict == Verdict::Bad) {
    const auto status = head.refusal_status();
    require(status == 400 || status == 414 || status == 431 || status == 501 || status == 505, "an unknown status");
    require(!head.refusal().empty(), "a refusal without a reason");
  }
  return reading;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static RequestHead head(kLimits);  // one for all, as in a worker: nothing may stay behind
  const std::string_view text(reinterpret_cast<const char*>(data), size);

  const auto whole = read(head, text);
  const auto expected = SecondReading::of(text);
  require((whole.verdict == Verdict::Complete) == expected.has_value(), "the second reading comes to another verdict");
  require(whole.facts == expected, "the second reading finds something else in it");

  Reading before;
  for (std::size_t length = 0; length <= size; ++length) {
    auto now = read(head, text.substr(0, length));
    const bool settled = before.verdict != Verdict::Incomplete;
    require(!settled || now.verdict == before.verdict, "more bytes change a verdict that was final");
    require(!settled || now.facts == before.facts, "more bytes change what a whole head says");
    before = std::move(now);
  }
  require(before.verdict == whole.verdict && before.facts == whole.facts, "what was read before makes a difference");
  return 0;
}
