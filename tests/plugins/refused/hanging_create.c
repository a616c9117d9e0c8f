/* `create` returns only when someone opens the named pipe in OMNIBROKER_TEST_GATE for writing. */
#include <omnibroker/abi.h>

static omnibroker_status hang(const omnibroker_host* host, void** self, const omnibroker_sink* error);

#define NAME "hanging_create"
#define CREATE hang
#include "accepting.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static omnibroker_status hang(const omnibroker_host* host, void** self, const omnibroker_sink* error) {
  (void)host, (void)self, (void)error;
  const int gate = open(getenv("OMNIBROKER_TEST_GATE"), O_RDONLY);
  if (gate >= 0) close(gate);
  return OMNIBROKER_OK;
}

const omnibroker_plugin* omnibroker_plugin_entry_v1(void) { return &accepting_plugin; }
