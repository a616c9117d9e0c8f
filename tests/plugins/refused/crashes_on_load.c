/* Crashes before anyone has called it. */
#define NAME "crashes_on_load"
#include "accepting.h"

#include <signal.h>

__attribute__((constructor)) static void crash(void) { raise(SIGSEGV); }

const omnibroker_plugin* omnibroker_plugin_entry_v1(void) { return &accepting_plugin; }
