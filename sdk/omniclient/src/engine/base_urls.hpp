#pragma once

#include "url/url.hpp"

#include <string>
#include <string_view>

/// What relative references are relative to: each thread has a stack of its own. Below it is the current folder.
namespace omniclient::base_urls {

void push(std::string_view url);
/// Null: whatever is on top. False where something else is there, or nothing.
bool pop(const char* url);
/// Null where the stack is empty.
const char* top();
/// The top, or the current folder of the process as a raw path; an empty one where that folder has gone.
Url current();

}  // namespace omniclient::base_urls
