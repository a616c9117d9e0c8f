#include "engine/base_urls.hpp"

#include <filesystem>
#include <vector>

namespace omniclient::base_urls {
namespace {

thread_local std::vector<std::string> stack;

}  // namespace

void push(std::string_view url) { stack.push_back(make_url(combine(current(), url))); }

bool pop(const char* url) {
  if (stack.empty()) return false;
  if (url != nullptr && *url != '\0' && stack.back() != url && stack.back() != normalize_url(url)) {
    // What was pushed as a relative reference is popped as one: seen from what was below it.
    auto pushed = std::move(stack.back());
    stack.pop_back();
    if (make_url(combine(current(), url)) == pushed) return true;
    stack.push_back(std::move(pushed));
    return false;
  }
  stack.pop_back();
  return true;
}

const char* top() { return stack.empty() ? nullptr : stack.back().c_str(); }

Url current() {
  if (!stack.empty()) return break_url(stack.back());
  std::error_code gone;
  Url folder;
  folder.raw = true;
  folder.path = std::filesystem::current_path(gone).string();
  // Empty where the current folder has gone: then nothing is relative to it, and to the root least of all.
  if (!folder.path->empty() && folder.path->back() != '/') *folder.path += '/';
  return folder;
}

}  // namespace omniclient::base_urls
