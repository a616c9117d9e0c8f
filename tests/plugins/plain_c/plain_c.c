/* A whole plugin in plain C, from abi.h alone: a handler that answers each message to its sender, and to nobody else.
 *
 *   routes:
 *     echo_c: { from: web_ui, handler: plain_c }
 */
#include <stdlib.h>
#include <string.h>

#include <omnibroker/abi.h>

typedef struct plain_c {
  const omnibroker_host_message_v1* messages;
  const omnibroker_host_call_v1* calls;
} plain_c;

static omnibroker_action handle(void* self, omnibroker_call* call, const omnibroker_message* message) {
  const plain_c* echo = self;
  const omnibroker_text payload = echo->messages->payload(message);
  return echo->calls->answer(call, payload) == OMNIBROKER_OK ? OMNIBROKER_CONSUME : OMNIBROKER_REFUSE;
}

static omnibroker_status create(const omnibroker_host* host, void** self, const omnibroker_sink* error) {
  static const char no_memory[] = "There is no memory left";
  plain_c* echo = malloc(sizeof *echo);
  if (echo == NULL) {
    error->append(error->self, no_memory, sizeof no_memory - 1);
    return OMNIBROKER_RESOURCE_EXHAUSTED;
  }
  echo->messages = host->table(host, OMNIBROKER_HOST_MESSAGE);
  echo->calls = host->table(host, OMNIBROKER_HOST_CALL);
  *self = echo;
  return OMNIBROKER_OK;
}

static void destroy(void* self) { free(self); }

/* It has no options and holds nothing, so every step of the lifecycle is "not offered". */
static const omnibroker_lifecycle_v1 lifecycle = {.struct_size = sizeof lifecycle};
static const omnibroker_handler_v1 handler = {.struct_size = sizeof handler, .handle = handle, .noun = "echoes"};

static const void* table(const char* id) {
  if (strcmp(id, OMNIBROKER_LIFECYCLE) == 0) return &lifecycle;
  if (strcmp(id, OMNIBROKER_HANDLER) == 0) return &handler;
  return NULL;
}

/* The host checks `needs` before `create`, so what is looked up there is there. */
static const char* const needs[] = {OMNIBROKER_HOST_MESSAGE, OMNIBROKER_HOST_CALL};
static const omnibroker_component_type type = {
    .struct_size = sizeof type,
    .kind = OMNIBROKER_KIND_HANDLER,
    .name = "plain_c",
    .doc = "Answers each message to its sender as it came.",
    .needs = needs,
    .need_count = sizeof needs / sizeof *needs,
    .create = create,
    .destroy = destroy,
    .table = table,
};
static const omnibroker_component_type* const types[] = {&type};
static const omnibroker_plugin plugin = {
    .struct_size = sizeof plugin,
    .abi_major = OMNIBROKER_ABI_MAJOR,
    .abi_minor = 0,
    .name = "plain_c",
    .version = "1.0.0",
    .doc = "A plugin in plain C.",
    .license = "Apache-2.0",
    .build = "C",
    .sanitizers = OMNIBROKER_SANITIZERS,
    .components = types,
    .component_count = 1,
};

const omnibroker_plugin* omnibroker_plugin_entry_v1(void) { return &plugin; }
