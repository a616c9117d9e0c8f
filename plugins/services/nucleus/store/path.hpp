#pragma once

#include "options.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace omnibroker::nucleus::store {

/// The segments of a path: none is the root.
using Segments = std::vector<std::string>;

/// Takes a path apart. InvalidUri, with the rule that it breaks.
Segments parse_path(std::string_view path, const Options& options);
/// InvalidUri unless `branch` could be a segment, or is empty.
void check_branch(std::string_view branch);
/// The path of something in the folder at `parent`, which ends with '/'.
std::string join(std::string_view parent, std::string_view name, bool folder);
/// A path with one '/' before each segment, and behind the last one of a folder.
std::string spell(const Segments& segments, bool folder);
/// Whether `inner` is `outer` or below it.
bool is_within(const Segments& inner, const Segments& outer);

}  // namespace omnibroker::nucleus::store
