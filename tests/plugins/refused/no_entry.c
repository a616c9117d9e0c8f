/* A shared library, but no plugin: the entry symbol has another name. */
#include <omnibroker/abi.h>

OMNIBROKER_EXPORT const omnibroker_plugin* omnibroker_plugin_entry_v0(void);
const omnibroker_plugin* omnibroker_plugin_entry_v0(void) { return NULL; }
