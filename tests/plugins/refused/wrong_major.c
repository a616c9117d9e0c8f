/* Built for a plugin ABI that this host does not have. */
#define NAME "wrong_major"
#define ABI_MAJOR (OMNIBROKER_ABI_MAJOR + 1)
#include "accepting.h"

const omnibroker_plugin* omnibroker_plugin_entry_v1(void) { return &accepting_plugin; }
