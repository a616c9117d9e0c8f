#pragma once

#include "store/store.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace omnibroker::plugins::nucleus {

namespace store = omnibroker::nucleus::store;

/// Random letters and digits that nobody can guess: A to Z and 0 to 9.
std::string random_word(std::size_t length);
/// Hexadecimal digits of HMAC-SHA256.
std::string signature(std::string_view key, std::string_view text);
/// Whether two secrets are the same, in a time that does not tell where they differ.
bool same_secret(std::string_view a, std::string_view b);

/// Makes and checks access tokens: JSON Web Tokens, signed with HS256 by a key that stays with the store.
///
/// Threads: any.
class AccessTokens {
 public:
  explicit AccessTokens(std::string key);

  std::string make(const store::User& user, std::chrono::nanoseconds lifetime) const;
  /// The user that it was made for; nothing where the signature is not ours.
  struct Read {
    std::string user;
    std::int64_t id = 0;                 ///< Of that user: another one may have the name by now.
    std::uint64_t password_version = 0;  ///< When it was made.
    bool expired = false;

    store::Actor actor() const { return {user, {}, false, id, password_version}; }
    /// Whether this is who it was made for, with the password that he had then.
    bool is_for(const store::User& now) const {
      return now.name == user && now.id == id && now.password_version == password_version;
    }
  };
  std::optional<Read> read(std::string_view token) const;

 private:
  const std::string key_;
  /// Poco starts OpenSSL with the first signer and ends it with the last, and is not safe from threads that do so at
  /// once.
  const std::shared_ptr<void> openssl_;
};

}  // namespace omnibroker::plugins::nucleus
