#pragma once

#include <cstddef>
#include <span>

#include <omnibroker/result.hpp>

namespace omnibroker::core {

/// Whether the bytes can be a shared library for this machine, whole.
///
/// The loader maps a file before it has checked it: one that was cut short while it was copied is a SIGBUS, not an
/// error. So everything that the loader will map is looked at here first.
///
/// InvalidArgument otherwise, with what is wrong; the sentence continues "The file …".
Status check_shared_library(std::span<const std::byte> content);

}  // namespace omnibroker::core
