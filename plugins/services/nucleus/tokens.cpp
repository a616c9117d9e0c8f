#include "tokens.hpp"

#include <array>
#include <stdexcept>
#include <utility>

#include <Poco/Crypto/OpenSSLInitializer.h>
#include <Poco/Exception.h>
#include <Poco/JWT/Serializer.h>
#include <Poco/JWT/Signer.h>
#include <Poco/JWT/Token.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

namespace omnibroker::plugins::nucleus {
namespace {

constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

Poco::Timestamp poco_time(std::chrono::system_clock::time_point time) {
  return Poco::Timestamp(std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count());
}

}  // namespace

std::string random_word(std::size_t length) {
  std::string word;
  while (word.size() < length) {
    std::array<unsigned char, 64> bytes{};
    if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) throw std::runtime_error("No random bytes");
    for (const auto byte : bytes) {
      // 252 is the largest multiple of 36 below 256: every letter is as likely as any other.
      if (byte < 252 && word.size() < length) word += kLetters[byte % kLetters.size()];
    }
  }
  return word;
}

std::string signature(std::string_view key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
           text.size(), digest.data(), &size) == nullptr) {
    throw std::runtime_error("HMAC-SHA256 is not available");
  }
  std::string hex;
  constexpr std::string_view digits = "0123456789abcdef";
  for (unsigned i = 0; i < size; ++i) (hex += digits[digest[i] >> 4]) += digits[digest[i] & 15];
  return hex;
}

bool same_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

AccessTokens::AccessTokens(std::string key)
    : key_(std::move(key)), openssl_(std::make_shared<Poco::Crypto::OpenSSLInitializer>()) {}

std::string AccessTokens::make(const store::User& user, std::chrono::nanoseconds lifetime) const {
  const auto now = std::chrono::system_clock::now();
  Poco::JWT::Token token;
  token.setType("JWT");
  token.setSubject(user.name);
  token.setId(random_word(22));
  token.setIssuedAt(poco_time(now));
  token.setExpiration(poco_time(now + std::chrono::duration_cast<std::chrono::microseconds>(lifetime)));
  Poco::JSON::Object profile;
  profile.set("first_name", user.profile.first_name);
  profile.set("last_name", user.profile.last_name);
  profile.set("email", user.profile.email);
  profile.set("admin", user.admin);
  profile.set("nucleus_ro", user.read_only);
  profile.set("readonly", user.read_only);
  profile.set("provider", "internal");
  profile.set("enabled", user.enabled);
  profile.set("activated", true);
  token.payload().set("profile", profile);
  token.payload().set("uid", user.id);
  token.payload().set("password_version", user.password_version);
  Poco::JWT::Signer signer(key_);
  return signer.sign(token, Poco::JWT::Signer::ALGO_HS256);
}

std::optional<AccessTokens::Read> AccessTokens::read(std::string_view text) const {
  try {
    Poco::JWT::Signer signer(key_);
    signer.setAlgorithms({Poco::JWT::Signer::ALGO_HS256});
    Poco::JWT::Token token;
    if (!signer.tryVerify(std::string(text), token)) return std::nullopt;
    Read read;
    read.user = token.getSubject();
    read.id = token.payload().optValue<std::int64_t>("uid", 0);
    read.password_version = token.payload().optValue<std::uint64_t>("password_version", 0);
    read.expired = token.getExpiration() <= Poco::Timestamp();
    if (read.user.empty() || read.id == 0) return std::nullopt;
    return read;
  } catch (const Poco::Exception&) {
    return std::nullopt;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

}  // namespace omnibroker::plugins::nucleus
