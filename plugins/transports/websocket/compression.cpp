#include "compression.hpp"

#include <limits>

namespace omnibroker::plugins::websocket {

Compression::Compression(const Host& host, const Config& config)
    : messages_(host.counter("websocket_compressed_messages_total", "Messages that were compressed, once for all.")),
      saved_(host.counter("websocket_compressed_saved_bytes_total", "Bytes that compressed messages are smaller.")),
      made_(host.counter("websocket_compressors_made_total", "Compressors and decompressors: made once, then kept.")) {
  set(config);
}

void Compression::set(const Config& config) {
  constexpr auto never = std::numeric_limits<std::uint64_t>::max();
  min_size_.store(config.compresses() ? config.compression_min_size.bytes : never, std::memory_order_relaxed);
  level_.store(config.compression_level, std::memory_order_relaxed);
}

Compression::LentDeflater Compression::deflater(unsigned window_bits) {
  return deflaters_.at(window_bits - kLeastWindow).take([&] {
    made_.add();
    return std::make_unique<Deflater>(window_bits);
  });
}

Compression::LentInflater Compression::inflater() {
  return inflaters_.take([&] {
    made_.add();
    return std::make_unique<Inflater>();
  });
}

void Compression::count(std::size_t before, std::size_t after) const {
  messages_.add();
  saved_.add(static_cast<std::int64_t>(before - after));
}

}  // namespace omnibroker::plugins::websocket
