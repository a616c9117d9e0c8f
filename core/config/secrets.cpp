#include "config/secrets.hpp"

#include "config/files.hpp"
#include "config/wording.hpp"

#include <cstddef>

namespace omnibroker::core {
namespace {

constexpr std::size_t kMaxSecret = 64 * 1024;
constexpr std::string_view kFile = "file:";

}  // namespace

Result<std::string> fetch_secret(const std::string& written, const std::filesystem::path& folder,
                                 const Environment& environment) {
  if (written.starts_with("env:")) {
    const auto name = written.substr(4);
    std::string value;
    if (environment && environment(name, value)) return value;
    return Error{ErrorCode::NotFound, "the variable " + shown(name) + ", which holds the secret, is not set"};
  }
  const auto file = secret_file(written, folder);
  if (!file) return written;
  const auto name = written.substr(kFile.size());
  auto content = read_small_file(*file, kMaxSecret);
  if (!content) {
    return Error{content.error().code,
                 "the secret's file " + shown(name) + " cannot be read: " + content.error().message};
  }
  auto secret = std::move(content).value();
  if (secret.ends_with('\n')) secret.pop_back();
  if (secret.ends_with('\r')) secret.pop_back();
  return secret;
}

std::optional<std::filesystem::path> secret_file(const std::string& written, const std::filesystem::path& folder) {
  if (!written.starts_with(kFile)) return std::nullopt;
  return relative_to(folder, written.substr(kFile.size()));
}

}  // namespace omnibroker::core
