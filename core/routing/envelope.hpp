#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <omnibroker/abi.h>

namespace omnibroker::core {

/// Reads one message: the one JSON parse it gets, on the bytes where they lie.
///
/// Everything is validated, skipped parts too, because what is forwarded is the sender's own bytes. `InvalidJson`: not
/// UTF-8, not one JSON value, deeper than 32 levels, a duplicate key in the message's own object (escapes resolved), a
/// trailing comma, NaN or Infinity, a lone surrogate, a number beyond a double's range. `InvalidFormat`: JSON, but not
/// an object, or without a `type` that is a string and not empty.
///
/// Nothing is allocated per message once its buffers have grown to the largest message.
/// Lifecycle: views stay valid until the next `parse`, and as long as the bytes.
/// Threads: one at a time; each worker has its own.
class Envelope {
 public:
  /// How many bytes behind a message must be readable (their values do not matter).
  static constexpr std::size_t kPadding = 64;
  static constexpr int kMaxDepth = 32;

  /// The same from now on. What was parsed is gone.
  void set_largest(std::size_t largest);

  enum class Verdict { Ok, InvalidJson, InvalidFormat };

  /// `largest`: the longest message that will be parsed.
  explicit Envelope(std::size_t largest);
  ~Envelope();

  Verdict parse(const std::uint8_t* bytes, std::size_t size);

  /// For InvalidFormat: what the message must be, as a sentence for the client.
  std::string_view problem() const;

  /// The message without white space around it.
  std::string_view payload() const;
  std::string_view type() const;

  /// The functions of omnibroker_host_message_v1 on this message.
  omnibroker_status field(std::string_view name, omnibroker_json& out) const;
  omnibroker_status member(const omnibroker_json& object, std::string_view name, omnibroker_json& out) const;
  std::size_t count(const omnibroker_json& container) const;
  omnibroker_status at(const omnibroker_json& container, std::size_t index, omnibroker_text* key,
                       omnibroker_json& out) const;

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace omnibroker::core
