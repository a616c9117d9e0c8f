#pragma once

#include <filesystem>

#include <omnibroker/result.hpp>

namespace omnibroker::tools {

/// Makes the folder where it is not there, for this user alone, and takes the others' rights away where it is. The
/// folder that it lies in must be there.
Status make_private(const std::filesystem::path& folder);

/// Whether a folder is this user's own, and no other user can look into it or put something there. The reason why not
/// as a sentence.
Status is_private(const std::filesystem::path& folder);

}  // namespace omnibroker::tools
