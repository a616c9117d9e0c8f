#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace omnibroker::core {

/// A block of memory and how much of it there is.
struct Block {
  std::unique_ptr<std::uint8_t[]> bytes;
  std::size_t capacity = 0;
};

/// Memory that connections need now and then: an idle connection holds none, and a busy one allocates none.
///
/// Lifecycle: a worker's. Threads: the worker's.
class SpareBuffers {
 public:
  static constexpr std::size_t kBlock = 16 * 1024;  ///< What is given out at least.

  SpareBuffers() {
    blocks_.reserve(kMost);
    texts_.reserve(kMost);
  }

  Block take_block(std::size_t capacity) {
    if (capacity > kBlock || blocks_.empty()) {
      const auto size = capacity > kBlock ? capacity : kBlock;
      return {std::make_unique_for_overwrite<std::uint8_t[]>(size), size};
    }
    auto block = std::move(blocks_.back());
    blocks_.pop_back();
    return block;
  }
  void give_back(Block block) {
    if (block.capacity == kBlock && blocks_.size() < kMost) blocks_.push_back(std::move(block));
  }

  std::string take_text() {
    if (texts_.empty()) return {};
    auto text = std::move(texts_.back());
    texts_.pop_back();
    return text;
  }
  void give_back(std::string text) {
    text.clear();
    if (text.capacity() <= kBlock && texts_.size() < kMost) texts_.push_back(std::move(text));
  }

 private:
  static constexpr std::size_t kMost = 64;

  std::vector<Block> blocks_;
  std::vector<std::string> texts_;
};

}  // namespace omnibroker::core
