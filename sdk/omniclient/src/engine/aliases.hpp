#pragma once

#include "url/url.hpp"

#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace omniclient {

/// URLs that stand for others. They are compared and replaced part by part: raw paths and URLs write the same path in
/// different ways.
///
/// Threads: everything from every thread.
class Aliases {
 public:
  /// Nothing removes it. What cannot be read as a URL is none.
  void set(const std::string& source, const std::optional<std::string>& destination);

  /// The URL with the longest source that it begins with replaced, once. It is normalized, and so is the result.
  Url replaced(Url url) const;

 private:
  struct Alias {
    std::string key;
    Url source;
    Url destination;
  };

  mutable std::mutex mutex_;
  std::vector<Alias> aliases_;
};

}  // namespace omniclient
