#pragma once

#include "config/kind_name.hpp"

#include <string>
#include <string_view>
#include <vector>

#include <omnibroker/abi.h>

namespace omnibroker::core {

/// What this host is, for negotiation: a value, so that tests can be another host.
struct HostIdentity {
  std::uint16_t abi_major = OMNIBROKER_ABI_MAJOR;
  std::uint16_t abi_minor = OMNIBROKER_ABI_MINOR;
  std::string_view sanitizers = built_with();

  /// The sanitizers that this process is built with, as a plugin names them.
  static std::string_view built_with();
};

/// Why a plugin cannot be used by this host: nothing when it can, else every reason, each a sentence.
///
/// Looks at nothing that lies beyond a struct's own size. A plugin of another ABI is not read any further than its
/// version. Whether options' defaults can be parsed is left to the configuration.
///
/// `descriptor`: what the entry answered, may be null. `file_name`: the file's name without ".so".
std::vector<std::string> refusals(const omnibroker_plugin* descriptor, std::string_view file_name,
                                  const HostIdentity& host = {});

}  // namespace omnibroker::core
