/* A handler that accepts every message: the part of a refused plugin that is in order. Each of them changes one thing.
 *
 * Before including it a file may define NAME (a string), ABI_MAJOR, ABI_MINOR, CREATE (a function), OPTIONS and
 * OPTION_COUNT. */
#ifndef ACCEPTING_H
#define ACCEPTING_H

#include <string.h>

#include <omnibroker/abi.h>

#ifndef ABI_MAJOR
#define ABI_MAJOR OMNIBROKER_ABI_MAJOR
#endif
#ifndef ABI_MINOR
#define ABI_MINOR OMNIBROKER_ABI_MINOR
#endif
#ifndef OPTIONS
#define OPTIONS NULL
#define OPTION_COUNT 0
#endif
#ifndef CREATE
#define CREATE accepting_create
static omnibroker_status accepting_create(const omnibroker_host* host, void** self, const omnibroker_sink* error) {
  (void)host, (void)self, (void)error;
  return OMNIBROKER_OK;
}
#endif

static void accepting_destroy(void* self) { (void)self; }
static omnibroker_action accepting_handle(void* self, omnibroker_call* call, const omnibroker_message* message) {
  (void)self, (void)call, (void)message;
  return OMNIBROKER_ACCEPT;
}

static const omnibroker_lifecycle_v1 accepting_lifecycle = {
    sizeof(omnibroker_lifecycle_v1), NULL, NULL, NULL, NULL, NULL, NULL, NULL};
static const omnibroker_handler_v1 accepting_handler = {
    .struct_size = sizeof(omnibroker_handler_v1), .handle = accepting_handle, .failure_code = NULL, .noun = NULL};
static const void* accepting_table(const char* id) {
  if (strcmp(id, OMNIBROKER_LIFECYCLE) == 0) return &accepting_lifecycle;
  if (strcmp(id, OMNIBROKER_HANDLER) == 0) return &accepting_handler;
  return NULL;
}

static const omnibroker_component_type accepting_type = {.struct_size = sizeof(omnibroker_component_type),
                                                         .kind = OMNIBROKER_KIND_HANDLER,
                                                         .name = NAME,
                                                         .doc = "Accepts every message.",
                                                         .options = OPTIONS,
                                                         .option_count = OPTION_COUNT,
                                                         .needs = NULL,
                                                         .need_count = 0,
                                                         .create = CREATE,
                                                         .destroy = accepting_destroy,
                                                         .table = accepting_table};
static const omnibroker_component_type* const accepting_types[] = {&accepting_type};
static const omnibroker_plugin accepting_plugin = {.struct_size = sizeof(omnibroker_plugin),
                                                   .abi_major = ABI_MAJOR,
                                                   .abi_minor = ABI_MINOR,
                                                   .name = NAME,
                                                   .version = "1.0.0",
                                                   .doc = "A plugin that something is wrong with.",
                                                   .license = "Apache-2.0",
                                                   .build = "test",
                                                   .sanitizers = OMNIBROKER_SANITIZERS,
                                                   .components = accepting_types,
                                                   .component_count = 1};

#endif
