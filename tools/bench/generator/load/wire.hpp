#pragma once

#include "settings.hpp"
#include "update_layout.hpp"

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace omnibroker::load {

/// What a client is there for.
enum class Role { Subscriber, Publisher, Silent };

enum class Opcode : std::uint8_t { Continuation = 0, Text = 1, Binary = 2, Close = 8, Ping = 9, Pong = 10 };

using Mask = std::array<char, 4>;
Mask fresh_mask();

/// A whole frame as a client sends it, masked.
std::string client_frame(Opcode opcode, std::string_view payload, const Mask& mask);

/// The head of a frame as a server sends it.
struct FrameHead {
  Opcode opcode;
  bool final;
  bool wrong;  ///< Masked, or with reserved bits: nothing behind it can be trusted.
  std::size_t head_size;
  std::uint64_t payload_size;
};
/// Nothing where it is not whole.
std::optional<FrameHead> read_frame_head(std::string_view bytes);

/// How a dialect puts updates on the wire. Immutable, and shared by all clients of a run.
class Wire {
 public:
  Wire(Dialect dialect, UpdateLayout layout);

  Dialect dialect() const { return dialect_; }
  const UpdateLayout& layout() const { return layout_; }

  /// What a client says first. Empty: nothing, and it need not wait for an answer.
  std::string greeting(Role role) const;

  /// What a publisher's frame carries for one object, and where in it the update begins.
  std::string publication(std::uint64_t prim) const;
  std::size_t update_in_publication() const { return publication_head_.size(); }

  /// One update as it arrives: what stands before and behind it, and its size with both.
  std::string_view arrival_head() const { return arrival_head_; }
  /// The first eight bytes of an arrival as they lie in memory; only the bits of the mask are the same in all.
  std::uint64_t arrival_word() const { return arrival_word_; }
  std::uint64_t arrival_word_mask() const { return arrival_word_mask_; }
  std::size_t arrival_size() const { return arrival_head_.size() + layout_.size() + arrival_tail_.size(); }

 private:
  void name_subject(const std::string& size);

  const Dialect dialect_;
  const UpdateLayout layout_;
  std::string publication_head_, publication_tail_;
  std::string arrival_head_, arrival_tail_;
  std::uint64_t arrival_word_ = 0, arrival_word_mask_ = 0;
};

inline std::uint64_t word_at(const char* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof(word));
  return word;
}

}  // namespace omnibroker::load
