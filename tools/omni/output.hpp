#pragma once

#include "client.hpp"
#include "json.hpp"

#include <string>
#include <vector>

/// What commands print. With `--json` each line is one object, also of failures.
namespace omni {

void set_json(bool on);
bool json();

/// A line on standard output, at once. False where nobody reads it any more.
void print(const std::string& line);
void print(const Json& object);

/// Says on standard error what was asked, what was answered and what to try; answers the exit status.
/// `asked` is such as `read omniverse://h/a`.
int fail(const std::string& asked, OmniClientResult result, const std::string& url);
/// Of something that is no answer of the library.
int fail(const std::string& asked, const std::string& reason);

/// Text of others, with control characters made visible.
std::string printable(const std::string& text);
/// `2026-01-31T12:00:00Z`; `-` where it is unknown.
std::string time_text(std::uint64_t nanoseconds);
/// `file`, `folder`, `channel`, `object` or `other`.
std::string kind_of(const Item& item);
/// `rwa`, with `-` for what may not be done.
std::string access_text(std::uint32_t access);
Json json_of(const Item& item);

/// Rows with their columns as wide as they need to be. `right`: the columns whose text stands at the right.
void print_table(const std::vector<std::vector<std::string>>& rows, const std::vector<std::size_t>& right);

}  // namespace omni
