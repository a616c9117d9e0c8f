/* The version of the C API that this header declares. */
#ifndef OMNICLIENT_VERSION_H
#define OMNICLIENT_VERSION_H

#include <stdint.h>

#define OMNICLIENT_VERSION_MAJOR 2
#define OMNICLIENT_VERSION_MINOR 68
#define OMNICLIENT_VERSION_PATCH 1
#define OMNICLIENT_VERSION_BUILD 0

/* What omniClientGetVersionString answers. */
#define OMNICLIENT_BUILD_STRING "2.68.1-omnibroker"

/* What a program gives to omniClientInitialize: the version of the header that it was built with. */
#ifdef __cplusplus
const uint64_t kOmniClientVersion =
#else
static const uint64_t kOmniClientVersion =
#endif
    ((uint64_t)OMNICLIENT_VERSION_MAJOR << 48) | ((uint64_t)OMNICLIENT_VERSION_MINOR << 32) |
    (uint64_t)OMNICLIENT_VERSION_PATCH;

#endif
