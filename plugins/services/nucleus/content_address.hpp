#pragma once

#include "store/store.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace omnibroker::plugins::nucleus {

namespace store = omnibroker::nucleus::store;
class Nucleus;

/// Where one version of a file can be fetched by HTTP, for an hour: the query of an address that nobody else can make.
///
/// Whoever has it reads in the name of the user that it was made for, with that user's rights at the time of reading.
/// When the file has another content by then, and this one is no checkpoint, it leads nowhere: the API has a new one.
/// Threads: a value.
struct ContentAddress {
  std::string user;
  std::string path;
  std::string branch;
  std::uint64_t etag = 0;
  std::uint64_t object_id = 0;  ///< Not 0: it is an update of this live object, and `etag` is not looked at.
  std::uint64_t number = 0;     ///< The checkpoint, if it is one's; or the update's sequence.

  /// `path=…&branch=…&etag=…&user=…&until=…&signature=…`
  std::string query(const Nucleus& nucleus) const;
  /// What it leads to. InvalidEtag: that is not there any more. Of an update the entry has a path and, as its hash,
  /// what tells it from others.
  store::Result<store::Read> open(const store::Store& store) const;
  /// Nothing: it is none, or its time is over.
  static std::optional<ContentAddress> read(const Nucleus& nucleus, std::string_view query);
};

}  // namespace omnibroker::plugins::nucleus
