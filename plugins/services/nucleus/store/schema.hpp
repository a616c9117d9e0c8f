#pragma once

#include "database.hpp"
#include "options.hpp"

#include <filesystem>

namespace omnibroker::nucleus::store {

/// What this code reads and writes. A folder of a lower format is brought up when it is opened; one of a higher is
/// refused.
inline constexpr int kFormat = 1;

/// The identities of rows that are there from the start.
inline constexpr std::int64_t kRoot = 1;
inline constexpr std::int64_t kEverybody = 1;  ///< The group `users`.

inline constexpr const char* kDatabaseName = "meta.db";
/// What a backup is called while it is not whole.
inline constexpr const char* kUnfinishedName = "meta.db.unfinished";

/// InvalidParameters for a folder that is something else, before anything is written to it.
void check_folder(const std::filesystem::path& folder);
/// False: it has no tables yet. InvalidParameters: it is of something else, or of a newer version.
bool check_format(Database& database, const std::filesystem::path& file);
/// Makes what is missing in a data folder, or refuses it (InvalidParameters). The folder is locked by the caller.
void prepare_folder(const std::filesystem::path& folder, const Options& options);

}  // namespace omnibroker::nucleus::store
