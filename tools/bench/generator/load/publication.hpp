#pragma once

#include "probe.hpp"
#include "wire.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace omnibroker::load {

/// The frames of one publisher, masked once and then only renewed: a block with a frame for each of its objects in turn
/// (and again, until it is worth a large send). Before a frame goes out, its number and time are written over, under
/// the mask; nothing is copied.
///
/// `stamp` renews the next frames, `unsent` is what is to be given to the kernel, `sent` says how much it took. When
/// all of the block is out, it begins again at its first frame. Threads: one.
class Publication {
 public:
  Publication(const Wire& wire, Numbering numbering, std::uint64_t publisher);

  /// Renews up to `count` frames, as many as the block still has. Answers how many. `now` on the run's clock.
  std::uint64_t stamp(std::uint64_t count, std::uint64_t now);

  std::string_view unsent() const { return {block_.data() + out_, stamped_ * frame_size_ - out_}; }
  void sent(std::size_t bytes) { out_ += bytes; }
  /// Whether the kernel took a part of a frame, whose rest must come before anything else.
  bool in_frame() const { return out_ % frame_size_ != 0; }

  /// The number of its newest message; also how many there were.
  std::uint64_t newest() const { return newest_; }
  /// The newest number of one of its objects; 0 where it was not sent yet.
  std::uint64_t newest_of(std::uint64_t prim) const;

 private:
  void renew_number();
  void write_masked(char* to, std::size_t offset, const char* digits) const;

  const Numbering numbering_;
  Mask mask_;
  std::size_t number_at_ = 0, time_at_ = 0;  // in a frame's payload
  std::size_t head_size_ = 0, frame_size_ = 0, frames_ = 0;
  std::string block_;
  std::size_t stamped_ = 0;  // frames
  std::size_t out_ = 0;      // bytes
  std::uint64_t newest_ = 0;
  std::string digits_;  // of the newest number
};

}  // namespace omnibroker::load
