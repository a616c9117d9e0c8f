/* Needs something that only a newer host of the same major has. */
#define NAME "minor_too_new"
#define ABI_MINOR (OMNIBROKER_ABI_MINOR + 1)
#include "accepting.h"

const omnibroker_plugin* omnibroker_plugin_entry_v1(void) { return &accepting_plugin; }
