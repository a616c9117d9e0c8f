#pragma once

#include "store.hpp"

#include <filesystem>

/// What can be done with a data folder while another process has it open: it only reads there.
namespace omnibroker::nucleus::store {

/// Done: there is a store that this version can read. NotExist: nothing, or something else, is there.
/// InvalidParameters: it belongs to a newer version, or is a backup that was not finished. Waits for the disk.
Status is_store(const std::filesystem::path& folder);

/// As Store::verify; and what `is_store` says.
Result<Verification> verify_beside(const std::filesystem::path& folder);

/// As Store::backup; and what `is_store` says. InternalError names a content that was collected meanwhile, which hardly
/// happens: then it is to be made again, into another folder.
Status backup_beside(const std::filesystem::path& folder, const std::filesystem::path& to);

}  // namespace omnibroker::nucleus::store
