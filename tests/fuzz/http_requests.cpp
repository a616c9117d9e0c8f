// Requests made of any bytes, on a host of memory: whatever comes, the transport answers or waits, keeps the host's
// rules, and says exactly what its answer's length says.
//
// The input is cut at its NUL bytes: which request, the rest of its target (the query; of a request for one object also
// the path), four header values, and the body, which is fed in pieces.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include <omnibroker/plugin.hpp>
#include <omnibroker/testing/component_under_test.hpp>
#include <omnibroker/testing/fake_host.hpp>

namespace {

using namespace omnibroker;

constexpr const char* kRequests[] = {"POST /api/sessions",     "POST /api/messages", "GET /api/events",
                                     "DELETE /api/sessions/x", "GET /api/health",    "OPTIONS /api/messages",
                                     "PUT /api/status",        "HEAD /api/events",   "POST /api/nothing",
                                     "GET /api/objects",       "GET /api/objects/",  "HEAD /api/objects"};
constexpr std::uint64_t kControlQueue = 600;  // a page of objects is as large as a quarter of it

/// What GET /api/objects finds: keys that must be written as JSON and asked for with escapes, more than one page holds,
/// and a type of which nothing is kept.
void keep_objects(testing::FakeHost& host) {
  host.set_limit("max_control_queue", kControlQueue);
  for (const auto* key : {"", "/World/A", "/World/B", "/World/B/C", "/World/\"\\\x01", "World", "\xc3\xa4 %2F?#"}) {
    host.set_latest("coordinate_update", key, R"({"type":"coordinate_update","latitude":37.1,"longitude":127.9})");
  }
  host.set_latest("reading", "/World/A", "{}");
  host.set_latest("secret", "/World/A", R"({"type":"secret"})");
}

class Parts {
 public:
  explicit Parts(std::string_view bytes) : rest_(bytes) {}

  std::string next() {
    const auto end = std::min(rest_.find('\0'), rest_.size());
    std::string part(rest_.substr(0, end));
    rest_.remove_prefix(std::min(end + 1, rest_.size()));
    return part;
  }
  /// The host lets no control character through in a head.
  std::string next_in_head() {
    auto part = next();
    std::erase_if(part, [](char c) { return static_cast<unsigned char>(c) <= ' '; });
    return part;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

void require(bool holds, const char* what, std::string_view detail) {
  if (holds) return;
  std::fprintf(stderr, "%s: %.*s\n", what, static_cast<int>(detail.size()), detail.data());
  std::abort();
}

void check_answer(const std::string& request, std::string_view written) {
  if (written.starts_with("HTTP/1.1 100 Continue\r\n\r\n")) written.remove_prefix(25);
  if (written.empty()) return;
  require(written.starts_with("HTTP/1.1 "), "not an answer", written);
  const auto end = written.find("\r\n\r\n");
  require(end != std::string_view::npos, "an answer without an end of its head", written);
  const auto length = written.substr(0, end).find("Content-Length: ");
  if (length == std::string_view::npos || request.starts_with("HEAD")) return;
  const auto announced = std::strtoul(std::string(written.substr(length + 16)).c_str(), nullptr, 10);
  require(written.size() - end - 4 == announced, "a body of another length than announced", written);
  require(written.find("\"secret\"") == std::string_view::npos, "a type that the option does not list", written);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  testing::FakeHost host;
  host.set_limit("max_body", 200);
  host.on_submit([](const testing::Submitted& message) {
    return testing::RouterAnswer{.payload = "{}", .refused = message.payload.size() % 2 == 1, .code = "UNAUTHORIZED"};
  });
  keep_objects(host);
  testing::ComponentUnderTest transport(
      host, *omnibroker_plugin_entry_v1(), "http",
      {{"allowed_origins", "[\"https://a.example\"]"}, {"objects", "[\"coordinate_update\",\"reading\",\"unkept\"]"}});
  require(static_cast<bool>(transport.bring_up()), "the transport does not start", "");

  const std::string request = kRequests[data[0] % std::size(kRequests)];
  const auto piece = static_cast<std::size_t>(data[1] % 16 + 1);
  Parts parts({reinterpret_cast<const char*>(data) + 2, size - 2});
  std::string head = request + (request.ends_with('/') ? "" : "?") + parts.next_in_head() + " HTTP/1." +
                     (data[1] & 16 ? "0" : "1") + "\r\n";
  for (const auto* name : {"Authorization: Bearer ", "Content-Type: ", "Expect: ", "Origin: "}) {
    if (const auto value = parts.next_in_head(); !value.empty()) head += name + value + "\r\n";
  }
  const auto body = parts.rest();
  const bool chunked = (data[1] & 32) != 0;
  head += chunked ? "Transfer-Encoding: chunked\r\n" : "Content-Length: " + std::to_string(body.size()) + "\r\n";

  auto& connection = host.connect(transport, "/api");
  connection.feed(head + "\r\n");
  for (std::size_t at = 0; at < body.size() && connection.open() && connection.requests_ended() == 0; at += piece) {
    connection.feed(body.substr(at, piece));
  }
  if (connection.open()) connection.end_input();

  check_answer(request, connection.written());
  for (const auto& violation : host.violations()) {
    // What is behind a chunked body's end is the next request to the host, and nothing that this target makes is one.
    require(violation.starts_with("the test sent"), "a rule of the host was broken", violation);
  }
  return 0;
}
