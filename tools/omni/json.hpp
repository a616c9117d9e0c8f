#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace omni {

/// How many bytes the character at `at` has, in UTF-8; 0 where there is none.
std::size_t utf8_length(std::string_view bytes, std::size_t at);

/// Whether bytes are UTF-8 as RFC 3629 has it.
bool is_utf8(std::string_view bytes);

/// A JSON object that is written from its first member to its last.
class Json {
 public:
  Json& text(const char* name, std::string_view value);
  /// What is null is left out.
  Json& text(const char* name, const char* value);
  Json& number(const char* name, std::uint64_t value);
  Json& truth(const char* name, bool value);
  Json& list(const char* name, const std::vector<std::string>& values);
  Json& object(const char* name, const Json& value);
  /// As `name` where it is UTF-8, as `name_base64` otherwise.
  Json& bytes(const char* name, std::string_view value);

  std::string str() const { return "{" + members_ + "}"; }

 private:
  Json& member(const char* name, const std::string& written);
  std::string members_;
};

}  // namespace omni
