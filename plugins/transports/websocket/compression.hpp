#pragma once

#include "config.hpp"
#include "deflate.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include <omnibroker/host.hpp>

namespace omnibroker::plugins::websocket {

/// Lends compressors or decompressors, each to one borrower at a time, and keeps those that come back: as many as were
/// ever in use at once, and no more than `kBound`; what comes back beyond that is freed.
///
/// Lifecycle: outlives what it has lent. Threads: any.
template <class Stream>
class StreamPool {
 public:
  static constexpr std::size_t kBound = 64;

  StreamPool() { idle_.reserve(kBound); }

  struct GiveBack {
    StreamPool* pool = nullptr;
    void operator()(Stream* stream) const { pool->give_back(std::unique_ptr<Stream>(stream)); }
  };
  using Lease = std::unique_ptr<Stream, GiveBack>;

  /// `make()` answers a new one, where none is idle.
  template <class Make>
  Lease take(Make&& make) {
    if (auto idle = take_idle()) return Lease(idle.release(), GiveBack{this});
    return Lease(make().release(), GiveBack{this});
  }

 private:
  std::unique_ptr<Stream> take_idle() {
    const std::lock_guard lock(mutex_);
    if (idle_.empty()) return nullptr;
    auto stream = std::move(idle_.back());
    idle_.pop_back();
    return stream;
  }
  void give_back(std::unique_ptr<Stream> stream) {
    stream->trim();
    const std::lock_guard lock(mutex_);
    if (idle_.size() < kBound) idle_.push_back(std::move(stream));
  }

  std::mutex mutex_;  // guards idle_
  std::vector<std::unique_ptr<Stream>> idle_;
};

/// What the connections of one transport share for compressed messages: the settings in force, and the compressors.
///
/// Both are lent for one message: to a worker that encodes or decodes it, never to a connection. So there are as many
/// as workers at work, whatever the number of clients.
///
/// Threads: any.
class Compression {
 public:
  Compression(const Host& host, const Config& config);

  /// Other settings, from the next message on.
  void set(const Config& config);
  /// Whether a message of this size is compressed, where its receivers can read that.
  bool wants(std::size_t size) const { return size >= min_size_.load(std::memory_order_relaxed); }

  using LentDeflater = StreamPool<Deflater>::Lease;
  using LentInflater = StreamPool<Inflater>::Lease;
  /// `window_bits`: 9 to 15.
  LentDeflater deflater(unsigned window_bits);
  LentInflater inflater();
  int level() const { return level_.load(std::memory_order_relaxed); }

  /// A message has been compressed from so many bytes to so many.
  void count(std::size_t before, std::size_t after) const;

 private:
  static constexpr unsigned kLeastWindow = 9;
  static constexpr std::size_t kWindows = 7;

  // Each alone says all that its reader wants to know, so their order is nobody's concern.
  std::atomic<std::uint64_t> min_size_{0};
  std::atomic<int> level_{1};
  std::array<StreamPool<Deflater>, kWindows> deflaters_;  // by window
  StreamPool<Inflater> inflaters_;
  Metric messages_, saved_, made_;
};

}  // namespace omnibroker::plugins::websocket
