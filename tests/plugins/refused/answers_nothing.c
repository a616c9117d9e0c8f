/* Says that it cannot serve. */
#include <omnibroker/abi.h>

const omnibroker_plugin* omnibroker_plugin_entry_v1(void) { return NULL; }
