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

/// What a connection owes its peer beside the session's stream.
struct Output {
  std::string control;  ///< Answers and control frames.
  std::size_t control_sent = 0;
  std::string carried;      ///< The rest of a message whose stream was left: goes first.
  std::size_t wake_at = 0;  ///< Where its component is woken, if it has asked: when no more than so many bytes wait.

  bool empty() const { return control.size() == control_sent && carried.empty(); }
};

/// Memory that connections need now and then: an idle connection holds none, and a busy one allocates none.
///
/// Lifecycle: a worker's. Threads: the worker's.
class SpareBuffers {
 public:
  static constexpr std::size_t kBlock = 16 * 1024;  ///< What is given out at least.

  SpareBuffers() {
    blocks_.reserve(kMost);
    outputs_.reserve(kMost);
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

  std::unique_ptr<Output> take_output() {
    if (outputs_.empty()) return std::make_unique<Output>();
    auto output = std::move(outputs_.back());
    outputs_.pop_back();
    return output;
  }
  /// It must be empty.
  void give_back(std::unique_ptr<Output> output) {
    const bool small = output->control.capacity() <= kBlock && output->carried.capacity() <= kBlock;
    if (!small || outputs_.size() == kMost) return;
    output->control.clear();
    output->control_sent = 0;
    outputs_.push_back(std::move(output));
  }

 private:
  static constexpr std::size_t kMost = 64;

  std::vector<Block> blocks_;
  std::vector<std::unique_ptr<Output>> outputs_;
};

}  // namespace omnibroker::core
