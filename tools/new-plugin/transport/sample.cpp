#include <algorithm>
#include <memory>
#include <span>
#include <string_view>

#include <omnibroker/plugin.hpp>

namespace {

using namespace omnibroker;

/// One connection: what comes behind the request head are messages, one a line; what goes out too.
///
/// Lifecycle: made by `open`, destroyed when the connection is gone. Threads: the connection's worker.
class Lines final : public Exchange {
 public:
  explicit Lines(Connection connection) : connection_(connection) {}

  std::size_t receive(std::span<std::uint8_t> bytes) override {
    std::size_t consumed = 0;
    while (true) {
      const auto rest = bytes.subspan(consumed);
      const auto end = std::find(rest.begin(), rest.end(), std::uint8_t{'\n'});
      if (end == rest.end()) return consumed;  // half a line: it comes again, with more behind it
      const auto size = static_cast<std::size_t>(end - rest.begin());
      if (size > 0) connection_.submit(0, Encoding::Text, rest.first(size));
      consumed += size + 1;
    }
  }
  void shutdown(ShutdownReason, std::string_view) override { connection_.close(Flush::Yes); }
  void end_of_input() override { connection_.close(Flush::Yes); }

 private:
  Connection connection_;
};

/// Messages as lines of text over one HTTP connection in both directions (`application/x-ndjson`): try it with
/// `curl -N -T - http://localhost:8000/lines`.
///
/// A transport is a protocol without I/O: it is told which bytes came and says which go out. Workers call at once, each
/// for its own connections.
class Sample final : public Transport {
 public:
  explicit Sample(Host) {}

  std::unique_ptr<Exchange> open(Connection connection, const Request& request) override {
    if (request.chunked() || request.method() == "HEAD") return refuse(connection, "400 Bad Request");
    if (const auto session = connection.open_session(); !session) return refuse(connection, "503 Service Unavailable");
    connection.write("HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nConnection: close\r\n\r\n");
    return std::make_unique<Lines>(connection);
  }
  void encode(const omnibroker_payload& payload, const Sink& out) const override {
    out.append(view(payload.bytes));
    out.append("\n");
  }

 private:
  static std::unique_ptr<Exchange> refuse(Connection connection, std::string_view status) {
    connection.write("HTTP/1.1 " + std::string(status) + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    connection.close(Flush::Yes);
    return nullptr;
  }
};

}  // namespace

OMNIBROKER_PLUGIN("sample", "0.1.0", "Messages as lines of text.",
                  component<Sample>("sample", "One message a line, in both directions."))
