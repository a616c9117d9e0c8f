#pragma once

#include <string_view>

#include <omnibroker/abi.h>

namespace omnibroker::core {

/// A kind of component as it is written in sentences and listings: `transport`.
constexpr std::string_view kind_name(omnibroker_kind kind) {
  switch (kind) {
    case OMNIBROKER_KIND_TRANSPORT: return "transport";
    case OMNIBROKER_KIND_HANDLER: return "handler";
    case OMNIBROKER_KIND_FILTER: return "filter";
    case OMNIBROKER_KIND_BRIDGE: return "bridge";
    case OMNIBROKER_KIND_SERVICE: return "service";
    default: return "component of an unknown kind";
  }
}

}  // namespace omnibroker::core
