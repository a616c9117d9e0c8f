#pragma once

#include "providers/provider.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace omniclient::http {

/// What a server's index of a folder says is in it, sorted by name: the JSON of nginx, or a page titled `Index of …`
/// (nginx, Apache and others) or `Directory listing for …` (Python). Sizes are those that are told exactly, times those
/// of nginx; what leads out of the folder is left out. Nothing where this is no such index. Pure.
std::optional<std::vector<Entry>> read_index(std::string_view content_type, std::string_view text,
                                             const std::string& folder_url);

/// A folder or a file that can be read.
Entry make_entry(std::string name, bool folder);

/// Nanoseconds since 1970 of a date in UTC; 0 where there is none, or it is before that.
std::uint64_t nanoseconds_of(int year, int month, int day, int hour, int minute, int second);

}  // namespace omniclient::http
