#pragma once

#include <string>

/// What a version of a path has in it: some are small, some take many pages, some many blocks of a file system.
inline std::string crash_content(const std::string& path, const std::string& version) {
  const auto number = std::stoull(version);
  const std::size_t size = number % 10 == 0 ? 300'000 : number % 3 == 0 ? 40'000 : 50;
  std::string out = path + " " + version + " ";
  while (out.size() < size) out += out;
  return out;
}
