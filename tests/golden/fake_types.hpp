#pragma once

#include "config/loader.hpp"

#include <vector>

#include <omnibroker/abi.h>

namespace omnibroker::core::testing {

/// Component types that exist as specifications only, under the names of real plugins where those matter, so that a
/// configuration can be read without a library: websocket, http, client_register, coordinate_update, select_object,
/// reply, throttle (a filter with numbers), mqtt (a bridge with every type of option), admin (a service with a required
/// secret), and two that no broker should take: clash, whose option is a key of the broker's, and crooked, whose
/// default is wrong.
const std::vector<const omnibroker_component_type*>& fake_types();

/// Finds them by name; a name that is near a known one gets it as a hint, as from the catalog of plugins.
TypeLookup fake_lookup();

}  // namespace omnibroker::core::testing
