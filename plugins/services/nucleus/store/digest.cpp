#include "digest.hpp"

#include "refusal.hpp"

#include <algorithm>
#include <array>

#include <openssl/evp.h>

namespace omnibroker::nucleus::store {

namespace {

constexpr std::array<unsigned char, 32> kCheckKey = {'o', 'm', 'n', 'i', 'b', 'r', 'o', 'k', 'e', 'r', ' ',
                                                     'n', 'u', 'c', 'l', 'e', 'u', 's', ' ', 'b', 'l', 'o',
                                                     'c', 'k', ' ', 'c', 'h', 'e', 'c', 'k', ' ', '1'};

void must(int worked) {
  if (worked != 1) refuse(Code::InternalError, "OpenSSL cannot hash");
}

const unsigned char* raw(std::string_view bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }

EVP_MAC* poly1305() {
  static EVP_MAC* const algorithm = EVP_MAC_fetch(nullptr, "POLY1305", nullptr);
  must(algorithm != nullptr);
  return algorithm;
}

void begin(EVP_MAC_CTX* context) { must(EVP_MAC_init(context, kCheckKey.data(), kCheckKey.size(), nullptr)); }

}  // namespace

std::string digest_of(std::string_view bytes) {
  std::string out(kDigestSize, '\0');
  must(EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(out.data()), nullptr, EVP_sha256(),
                  nullptr));
  return out;
}

std::string check_of(std::string_view block) {
  const std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)> context(EVP_MAC_CTX_new(poly1305()),
                                                                          &EVP_MAC_CTX_free);
  must(context != nullptr);
  begin(context.get());
  must(EVP_MAC_update(context.get(), raw(block), block.size()));
  std::string out(kCheckSize, '\0');
  std::size_t size = 0;
  must(EVP_MAC_final(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size, out.size()));
  return out;
}

std::string hex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

std::optional<std::string> digest_from_hex(std::string_view text) {
  if (text.size() != kDigestSize * 2) return {};
  const auto value = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = value(text[i]), low = value(text[i + 1]);
    if (high < 0 || low < 0) return {};
    out += static_cast<char>(high * 16 + low);
  }
  return out;
}

void ContentHash::Free::operator()(evp_md_ctx_st* context) const { EVP_MD_CTX_free(context); }
void ContentHash::Free::operator()(evp_mac_ctx_st* context) const { EVP_MAC_CTX_free(context); }

ContentHash::ContentHash() : digest_(EVP_MD_CTX_new()), check_(EVP_MAC_CTX_new(poly1305())) {
  must(digest_ && check_);
  must(EVP_DigestInit_ex(digest_.get(), EVP_sha256(), nullptr));
  begin(check_.get());
}

void ContentHash::add(std::string_view bytes) {
  must(EVP_DigestUpdate(digest_.get(), bytes.data(), bytes.size()));
  size_ += bytes.size();
  while (!bytes.empty()) {
    const auto part = bytes.substr(0, kBlock - in_block_);
    must(EVP_MAC_update(check_.get(), raw(part), part.size()));
    in_block_ += part.size();
    bytes.remove_prefix(part.size());
    if (in_block_ == kBlock) finish_block();
  }
}

void ContentHash::finish_block() {
  std::array<unsigned char, kCheckSize> out{};
  std::size_t size = 0;
  must(EVP_MAC_final(check_.get(), out.data(), &size, out.size()));
  checks_.append(reinterpret_cast<const char*>(out.data()), size);
  in_block_ = 0;
  begin(check_.get());
}

ContentHash::Sums ContentHash::finish() {
  if (in_block_ > 0) finish_block();
  Sums sums{std::string(kDigestSize, '\0'), std::move(checks_)};
  must(EVP_DigestFinal_ex(digest_.get(), reinterpret_cast<unsigned char*>(sums.digest.data()), nullptr));
  return sums;
}

}  // namespace omnibroker::nucleus::store
