#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <omnibroker/abi.h>
#include <omnibroker/transport.hpp>

namespace omnibroker::testing {

class ComponentUnderTest;
class FakeHost;

namespace detail {
struct ConnectionState;
}

/// One connection of a FakeHost: the test plays the peer and the host, and sees what the transport has done.
///
/// Bytes are presented to the transport as the broker does it: what it does not consume comes again, as the transport
/// left it, with new bytes behind, and also without any (behind what it has consumed, after its timer, after a reply).
/// Each presentation lies in a heap block of exactly its size, so that a sanitizer sees a transport that reads past the
/// end, or keeps a pointer into it.
///
/// Lifecycle: made by `FakeHost::connect`, lives as long as the host. Waits for a request head; then the transport has
/// it until it ends the request, and, where that keeps the connection alive, it waits for the next head. Threads: one
/// at a time.
class FakeConnection {
 public:
  enum class Stage {
    AwaitingHead,     ///< The next bytes are a request head.
    Open,             ///< The transport has it.
    Closed,           ///< Ended at once.
    ClosedWithFlush,  ///< Ended after what was written has been sent.
  };

  ~FakeConnection();
  FakeConnection(const FakeConnection&) = delete;
  FakeConnection& operator=(const FakeConnection&) = delete;

  // ------------------------------------------------------------------------------------------------ what the peer does
  /// The peer sends bytes: presented behind what was not consumed.
  void feed(std::string_view bytes);
  /// The same, in pieces of at most `size` bytes.
  void feed_in_pieces(std::string_view bytes, std::size_t size);
  void feed_byte_by_byte(std::string_view bytes) { feed_in_pieces(bytes, 1); }
  /// The peer will send no more, but still reads.
  void end_input();
  /// The peer is gone.
  void disconnect();

  // ------------------------------------------------------------------------------------------------ what the host does
  void shutdown(ShutdownReason reason, std::string_view sentence);
  /// A message of the session's audience: encoded by the transport, and sent. Needs a session attached here.
  void deliver(std::string_view payload, Encoding encoding = Encoding::Text);
  /// The answer to a submit that was to be answered later.
  void reply(std::uint64_t correlation, std::string_view payload, std::string_view refusal_code = {});
  /// Moves the connection to another generation of its transport, as a swap does, and answers how that went. What the
  /// one does not give, or the other does not take, stays with the old one, which goes on.
  omnibroker_status hand_over(ComponentUnderTest& to);
  /// What the transport would export, or nothing where it refuses.
  std::optional<std::string> export_session();
  /// Opens this connection by importing a blob in place of a request head.
  omnibroker_status import_session(std::string_view blob);
  /// While the peer does not read, what is written stays unsent (`Connection::unsent`); `written` has it all the same.
  void set_reading(bool reads);
  /// From now on `write` answers this (CLOSED, RESOURCE_EXHAUSTED) and takes nothing.
  void set_write_status(omnibroker_status status);

  // ----------------------------------------------------------------------------------------- what the transport did
  Stage stage() const;
  bool open() const { return stage() == Stage::Open; }
  bool ended() const { return stage() == Stage::Closed || stage() == Stage::ClosedWithFlush; }
  /// Everything that went out to the peer since the last `take_written`: writes, direct answers, deliveries.
  const std::string& written() const;
  std::string take_written();
  /// What the transport has left in the buffer, as it left it.
  const std::string& unconsumed() const;
  /// When the timer will be called, from now; nothing: it is not armed.
  std::optional<std::chrono::nanoseconds> timer() const;
  /// The attached session, or 0.
  omnibroker_session session() const;
  /// What `set_variant` was given last.
  std::uint32_t variant() const;
  /// The sub-protocol that `agree` was given; empty: none.
  std::string agreed() const;
  /// Of the attached session; empty without one.
  std::string client_id() const;
  /// Requests that were given to the transport, and those that it ended with `end_request`.
  std::size_t requests_opened() const;
  std::size_t requests_ended() const;

 private:
  friend class FakeHost;
  explicit FakeConnection(std::unique_ptr<detail::ConnectionState> state);
  std::unique_ptr<detail::ConnectionState> state_;
};

}  // namespace omnibroker::testing
