#pragma once

#include "content_folder.hpp"
#include "disk.hpp"
#include "locks.hpp"
#include "options.hpp"
#include "readers.hpp"
#include "schema.hpp"
#include "store.hpp"
#include "upkeep.hpp"
#include "writer.hpp"

#include <filesystem>
#include <memory>
#include <mutex>

namespace omnibroker::nucleus::store {

/// What a Store is made of.
struct Store::Parts {
  Parts(const std::filesystem::path& in, const Options& with, Listener listener)
      : folder(in),
        options(with),
        lock(in),
        prepared((prepare_folder(in, with), true)),
        contents(in / "blobs", options),
        readers(in / kDatabaseName, with.readers),
        writer(in / kDatabaseName, contents, locks, options, std::move(listener)) {}

  /// Runs `body(database)` on a reader's connection, within one state; its refusals become errors.
  template <class T, class Body>
  Result<T> reading(Body&& body) {
    return answered<T>([&]() -> T {
      auto lease = readers.take();
      const Snapshot snapshot(lease.database());
      return body(lease.database());
    });
  }

  /// Asks `removes(database, digest)` for each, on a state of its own; answers how often it was true.
  template <class Digests, class Removes>
  Result<std::uint64_t> reading_each(const Digests& digests, Removes&& removes) {
    std::uint64_t count = 0;
    for (const auto& digest : digests) {
      auto removed = answered<bool>([&] {
        auto lease = readers.take();
        return removes(lease.database(), digest);
      });
      if (!removed) return removed.error();
      if (*removed) ++count;
    }
    return count;
  }

  /// Removes what was staged for changes that have been refused; answers how many files.
  std::uint64_t sweep() {
    if (!contents.pins()->has_strays()) return 0;
    auto lease = readers.take();
    return contents.remove_strays([&](const std::string& digest) { return names_file(lease.database(), digest); });
  }

  const std::filesystem::path folder;
  const Options options;
  const FolderLock lock;
  const bool prepared;
  ContentFolder contents;
  Locks locks;
  Readers readers;
  std::mutex upkeep;  ///< Held by what removes contents and by what must not see them removed.
  Writer writer;      ///< Last, so that it ends first.
};

}  // namespace omnibroker::nucleus::store
