#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <omnibroker/abi.h>

namespace omnibroker::testing::detail {

/// A request head as the broker hands it to a transport: split, decoded and judged just far enough for tests. It
/// believes the test: what a broker would refuse by itself (two lengths, a bad percent escape) is not refused here.
///
/// Threads: a value.
class RequestHead {
 public:
  enum class Outcome { Complete, Incomplete, NotAHead };

  /// Reads a head from the front of `bytes`; `size()` says how long it was.
  Outcome parse(std::string_view bytes);
  std::size_t size() const { return size_; }

  /// The head as it crosses the boundary. Valid as long as this object.
  const omnibroker_request* raw(std::string_view mount);

 private:
  std::optional<std::string_view> find(std::string_view name) const;

  std::size_t size_ = 0;
  std::string method_, target_, path_, query_, mount_;
  unsigned http_minor_ = 1;
  std::vector<std::pair<std::string, std::string>> fields_;
  std::vector<omnibroker_header> headers_;
  std::vector<const omnibroker_header*> pointers_;
  omnibroker_request raw_{};
};

}  // namespace omnibroker::testing::detail
