#pragma once

#include "types.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>

namespace omnibroker::nucleus::store {

/// How a store behaves. Nothing of it is kept in the folder: each open decides anew.
struct Options {
  std::uint64_t largest_content = std::uint64_t{64} << 30;  ///< Bytes of one content.
  std::uint64_t quota = 0;          ///< Bytes of all contents together, each counted once; 0: as much as the disk has.
  std::size_t page = 1000;          ///< Entries of one page of a listing, at most.
  std::size_t longest_path = 4096;  ///< Bytes.
  std::size_t deepest_path = 128;   ///< Segments.
  std::size_t keep_deleted = 8;     ///< Of what was deleted at one path, how many can be brought back.
  std::uint64_t object_updates = 1'000'000;             ///< In the history of one live object.
  std::uint64_t object_bytes = std::uint64_t{1} << 30;  ///< In the history of one live object.
  std::size_t locks = 10'000;                           ///< Of one connection.
  std::size_t api_tokens = 100;                         ///< Of one user.
  std::size_t checkpoints = 10'000;                     ///< Of one answer, at most.
  std::size_t refresh_tokens = 100;                     ///< Of one user; a new one ends the oldest.
  std::size_t queue = 10'000;                           ///< Changes that wait for the writer; past it: SlowDown.
  std::size_t readers = 8;                              ///< Reads at the same time; further ones wait.
  std::uint64_t inline_below = 16 * 1024;  ///< Contents of fewer bytes are kept in the database: one fsync for many.
  Access everybody = Access::ReadWrite;    ///< What `users` may do at the root of a store that is made by this open.
  std::function<Time()> clock = {};        ///< Empty: the system's. Called from any thread.
};

}  // namespace omnibroker::nucleus::store
