/* Needs a function that no library has: linked without the flag that would have found it. */
#include <omnibroker/abi.h>

const omnibroker_plugin* a_function_that_no_library_has(void);
const omnibroker_plugin* omnibroker_plugin_entry_v1(void) { return a_function_that_no_library_has(); }
