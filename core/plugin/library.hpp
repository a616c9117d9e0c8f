#pragma once

#include <filesystem>

#include <omnibroker/abi.h>
#include <omnibroker/result.hpp>

namespace omnibroker::core {

/// A mapped plugin.
struct Library {
  const omnibroker_plugin* (*entry)() = nullptr;  ///< The one exported symbol.
};

/// Maps a library, symbols bound now and kept local, and finds its entry function.
///
/// The library stays mapped until the process ends: timers, thread-local destructors or other libraries may still point
/// into it, and unmapping under them is a crash that no test finds (docs/decisions).
///
/// `file` must be an absolute path that nobody overwrites. InvalidArgument with the linker's own text, or with the
/// missing symbol's name. Runs the library's constructors: what they do to the process is done. Threads: any.
Result<Library> open_library(const std::filesystem::path& file);

}  // namespace omnibroker::core
