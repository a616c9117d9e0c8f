#include "providers/memory/node.hpp"

#include <algorithm>
#include <chrono>
#include <cstdio>

namespace omniclient::memory {

bool Node::has_children() const {
  return std::any_of(children.begin(), children.end(), [](const auto& child) { return !child.second->deleted(); });
}

std::string Node::path() const {
  if (parent == nullptr) return "/";
  const auto above = parent->path();
  return (above == "/" ? "" : above) + "/" + name;
}

std::uint64_t now_ns() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

/// FNV-1a: names content, and guards against nothing.
std::string hash_of(std::string_view bytes) {
  std::uint64_t hash = 14695981039346656037u;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  char text[32];
  std::snprintf(text, sizeof text, "fnv1a-%016llx", static_cast<unsigned long long>(hash));
  return text;
}

std::vector<std::string> segments(std::string_view path) {
  std::vector<std::string> result;
  while (!path.empty()) {
    const auto end = std::min(path.find('/'), path.size());
    if (end > 0) result.emplace_back(path.substr(0, end));
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return result;
}

}  // namespace omniclient::memory
