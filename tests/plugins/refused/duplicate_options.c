/* Declares the same option twice. */
#include <omnibroker/abi.h>

static const omnibroker_option pace = {.struct_size = sizeof pace,
                                       .type = OMNIBROKER_OPTION_INTEGER,
                                       .name = "pace",
                                       .doc = "Steps per second.",
                                       .default_text = "1",
                                       .minimum = 1,
                                       .maximum = 0};
static const omnibroker_option* const options[] = {&pace, &pace};

#define NAME "duplicate_options"
#define OPTIONS options
#define OPTION_COUNT 2
#include "accepting.h"

const omnibroker_plugin* omnibroker_plugin_entry_v1(void) { return &accepting_plugin; }
