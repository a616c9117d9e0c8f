#pragma once

#include "content_folder.hpp"
#include "readers.hpp"
#include "store.hpp"

#include <filesystem>

/// What Store and beside.hpp have in common. Threads: any.
namespace omnibroker::nucleus::store {

Verification verify(Readers& readers, const ContentFolder& contents);
/// Refuses as Store::backup says. A content that is collected meanwhile is an InternalError, unless it was seen when
/// this began.
void back_up(Readers& readers, const ContentFolder& contents, const std::filesystem::path& to);

}  // namespace omnibroker::nucleus::store
