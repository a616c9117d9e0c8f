/* Ends the process that loads it. */
#define NAME "exits_on_load"
#include "accepting.h"

#include <stdlib.h>

__attribute__((constructor)) static void leave(void) { exit(7); }

const omnibroker_plugin* omnibroker_plugin_entry_v1(void) { return &accepting_plugin; }
