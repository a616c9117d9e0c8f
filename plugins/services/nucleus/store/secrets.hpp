#pragma once

#include <string>
#include <string_view>

namespace omnibroker::nucleus::store {

/// `size` bytes that nobody can guess.
std::string random_bytes(std::size_t size);
/// A token: 32 random bytes as 43 characters that need no escaping anywhere (base64url).
std::string new_token();

/// What is kept of a password: scrypt with N = 2^15, r = 8, p = 1 and 16 bytes of salt, each in the text, so that later
/// passwords can have other costs. Takes about a tenth of a second and 32 MiB.
std::string password_hash(std::string_view password);
/// Whether `password` made `hash`. An empty hash takes the same time, and no password fits it.
bool password_fits(std::string_view password, const std::string& hash);

}  // namespace omnibroker::nucleus::store
