#include "secrets.hpp"

#include "digest.hpp"
#include "refusal.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>

namespace omnibroker::nucleus::store {

namespace {

struct Cost {
  std::uint64_t n = 1 << 15;
  std::uint32_t r = 8;
  std::uint32_t p = 1;
};

std::string scrypt(std::string_view password, std::string salt, Cost cost) {
  const std::unique_ptr<EVP_KDF, decltype(&EVP_KDF_free)> algorithm(EVP_KDF_fetch(nullptr, "SCRYPT", nullptr),
                                                                    &EVP_KDF_free);
  const std::unique_ptr<EVP_KDF_CTX, decltype(&EVP_KDF_CTX_free)> context(EVP_KDF_CTX_new(algorithm.get()),
                                                                          &EVP_KDF_CTX_free);
  std::string secret(password);
  std::uint64_t memory = 256 * cost.n * cost.r;
  const std::array parameters = {
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD, secret.data(), secret.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salt.data(), salt.size()),
      OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &cost.n),
      OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &cost.r),
      OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &cost.p),
      OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &memory),
      OSSL_PARAM_construct_end()};
  std::string out(32, '\0');
  const bool worked = context && EVP_KDF_derive(context.get(), reinterpret_cast<unsigned char*>(out.data()), out.size(),
                                                parameters.data()) == 1;
  OPENSSL_cleanse(secret.data(), secret.size());
  if (!worked) refuse(Code::InternalError, "OpenSSL cannot hash passwords with scrypt");
  return out;
}

std::optional<std::string> unhex(std::string_view text) {
  std::string padded(text);
  padded.resize(kDigestSize * 2, '0');
  auto bytes = digest_from_hex(padded);
  if (!bytes || text.size() > padded.size() || text.size() % 2 != 0) return {};
  bytes->resize(text.size() / 2);
  return bytes;
}

/// The parts of `scrypt$N$r$p$salt$hash`.
std::vector<std::string_view> parts(std::string_view text) {
  std::vector<std::string_view> out;
  while (true) {
    const auto end = text.find('$');
    out.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return out;
    text.remove_prefix(end + 1);
  }
}

template <class Number>
bool number(std::string_view text, Number& into) {
  const auto result = std::from_chars(text.data(), text.data() + text.size(), into);
  return result.ec == std::errc() && result.ptr == text.data() + text.size();
}

}  // namespace

std::string random_bytes(std::size_t size) {
  std::string out(size, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(size)) != 1) {
    refuse(Code::InternalError, "OpenSSL has no random numbers");
  }
  return out;
}

std::string new_token() {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const auto bytes = random_bytes(32);
  std::string out;
  unsigned held = 0, bits = 0;
  for (const char c : bytes) {
    held = (held << 8) | static_cast<unsigned char>(c);
    for (bits += 8; bits >= 6; bits -= 6) out += kDigits[(held >> (bits - 6)) & 63u];
    held &= (1u << bits) - 1;
  }
  out += kDigits[(held << (6 - bits)) & 63u];
  return out;
}

std::string password_hash(std::string_view password) {
  if (password.empty()) return {};
  const Cost cost;
  const auto salt = random_bytes(16);
  return "scrypt$" + std::to_string(cost.n) + "$" + std::to_string(cost.r) + "$" + std::to_string(cost.p) + "$" +
         hex(salt) + "$" + hex(scrypt(password, salt, cost));
}

bool password_fits(std::string_view password, const std::string& hash) {
  if (hash.empty()) {
    scrypt(password, std::string(16, '\0'), {});
    return false;
  }
  const auto fields = parts(hash);
  Cost cost;
  const bool known = fields.size() == 6 && fields[0] == "scrypt" && number(fields[1], cost.n) &&
                     number(fields[2], cost.r) && number(fields[3], cost.p);
  const auto salt = known ? unhex(fields[4]) : std::nullopt;
  const auto kept = known ? digest_from_hex(fields[5]) : std::nullopt;
  if (!salt || !kept)
    refuse(Code::InternalError, "the database has a password in a form that this version does not know");
  const auto made = scrypt(password, *salt, cost);
  return CRYPTO_memcmp(made.data(), kept->data(), made.size()) == 0;
}

}  // namespace omnibroker::nucleus::store
