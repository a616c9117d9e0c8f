#pragma once

#include "content_folder.hpp"
#include "database.hpp"
#include "readers.hpp"
#include "store.hpp"

#include <filesystem>
#include <string>

/// What Store and beside.hpp have in common. Threads: any.
namespace omnibroker::nucleus::store {

/// Whether the database says that a content is a file.
bool names_file(Database& database, const std::string& digest);
Verification verify(Readers& readers, const ContentFolder& contents);
/// Refuses as Store::backup says. A content that is collected meanwhile is an InternalError, unless it was seen when
/// this began.
void back_up(Readers& readers, const ContentFolder& contents, const std::filesystem::path& to);

}  // namespace omnibroker::nucleus::store
