#include "engine/aliases.hpp"

#include <algorithm>

namespace omniclient {
namespace {

bool same_place(const Url& a, const Url& b) {
  return a.raw == b.raw && a.scheme == b.scheme && a.user == b.user && a.host == b.host && a.port == b.port;
}

/// What comes after the path of `source`; nothing where `url` does not begin with it.
std::optional<std::string> rest_after(const Url& source, const Url& url) {
  if (!same_place(source, url)) return std::nullopt;
  const auto prefix = source.path.value_or("");
  const auto path = url.path.value_or("");
  // A source with a query or a fragment stands for itself alone.
  if (source.query || source.fragment) {
    const bool same = prefix == path && source.query == url.query && source.fragment == url.fragment;
    return same ? std::optional(std::string()) : std::nullopt;
  }
  if (path.compare(0, prefix.size(), prefix) != 0) return std::nullopt;
  const bool whole =
      path.size() == prefix.size() || prefix.empty() || prefix.back() == '/' || path[prefix.size()] == '/';
  return whole ? std::optional(path.substr(prefix.size())) : std::nullopt;
}

std::string joined(std::string path, std::string_view rest) {
  if (rest.empty()) return path;
  const bool before = !path.empty() && path.back() == '/';
  if (rest.front() == '/')
    rest.remove_prefix(before ? 1 : 0);
  else if (!before)
    path += '/';
  return path.append(rest);
}

}  // namespace

void Aliases::set(const std::string& source, const std::optional<std::string>& destination) {
  auto key = normalize_url(source);
  if (key.empty()) return;
  std::lock_guard lock(mutex_);
  aliases_.erase(std::remove_if(aliases_.begin(), aliases_.end(), [&](const Alias& alias) { return alias.key == key; }),
                 aliases_.end());
  if (!destination) return;
  auto from = break_url(key);
  aliases_.push_back({std::move(key), std::move(from), normalized(break_url(*destination))});
}

Url Aliases::replaced(Url url) const {
  std::lock_guard lock(mutex_);
  const Alias* best = nullptr;
  for (const auto& alias : aliases_) {
    if (rest_after(alias.source, url) && (best == nullptr || alias.key.size() > best->key.size())) best = &alias;
  }
  if (best == nullptr) return url;
  const auto rest = *rest_after(best->source, url);
  Url found = best->destination;
  if (found.path || !rest.empty()) found.path = joined(found.path.value_or(""), rest);
  if (url.query && !best->source.query) {
    found.query = url.query;
    found.query_text = url.query_text;
  }
  if (url.fragment && !best->source.fragment) found.fragment = url.fragment;
  return normalized(std::move(found));
}

}  // namespace omniclient
