#pragma once

#include <filesystem>
#include <string>

#include <omnibroker/result.hpp>

namespace omnibroker::core {

/// What the process does when it gets SIGSEGV, SIGBUS, SIGFPE, SIGILL or SIGABRT from now on: a report in a file of
/// `folder`, a sentence on standard error, and then what it would have done without, so that core dumps, exit status
/// and a sanitizer's own report are as ever.
///
/// `folder`: for this user alone; empty: standard error only. `version`: the broker's. InvalidArgument: a path that is
/// too long. Threads: once, before others begin; a thread that shall be reported after having used up its stack calls
/// `register_this_thread`.
Status install_crash_handler(const std::filesystem::path& folder, const std::string& version);

}  // namespace omnibroker::core
