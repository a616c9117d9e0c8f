/// Breaks the rule that no exception crosses the boundary, in C++ and without the layer that would have caught it.
#include <stdexcept>

#include <omnibroker/abi.h>

static omnibroker_status throwing(const omnibroker_host*, void**, const omnibroker_sink*) {
  throw std::runtime_error("thrown out of create");
}

#define NAME "throwing_create"
#define CREATE throwing
#include "accepting.h"

const omnibroker_plugin* omnibroker_plugin_entry_v1() { return &accepting_plugin; }
