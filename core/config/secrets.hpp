#pragma once

#include "config/loader.hpp"

#include <filesystem>
#include <optional>
#include <string>

#include <omnibroker/result.hpp>

namespace omnibroker::core {

/// The secret that an option names: `file:/path` is the content of that file without the line break at its end
/// (relative to `folder`), `env:NAME` the variable's value, anything else the secret itself.
Result<std::string> fetch_secret(const std::string& written, const std::filesystem::path& folder,
                                 const Environment& environment);

/// The file that `written` names, or nothing where it names none.
std::optional<std::filesystem::path> secret_file(const std::string& written, const std::filesystem::path& folder);

}  // namespace omnibroker::core
