#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

struct evp_md_ctx_st;
struct evp_mac_ctx_st;

namespace omnibroker::nucleus::store {

/// What is checked before a read answers it: content in pieces of this size.
inline constexpr std::size_t kBlock = std::size_t{1} << 20;
inline constexpr std::size_t kCheckSize = 16;
inline constexpr std::size_t kDigestSize = 32;

/// SHA-256, 32 bytes: the name of a content.
std::string digest_of(std::string_view bytes);
/// Poly1305 under a fixed key, 16 bytes. It keeps no secret: it sees what a failing disk does to a block, seven times
/// as fast as SHA-256 would.
std::string check_of(std::string_view block);

std::string hex(std::string_view bytes);
/// Nothing if it is not `kDigestSize` bytes in hexadecimal digits.
std::optional<std::string> digest_from_hex(std::string_view text);

/// Computes the digest of a content and the checks of its blocks, piece by piece.
class ContentHash {
 public:
  ContentHash();
  ContentHash(ContentHash&&) noexcept = default;
  ContentHash& operator=(ContentHash&&) noexcept = default;

  void add(std::string_view bytes);
  std::uint64_t size() const { return size_; }

  struct Sums {
    std::string digest;
    std::string checks;  ///< One after the other.
  };
  /// Ends it.
  Sums finish();

 private:
  void finish_block();

  struct Free {
    void operator()(evp_md_ctx_st* context) const;
    void operator()(evp_mac_ctx_st* context) const;
  };

  std::unique_ptr<evp_md_ctx_st, Free> digest_;
  std::unique_ptr<evp_mac_ctx_st, Free> check_;
  std::string checks_;
  std::uint64_t size_ = 0;
  std::size_t in_block_ = 0;
};

}  // namespace omnibroker::nucleus::store
