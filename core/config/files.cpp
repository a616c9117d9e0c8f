#include "config/files.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <system_error>

namespace omnibroker::core {
namespace {

Error reason(ErrorCode code, std::string phrase) { return {code, std::move(phrase)}; }

Result<std::ifstream> open_regular(const std::filesystem::path& file) {
  std::error_code code;
  const auto status = std::filesystem::status(file, code);
  if (status.type() == std::filesystem::file_type::not_found) return reason(ErrorCode::NotFound, "No such file");
  if (code) return reason(ErrorCode::Unavailable, code.message());
  if (status.type() == std::filesystem::file_type::directory)
    return reason(ErrorCode::InvalidArgument, "it is a folder");
  if (status.type() != std::filesystem::file_type::regular) {
    return reason(ErrorCode::InvalidArgument, "not a regular file");
  }
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return reason(ErrorCode::Unavailable, std::generic_category().message(errno));
  return stream;
}

}  // namespace

Result<std::string> read_small_file(const std::filesystem::path& file, std::size_t limit) {
  auto opened = open_regular(file);
  if (!opened) return opened.error();
  std::string content(limit + 1, '\0');
  opened->read(content.data(), static_cast<std::streamsize>(content.size()));
  if (opened->bad()) return reason(ErrorCode::Unavailable, "reading failed");
  content.resize(static_cast<std::size_t>(opened->gcount()));
  if (content.size() > limit) {
    return reason(ErrorCode::ResourceExhausted, "larger than " + std::to_string(limit / 1024) + "KiB");
  }
  return content;
}

Status can_read(const std::filesystem::path& file) {
  const auto opened = open_regular(file);
  return opened ? Status() : Status(opened.error());
}

std::filesystem::path relative_to(const std::filesystem::path& folder, const std::string& path) {
  if (folder.empty() || path.empty() || std::filesystem::path(path).is_absolute()) return path;
  return (folder / path).lexically_normal();
}

}  // namespace omnibroker::core
