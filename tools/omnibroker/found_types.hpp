#pragma once

#include "plugin/catalog.hpp"

#include <memory>
#include <string>
#include <vector>

#include <omnibroker/abi.h>

namespace omnibroker::tools {

/// Every component type of every plugin that is found, sorted by kind and name.
struct FoundTypes {
  std::unique_ptr<core::Catalog> catalog;
  std::vector<const omnibroker_component_type*> types;
};

/// Looks in `folders`, or, where there are none, where `omnibroker run` looks.
FoundTypes find_types(const std::vector<std::string>& folders);

}  // namespace omnibroker::tools
