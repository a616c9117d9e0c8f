#pragma once

#include "session/position.hpp"
#include "session/stamp.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

namespace omnibroker::core {

/// Accepted messages on their way to another worker, end to end in one block of memory: what one turn brings together
/// crosses as a whole, and the block is used again.
///
/// Threads: whoever holds it.
class Parcels {
 public:
  struct Parcel {
    std::size_t route = 0;
    std::string_view payload;
    std::string_view latest_key;
    Position position;
    Stamp stamp{};
    std::uint64_t epoch = 0;  ///< Of the pipeline that it was admitted by.
  };

  bool empty() const { return bytes_.empty(); }
  std::size_t size() const { return bytes_.size(); }
  std::size_t capacity() const { return bytes_.capacity(); }
  void clear() {
    most_ = std::max(most_, bytes_.size());
    bytes_.clear();
  }
  void swap(Parcels& other) {
    bytes_.swap(other.bytes_);
    std::swap(most_, other.most_);
  }
  /// Called now and then: gives back a large block of which little was used since the last call.
  void release_unused() {
    const auto used = std::exchange(most_, 0);
    if (bytes_.empty() && bytes_.capacity() > kAlwaysKept && used < bytes_.capacity() / kTooLarge) {
      std::vector<char>().swap(bytes_);
    }
  }

  void append(const Parcel& parcel) {
    const Head head{parcel.route,    parcel.epoch, parcel.payload.size(), parcel.latest_key.size(),
                    parcel.position, parcel.stamp};
    const auto at = bytes_.size();
    bytes_.resize(at + sizeof head + head.payload + head.key);
    std::memcpy(&bytes_[at], &head, sizeof head);
    if (head.payload > 0) std::memcpy(&bytes_[at + sizeof head], parcel.payload.data(), head.payload);
    if (head.key > 0) std::memcpy(&bytes_[at + sizeof head + head.payload], parcel.latest_key.data(), head.key);
  }
  void append(const Parcels& others) { bytes_.insert(bytes_.end(), others.bytes_.begin(), others.bytes_.end()); }

  /// Shows them in the order of `append`. They lie in this block until it changes.
  template <class Visit>
  void each(Visit visit) const {
    for (std::size_t at = 0; at < bytes_.size();) {
      Head head;
      std::memcpy(&head, &bytes_[at], sizeof head);
      const char* payload = bytes_.data() + at + sizeof head;
      const char* key = payload + head.payload;
      visit(Parcel{head.route, {payload, head.payload}, {key, head.key}, head.position, head.stamp, head.epoch});
      at += sizeof head + head.payload + head.key;
    }
  }

 private:
  static constexpr std::size_t kAlwaysKept = 512 * 1024;
  static constexpr std::size_t kTooLarge = 8;  // times what was used

  struct Head {
    std::size_t route;
    std::uint64_t epoch;
    std::size_t payload;
    std::size_t key;
    Position position;
    Stamp stamp;
  };

  std::vector<char> bytes_;
  std::size_t most_ = 0;  // bytes that were used at once since the last release_unused
};

}  // namespace omnibroker::core
