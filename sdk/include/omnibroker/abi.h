/* The boundary between omnibroker and its plugins, in plain C.
 *
 * A plugin is a shared library that exports one symbol, `omnibroker_plugin_entry_v1`. It answers a constant
 * descriptor, which lists the component types that the plugin can make. Everything else is reached from there, through
 * small tables of functions looked up by a string id with a version ("omnibroker.transport/1"). C++ authors use
 * <omnibroker/plugin.hpp>, which fills these structs; authors in C, or in a language that speaks C, need only this
 * file: that is why the whole boundary is in one, long as it is.
 *
 * The smallest plugin in C is tests/plugins/plain_c/plain_c.c.
 *
 * Rules that hold for the whole file
 * ----------------------------------
 * Growth     Every struct begins with `struct_size`, set by whoever fills it to sizeof(the struct it was compiled
 *            with). Fields are only ever appended. A reader looks at a field only if it lies inside `struct_size`
 *            (OMNIBROKER_HAS). A struct handed over in an array is handed over as an array of pointers.
 * Versions   Same major, and the plugin's minor not above the host's: loaded. Anything else: refused, both sides named.
 * Ownership  Every pointer is lent for the duration of the call that passes it, unless its comment says otherwise. What
 *            must be kept is copied. Nothing allocated on one side is freed on the other: results are written into a
 *            sink (omnibroker_sink) that the caller lends.
 * Threads    Each function carries one of these tags.
 *            [loader]  one thread of the host, never two lifecycle calls of one component at a time; may take time,
 *                      within the deadline of the step.
 *            [worker]  the event-loop thread that owns the connection or session in question. Must not block. One
 *                      component is called by several workers at once, each for its own connections: what the component
 *                      shares between connections, it guards itself.
 *            [any]     any thread that the host made.
 *            A plugin starts no thread of its own: `omnibroker.host.executor/1` lends them.
 * Failure    No exception, longjmp or abort crosses. A function answers an omnibroker_status, and writes one sentence
 *            for the operator into the error sink where there is one. NULL function pointers mean "not offered".
 * Re-entry   Host functions may be called from inside any callback of the tag they carry. The host never calls a
 *            component back from inside a host function, but where the function says so (submit -> encode).
 * Text       UTF-8, pointer and length, not NUL-terminated, unless the type is `const char*` (then NUL-terminated,
 *            static).
 *
 * It is one file, long as it is: whoever writes a plugin without the C++ layer needs all of it and nothing else.
 */
#ifndef OMNIBROKER_ABI_H
#define OMNIBROKER_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define OMNIBROKER_ABI_MAJOR 1
#define OMNIBROKER_ABI_MINOR 2

/* Whether `object` (a pointer) was filled by someone whose struct already had `field`. */
#define OMNIBROKER_HAS(object, field) \
  ((object)->struct_size >= (size_t)((const char*)&(object)->field - (const char*)(object)) + sizeof((object)->field))

#if defined(_WIN32)
#define OMNIBROKER_EXPORT __declspec(dllexport)
#else
#define OMNIBROKER_EXPORT __attribute__((visibility("default")))
#endif

/* What omnibroker_plugin.sanitizers says of the file that is being compiled. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define OMNIBROKER_SANITIZERS "address"
#elif __has_feature(thread_sanitizer)
#define OMNIBROKER_SANITIZERS "thread"
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define OMNIBROKER_SANITIZERS "address"
#elif defined(__SANITIZE_THREAD__)
#define OMNIBROKER_SANITIZERS "thread"
#endif
#if !defined(OMNIBROKER_SANITIZERS)
#define OMNIBROKER_SANITIZERS ""
#endif

/* Part: values. */

typedef struct omnibroker_text {
  const char* data;
  size_t size;
} omnibroker_text;

/* What a call came to. Chosen by what the caller can do next. */
typedef int32_t omnibroker_status;
enum {
  OMNIBROKER_OK = 0,
  OMNIBROKER_INVALID_ARGUMENT = 1,   /* never retry as it is */
  OMNIBROKER_NOT_FOUND = 2,
  OMNIBROKER_ALREADY_EXISTS = 3,     /* nothing changed, and nothing needed to */
  OMNIBROKER_CONFLICT = 4,           /* nothing changed: it contradicts what is there */
  OMNIBROKER_UNAVAILABLE = 5,        /* retry later */
  OMNIBROKER_RESOURCE_EXHAUSTED = 6, /* slow down: a limit is reached */
  OMNIBROKER_CLOSED = 7,             /* stop: the other side is gone */
  OMNIBROKER_UNSUPPORTED = 8,
  OMNIBROKER_INTERNAL = 9            /* report: a fault, not the caller's */
};

/* Takes bytes from whoever produces them. Lent by the caller, valid for the call. `append` copies; it may be called any
 * number of times, pieces are joined. [the thread of the call that lends it] */
typedef struct omnibroker_sink {
  void* self;
  void (*append)(void* self, const void* data, size_t size);
} omnibroker_sink;

/* Part: options. */

/* How an option is written in YAML, and where its value is found in omnibroker_value:
 *
 *   BOOLEAN    true, false                                                integer: 0 or 1
 *   INTEGER    42; a word of `choices` where it has one stands for 0      integer
 *   NUMBER     0.5                                                        number
 *   TEXT       a scalar                                                   text
 *   DURATION   250ms 30s 5m 1h 2d; 0 and `off` mean never                 integer: nanoseconds
 *   SIZE       512B 64KiB 1MiB 2GiB; also kB MB GB, powers of ten         integer: bytes
 *   CHOICE     one of `choices`                                           text
 *   TEXT_LIST  a scalar or a list of scalars                              items
 *   TEXT_MAP   a map of scalar to scalar                                  items: key, value, key, value ... */
typedef uint32_t omnibroker_option_type;
enum {
  OMNIBROKER_OPTION_BOOLEAN = 1,
  OMNIBROKER_OPTION_INTEGER = 2,
  OMNIBROKER_OPTION_NUMBER = 3,
  OMNIBROKER_OPTION_TEXT = 4,
  OMNIBROKER_OPTION_DURATION = 5,
  OMNIBROKER_OPTION_SIZE = 6,
  OMNIBROKER_OPTION_CHOICE = 7,
  OMNIBROKER_OPTION_TEXT_LIST = 8,
  OMNIBROKER_OPTION_TEXT_MAP = 9
};

enum {
  OMNIBROKER_OPTION_REQUIRED = 1u << 0,  /* no default: the file must give it */
  OMNIBROKER_OPTION_RELOADABLE = 1u << 1, /* `reconfigure` can apply a change in place */
  OMNIBROKER_OPTION_SECRET = 1u << 2     /* printed as *** everywhere; may be `file:/path` or `env:NAME` */
};

/* One option of a component type. The host parses, checks, defaults, documents and prints options from this alone, so
 * the component sees values only. Static storage, constant. */
typedef struct omnibroker_option {
  uint32_t struct_size;
  omnibroker_option_type type;
  uint32_t flags;
  const char* name;         /* snake_case, unique in the component type */
  const char* doc;          /* what it does and what it does not: one or two sentences */
  const char* default_text; /* as one would write it in YAML; NULL with OMNIBROKER_OPTION_REQUIRED */
  const char* choices;      /* CHOICE, and each item of a TEXT_LIST: "a|b|c"; NULL: anything */
  const char* example;      /* as one would write it in YAML, or NULL */
  double minimum;           /* INTEGER, NUMBER, DURATION (nanoseconds), SIZE (bytes): both bounds inclusive; */
  double maximum;           /*   minimum > maximum: not bounded */
} omnibroker_option;

typedef struct omnibroker_value {
  uint32_t struct_size;
  omnibroker_option_type type;
  uint32_t is_default; /* 1 where the file did not give the option */
  uint32_t reserved;
  int64_t integer;
  double number;
  omnibroker_text text;
  const omnibroker_text* items;
  size_t item_count;
} omnibroker_value;

/* The configuration of one component: `values[i]` belongs to `options[i]` of its type. Checked by the host. */
typedef struct omnibroker_config {
  uint32_t struct_size;
  uint32_t count;
  const omnibroker_value* const* values;
} omnibroker_config;

/* Part: host tables.
 *
 * What the host lends. A component looks a table up once, by id, in `create`, and keeps the pointer: tables live as
 * long as the process. An id that the host does not know answers NULL. */

typedef struct omnibroker_host omnibroker_host;
struct omnibroker_host {
  uint32_t struct_size;
  uint16_t abi_major;
  uint16_t abi_minor;
  const char* version;        /* of the host: "0.1.0" */
  omnibroker_text component;  /* the name of the component this host object was made for: "transports.realtime" */
  const void* (*table)(const omnibroker_host* host, const char* id); /* [any] */
};

/* "omnibroker.host.log/1": the host's log, already carrying the component's name. */
typedef uint32_t omnibroker_log_level;
enum { OMNIBROKER_LOG_DEBUG = 1, OMNIBROKER_LOG_INFO = 2, OMNIBROKER_LOG_WARN = 3, OMNIBROKER_LOG_ERROR = 4 };
typedef struct omnibroker_field {
  omnibroker_text key;
  omnibroker_text value; /* escaped and shortened by the host */
} omnibroker_field;
#define OMNIBROKER_HOST_LOG "omnibroker.host.log/1"
typedef struct omnibroker_host_log_v1 {
  uint32_t struct_size;
  int (*enabled)(const omnibroker_host* host, omnibroker_log_level level); /* [any] */
  /* `sentence` without a full stop, then the fields as key=value. [any] */
  void (*write)(const omnibroker_host* host, omnibroker_log_level level, omnibroker_text sentence,
                const omnibroker_field* fields, size_t field_count);
} omnibroker_host_log_v1;

/* "omnibroker.host.metrics/1". `name` is snake_case and ends in its unit or `_total`; the host adds the component's
 * name as a label. Asking twice for one name answers the same metric. Handles live as long as the process. */
typedef struct omnibroker_metric omnibroker_metric;
#define OMNIBROKER_HOST_METRICS "omnibroker.host.metrics/1"
typedef struct omnibroker_host_metrics_v1 {
  uint32_t struct_size;
  omnibroker_metric* (*counter)(const omnibroker_host* host, const char* name, const char* doc); /* [any] */
  omnibroker_metric* (*gauge)(const omnibroker_host* host, const char* name, const char* doc);   /* [any] */
  void (*add)(omnibroker_metric* metric, int64_t amount); /* counters: amount >= 0. [any] */
  /* Writes every metric of the process in the Prometheus text format 0.0.4. [any] */
  void (*snapshot)(const omnibroker_host* host, const omnibroker_sink* out);
} omnibroker_host_metrics_v1;

/* "omnibroker.host.clock/1" */
#define OMNIBROKER_HOST_CLOCK "omnibroker.host.clock/1"
typedef struct omnibroker_host_clock_v1 {
  uint32_t struct_size;
  uint64_t (*monotonic_ns)(const omnibroker_host* host); /* never steps back. [any] */
  int64_t (*unix_ns)(const omnibroker_host* host);       /* nanoseconds since 1970-01-01T00:00:00Z. [any] */
} omnibroker_host_clock_v1;

/* "omnibroker.host.limits/1": the broker's limits (`limits:` in its configuration), by name. */
#define OMNIBROKER_HOST_LIMITS "omnibroker.host.limits/1"
typedef struct omnibroker_host_limits_v1 {
  uint32_t struct_size;
  /* Bytes for sizes, nanoseconds for durations; 0 where the limit is off, or unknown. "max_message", "max_body",
   * "frames_per_second", "messages_per_second", "idle_timeout", "keep_alive_timeout", "max_subscriptions",
   * "max_control_queue". What a component asks for before it has started stays as it is while it lives: when such a
   * limit changes, the component gets a new generation. What it asks for later is as it is then. [any] */
  uint64_t (*get)(const omnibroker_host* host, const char* name);
} omnibroker_host_limits_v1;

/* "omnibroker.host.executor/1": threads and timers. */
#define OMNIBROKER_HOST_EXECUTOR "omnibroker.host.executor/1"
typedef struct omnibroker_host_executor_v1 {
  uint32_t struct_size;
  /* Runs `work(context)` once on a thread that may block. Answers RESOURCE_EXHAUSTED when the pool's queue is full, and
   * CLOSED once the component is being stopped; then `work` never runs. `stop` of the component is not called while its
   * work is queued or running. Work that has not begun when the time for stopping is over never runs, and what `context`
   * points to stays the component's; one whose work does not end then is neither stopped nor destroyed. [any] */
  omnibroker_status (*run_blocking)(const omnibroker_host* host, void (*work)(void* context), void* context);
  /* Runs `work(context)` once, `after_ns` from now, on a worker; must not block. Answers a handle for `cancel`, 0 when
   * the timer table is full. What has not run when the component has drained never runs; what `context` points to stays
   * the component's. [any] */
  uint64_t (*after)(const omnibroker_host* host, uint64_t after_ns, void (*work)(void* context), void* context);
  /* Answers OK if the work will not run; NOT_FOUND if it ran, runs now, or is unknown. [any] */
  omnibroker_status (*cancel)(const omnibroker_host* host, uint64_t timer);
} omnibroker_host_executor_v1;

/* Part: sessions and connections. */

/* One connection: a decrypted byte stream with an id. Owned by the host; valid from `open` to `closed`. */
typedef struct omnibroker_connection omnibroker_connection;

/* A session's number while it lives; 0 is no session. Never used twice in one process. */
typedef uint64_t omnibroker_session;

/* The request head that a connection began with, read and checked by the host. */
typedef struct omnibroker_header {
  omnibroker_text name;  /* as sent; compare without regard to case */
  omnibroker_text value; /* without surrounding white space */
} omnibroker_header;
typedef struct omnibroker_request {
  uint32_t struct_size;
  uint32_t http_minor;      /* 0 or 1: HTTP/1.x */
  omnibroker_text method;   /* as sent */
  omnibroker_text target;   /* as sent: "/api/status?x=1" */
  omnibroker_text path;     /* percent-decoded, without query: "/api/status" */
  omnibroker_text query;    /* as sent, without "?"; empty if absent */
  omnibroker_text mount;    /* the configured path of the component that this request was given to: "/api" */
  const omnibroker_header* const* headers;
  size_t header_count;
  int64_t content_length;   /* -1 where the head has none */
  uint32_t chunked;         /* 1: the body comes in chunks, which the transport decodes */
  uint32_t keep_alive;      /* 1: the client means to send another request */
  uint32_t upgrade;         /* 1: "Connection: upgrade" with an Upgrade header */
  uint32_t secure;          /* 1: over TLS */
} omnibroker_request;

/* Why the host asks a transport to end a connection. */
typedef uint32_t omnibroker_shutdown_reason;
enum {
  OMNIBROKER_SHUTDOWN_GOING_AWAY = 1,  /* the broker stops                           WebSocket 1001 */
  OMNIBROKER_SHUTDOWN_RESTART = 2,     /* this component is being replaced           WebSocket 1012 */
  OMNIBROKER_SHUTDOWN_POLICY = 3,      /* a rule was broken: not registered in time  WebSocket 1008 */
  OMNIBROKER_SHUTDOWN_TOO_SLOW = 4,    /* the client did not read in time            WebSocket 1008 */
  OMNIBROKER_SHUTDOWN_IDLE = 5,        /* nothing came for the idle time             WebSocket 1000 */
  OMNIBROKER_SHUTDOWN_KICKED = 6,      /* an operator ended the session              WebSocket 1008 */
  OMNIBROKER_SHUTDOWN_FAULT = 7        /* the transport or the host failed           WebSocket 1011 */
};

typedef uint32_t omnibroker_encoding;
enum { OMNIBROKER_TEXT_PAYLOAD = 1, OMNIBROKER_BINARY_PAYLOAD = 2 };

/* One message on its way out. */
typedef struct omnibroker_payload {
  uint32_t struct_size;
  omnibroker_encoding encoding;
  omnibroker_text bytes;
} omnibroker_payload;

/* "omnibroker.host.connection/1". Every function but `wake`: [worker] of the connection, from `open` until `closed`
 * begins. */
#define OMNIBROKER_HOST_CONNECTION "omnibroker.host.connection/1"
typedef struct omnibroker_host_connection_v1 {
  uint32_t struct_size;
  uint64_t (*id)(omnibroker_connection* connection);
  /* "127.0.0.1:53122", "[::1]:53122" or "unix". Valid until `closed` returns. */
  omnibroker_text (*peer)(omnibroker_connection* connection);
  /* Queues bytes ahead of every message that waits for this connection, never in the middle of one. Copies. Sent at the
   * end of the turn. Answers CLOSED once the connection is being closed, RESOURCE_EXHAUSTED when the queue is at its
   * bound (then the host also ends the connection: a peer that does not read its answers is gone). */
  omnibroker_status (*write)(omnibroker_connection* connection, const void* data, size_t size);
  /* The request is answered, and the connection's timer disarmed. With `keep_alive` the host waits for the next request
   * head on this connection, beginning with the bytes not consumed; otherwise it sends what is queued and closes.
   * `closed` follows when the call that is under way has returned. The request body must be consumed or `keep_alive` be
   * 0. */
  void (*end_request)(omnibroker_connection* connection, uint32_t keep_alive);
  /* Ends the connection: with `flush` after everything written has been sent (bounded by the host's linger time, and
   * what the peer still sends is thrown away), else at once. `closed` follows when the call that is under way has
   * returned. */
  void (*close)(omnibroker_connection* connection, uint32_t flush);
  /* Arms the one timer of the connection: `timer` is called once, after at least `after_ns`. 0 disarms. */
  void (*set_timer)(omnibroker_connection* connection, uint64_t after_ns);
  /* Attaches a session as the receiver: from now on this connection carries what that session gets. A session has one
   * receiving connection at most: an earlier one gets `shutdown(RESTART)`. A connection moves to the session's worker
   * by itself; this may be before the next callback. NOT_FOUND when the session has ended, CONFLICT when the connection
   * carries another session. */
  omnibroker_status (*attach)(omnibroker_connection* connection, omnibroker_session session);
  /* What this connection receives is written by the transport's `encode_variant` with this number, in place of `encode`.
   * Receivers with the same number share what was written. Before a session is opened on the connection, or in
   * `session_import`, since each generation has numbers of its own. 0, the start: `encode`. */
  void (*set_variant)(omnibroker_connection* connection, uint32_t variant);
  /* How much of what `write` took the peer has not taken: never more than the queue's bound, "max_control_queue". What is
   * in the kernel counts as taken. Since 1.2. */
  size_t (*unsent)(omnibroker_connection* connection);
  /* Asks for `woken` once `unsent` is no more than `bytes`; soon, where it is that already. Asked again before that, the
   * last one counts. So a component that has much to send keeps the rest to itself until there is room. Since 1.2. */
  void (*wake_when_sent)(omnibroker_connection* connection, size_t bytes);
  /* Asks for `woken` on the connection with this id, which is the one that `id` answered. It is called at least once
   * after this, on the connection's worker; several that ask before it is called share one call. Where the connection
   * has moved to another generation of its transport it is that one which is called. Harmless when the request or the
   * connection is over. [any], also threads that a library of the plugin's has made. Since 1.2. */
  void (*wake)(const omnibroker_host* host, uint64_t connection);
} omnibroker_host_connection_v1;

enum {
  OMNIBROKER_SESSION_WITH_CONNECTION = 0, /* ends with the connection it is opened on, and is attached to it */
  OMNIBROKER_SESSION_DETACHED = 1         /* outlives connections; ends by `close` or after the host's idle time */
};

/* "omnibroker.host.session/1" */
#define OMNIBROKER_HOST_SESSION "omnibroker.host.session/1"
typedef struct omnibroker_host_session_v1 {
  uint32_t struct_size;
  /* Opens a session on the connection's worker, writes its client id (a UUID) into `client_id`, and answers its number.
   * A DETACHED one is found again by `key` (an unguessable text that the transport chose). 0 when a limit refuses it,
   * the reason in `error`. [worker] of the connection */
  omnibroker_session (*open)(omnibroker_connection* connection, uint32_t mode, omnibroker_text key,
                             const omnibroker_sink* client_id, const omnibroker_sink* error);
  /* The session that was opened with this key, or 0. [any] */
  omnibroker_session (*find)(const omnibroker_host* host, omnibroker_text key);
  /* Ends a DETACHED session: `find` does not answer it any more. Its receiving connection, if any, gets
   * `shutdown(GOING_AWAY)`. [any] */
  void (*close)(const omnibroker_host* host, omnibroker_session session);
  /* Hands one whole message to the router, from `session` (0: the one opened on this connection).
   *
   * `payload` may be changed by the host and must stay valid during the call only. Where it lies in the bytes that
   * `receive` was given it is not copied.
   *
   * With `correlation` 0 the direct answer (ack or error), if there is one, is encoded by this transport (`encode`,
   * from inside this call) and queued for the session. With any other number, exactly one `reply` callback with that
   * number follows, from inside this call or later, on this connection's worker; the route's audience is served all the
   * same.
   *
   * OK: the router has it, or has refused it with an error as the direct answer. RESOURCE_EXHAUSTED, only with a
   * correlation: over the session's message rate, not handled, and no `reply` follows: the transport answers in its
   * protocol's own way. NOT_FOUND: the session has ended. Where the session lives on another worker, these two come as a
   * refused `reply` instead, with the codes "RESOURCE_EXHAUSTED" and "CLIENT_NOT_REGISTERED". [worker] of the
   * connection */
  omnibroker_status (*submit)(omnibroker_connection* connection, omnibroker_session session,
                              omnibroker_encoding encoding, uint8_t* payload, size_t size, uint64_t correlation);
  /* The client has agreed to this sub-protocol. Where it is that of the broker's notices (omnibroker.notices/1), the
   * session gets a welcome at once and status messages from then on; otherwise nothing happens. After what the protocol
   * answers to the agreement has been written. [worker] of the connection */
  void (*agree)(omnibroker_connection* connection, omnibroker_text subprotocol);
} omnibroker_host_session_v1;

/* "omnibroker.host.clients/1": who is connected, for status pages. */
#define OMNIBROKER_HOST_CLIENTS "omnibroker.host.clients/1"
typedef struct omnibroker_host_clients_v1 {
  uint32_t struct_size;
  uint64_t (*total)(const omnibroker_host* host);                            /* open sessions. [any] */
  uint64_t (*registered)(const omnibroker_host* host);                       /* of these, with a role. [any] */
  uint64_t (*with_role)(const omnibroker_host* host, omnibroker_text role);  /* 0 for an unknown role. [any] */
} omnibroker_host_clients_v1;

/* "omnibroker.host.latest/1": the latest message of each key, of routes with `latest_by`. Every function: [worker] of the
 * connection, any time between `open` and `closed`. */
typedef struct omnibroker_latest {
  uint32_t struct_size;
  omnibroker_text key;     /* the value of the `latest_by` field */
  omnibroker_text payload; /* as it was delivered */
  uint64_t age_ns;         /* since it came */
} omnibroker_latest;
#define OMNIBROKER_HOST_LATEST "omnibroker.host.latest/1"
typedef struct omnibroker_host_latest_v1 {
  uint32_t struct_size;
  /* Calls `visit` once with the latest message of this type and key. NOT_FOUND: there is none, or no route of this type
   * keeps them. `visit` must not call the host. */
  omnibroker_status (*get)(omnibroker_connection* connection, omnibroker_text type, omnibroker_text key, void* context,
                           int (*visit)(void* context, const omnibroker_latest* latest));
  /* Calls `visit` for each key that begins with `prefix` and comes behind `after`, in the order of the keys' bytes, until
   * there is none left or `visit` answers 0. NOT_FOUND: no route of this type keeps them. `visit` must not call the
   * host. */
  omnibroker_status (*list)(omnibroker_connection* connection, omnibroker_text type, omnibroker_text prefix,
                            omnibroker_text after, void* context,
                            int (*visit)(void* context, const omnibroker_latest* latest));
} omnibroker_host_latest_v1;

/* Part: messages and calls. */

/* A message that is being handled. Valid during the call that passes it. */
typedef struct omnibroker_message omnibroker_message;
/* One run of a message through its route: what filters and the handler can do. Valid during the call that passes it. */
typedef struct omnibroker_call omnibroker_call;

typedef uint32_t omnibroker_json_kind;
enum {
  OMNIBROKER_JSON_NULL = 1,
  OMNIBROKER_JSON_BOOLEAN = 2,
  OMNIBROKER_JSON_NUMBER = 3,
  OMNIBROKER_JSON_STRING = 4,
  OMNIBROKER_JSON_ARRAY = 5,
  OMNIBROKER_JSON_OBJECT = 6
};

/* A JSON value inside a message. Filled by the host; the caller sets `struct_size` first. Valid as long as the
 * message. */
typedef struct omnibroker_json {
  uint32_t struct_size;
  omnibroker_json_kind kind;
  omnibroker_text text; /* STRING: without quotes, escapes resolved */
  double number;        /* NUMBER; BOOLEAN: 0 or 1 */
  uint64_t opaque[2];   /* the host's */
} omnibroker_json;

/* "omnibroker.host.message/1". Every function: [worker] that handles the message. The message has been validated whole:
 * it is a JSON object without duplicate keys of its own, at most 32 levels deep. */
#define OMNIBROKER_HOST_MESSAGE "omnibroker.host.message/1"
typedef struct omnibroker_host_message_v1 {
  uint32_t struct_size;
  /* The sender's bytes, white space around them cut off. */
  omnibroker_text (*payload)(const omnibroker_message* message);
  omnibroker_text (*type)(const omnibroker_message* message);      /* the value of `type` */
  omnibroker_session (*sender)(const omnibroker_message* message);
  omnibroker_text (*client_id)(const omnibroker_message* message); /* of the sender */
  omnibroker_text (*role)(const omnibroker_message* message);      /* of the sender; empty: not registered */
  /* The member `name` of the message's object: OK, or NOT_FOUND. */
  omnibroker_status (*field)(const omnibroker_message* message, omnibroker_text name, omnibroker_json* out);
  /* The member `name` of an OBJECT: OK, NOT_FOUND, or INVALID_ARGUMENT for another kind. */
  omnibroker_status (*member)(const omnibroker_message* message, const omnibroker_json* object, omnibroker_text name,
                              omnibroker_json* out);
  /* How many elements an ARRAY, or members an OBJECT, has; 0 for other kinds. */
  size_t (*count)(const omnibroker_message* message, const omnibroker_json* container);
  /* Element or member `index`, in the sender's order; `key` (may be NULL) is set for an OBJECT. OK or NOT_FOUND. */
  omnibroker_status (*at)(const omnibroker_message* message, const omnibroker_json* container, size_t index,
                          omnibroker_text* key, omnibroker_json* out);
} omnibroker_host_message_v1;

/* What a filter or handler decided. */
typedef uint32_t omnibroker_action;
enum {
  OMNIBROKER_ACCEPT = 1,   /* go on: next filter, handler, then delivery to the route's audience */
  OMNIBROKER_CONSUME = 2,  /* done: it is handled, and goes to nobody */
  OMNIBROKER_REFUSE = 3,   /* the sender hears an error (`refuse` said which; INTERNAL_ERROR if it was not called) */
  OMNIBROKER_PENDING = 4   /* decided later, by `complete`; only after `defer` */
};

/* "omnibroker.host.call/1". Every function: [worker], during the call, but where another tag is given. */
#define OMNIBROKER_HOST_CALL "omnibroker.host.call/1"
typedef struct omnibroker_host_call_v1 {
  uint32_t struct_size;
  /* Delivers these bytes in place of the sender's. Copies. They must be a message as valid as the sender's was; the
   * route's `latest_by` and `position` are read from them. */
  void (*replace)(omnibroker_call* call, omnibroker_text payload);
  /* Names the refusal: `code` is UPPER_SNAKE_CASE, `message` one sentence for the client. Copies. */
  void (*refuse)(omnibroker_call* call, omnibroker_text code, omnibroker_text message);
  /* The sender gets an ack when the route is done, also where the route does not ask for acks. */
  void (*acknowledge)(omnibroker_call* call);
  /* Sends a message to the sender alone, behind its ack. Copies. */
  omnibroker_status (*answer)(omnibroker_call* call, omnibroker_text payload);
  /* Registers the sender with a role, when the message is accepted or consumed. OK; ALREADY_EXISTS: it has this role;
   * CONFLICT: it has another one, which stays; NOT_FOUND: no route knows this role. What the role's audience gets begins
   * behind the sender's ack. Where that comes later (PENDING) and the sender has got another role by then, it hears the
   * route's failure code. */
  omnibroker_status (*register_role)(omnibroker_call* call, omnibroker_text role);
  /* How many sessions the route's audience has now, in all workers. */
  uint64_t (*receivers)(omnibroker_call* call);
  /* For OMNIBROKER_PENDING: answers a token, 0 when too many are open. The host keeps a copy of the message, and what
   * else was asked for during this call: it takes effect with the decision. */
  uint64_t (*defer)(omnibroker_call* call);
  /* Ends a deferred call, once; also from inside the handler, or before it has returned. `code` and `message` for
   * REFUSE, `payload` (may be empty: as it was; otherwise as for `replace`) for ACCEPT. NOT_FOUND when the deadline has passed: then the sender has its answer
   * already. [any] */
  omnibroker_status (*complete)(const omnibroker_host* host, uint64_t token, omnibroker_action action,
                                omnibroker_text code, omnibroker_text message, omnibroker_text payload);
} omnibroker_host_call_v1;

/* What happens to a message that a client is too slow for. */
typedef uint32_t omnibroker_slow_clients;
enum {
  OMNIBROKER_SLOW_AS_ROUTE = 0, /* what the route says */
  OMNIBROKER_SLOW_CONFLATE = 1, /* the client gets the latest message of each key instead */
  OMNIBROKER_SLOW_DROP_OLDEST = 2,
  OMNIBROKER_SLOW_DISCONNECT = 3
};

/* A range of positions, both ends inclusive, in the order of the route's `position` fields. */
typedef struct omnibroker_box {
  uint32_t struct_size;
  uint32_t dimensions; /* 1 to 3; as many fields are looked at */
  double low[3];
  double high[3];
} omnibroker_box;

/* Which messages of one type a session wants. */
typedef struct omnibroker_subscription {
  uint32_t struct_size;
  omnibroker_slow_clients slow_clients; /* of all messages of this type to this session; the last one said counts */
  omnibroker_text id;       /* the client's name for it: a second one with the same id takes the place of the first */
  omnibroker_text type;     /* the message type */
  omnibroker_text key_glob; /* of the route's `latest_by` field: `*` any run of characters but `/`, `**` any run, `?` one
                             * character but `/`; empty: every message */
  uint64_t min_interval_ns; /* at most one message of a key in this time, and the last one always; 0: every message */
  const omnibroker_box* const* boxes; /* in any of them; none: everywhere. Who leaves them is seen leaving once. */
  size_t box_count;
} omnibroker_subscription;

/* "omnibroker.host.subscriptions/1". A session gets every message of its role until its first subscription to a type:
 * from then on it gets of that type only what one of its subscriptions takes. What changes begins behind the sender's
 * ack; where the message is refused, nothing changes. Every function: [worker], during the call. */
#define OMNIBROKER_HOST_SUBSCRIPTIONS "omnibroker.host.subscriptions/1"
typedef struct omnibroker_host_subscriptions_v1 {
  uint32_t struct_size;
  /* The sender gets what this asks for, the latest messages first. INVALID_ARGUMENT: a glob or box that cannot be.
   * NOT_FOUND: messages of this type do not go to the sender's role. UNSUPPORTED: the type's route has no `latest_by` (for
   * a glob or an interval) or not as many `position` fields. RESOURCE_EXHAUSTED: too many subscriptions. The reason, as a
   * sentence for the client, in `error`. */
  omnibroker_status (*subscribe)(omnibroker_call* call, const omnibroker_subscription* subscription,
                                 const omnibroker_sink* error);
  /* NOT_FOUND: the sender has none with this id. The last one of a type gone, nothing of the type is sent. */
  omnibroker_status (*unsubscribe)(omnibroker_call* call, omnibroker_text id);
  /* Sends the latest messages that this would take, once, and changes nothing. `id`, `slow_clients` and
   * `min_interval_ns` do not matter. Errors as for `subscribe`. */
  omnibroker_status (*snapshot)(omnibroker_call* call, const omnibroker_subscription* subscription,
                                const omnibroker_sink* error);
} omnibroker_host_subscriptions_v1;

/* "omnibroker.host.publish/1": for bridges, which take part without a connection. */
#define OMNIBROKER_HOST_PUBLISH "omnibroker.host.publish/1"
typedef struct omnibroker_host_publish_v1 {
  uint32_t struct_size;
  /* Sends one message as if a client with the bridge's `role` had sent it. Copies. The bridge's `reply` gets the direct
   * answer, if there is one. RESOURCE_EXHAUSTED when the queue to the workers is full, CLOSED when they are ending.
   * [any] */
  omnibroker_status (*publish)(const omnibroker_host* host, omnibroker_text payload);
} omnibroker_host_publish_v1;

/* Part: component tables.
 *
 * What a component offers, by id, from omnibroker_component_type.table. `self` is what `create` made. */

/* "omnibroker.lifecycle/1": every component. In this order, each with a deadline (docs/plugin-guide.md):
 * create, configure, prepare, start, (reconfigure)*, drain, stop, destroy. After a failed step: destroy alone. */
#define OMNIBROKER_LIFECYCLE "omnibroker.lifecycle/1"
typedef uint32_t omnibroker_reconfigured;
enum { OMNIBROKER_APPLIED = 1, OMNIBROKER_NEEDS_REPLACE = 2, OMNIBROKER_REJECTED = 3 };
typedef uint32_t omnibroker_health;
enum { OMNIBROKER_HEALTHY = 1, OMNIBROKER_DEGRADED = 2, OMNIBROKER_FAILED = 3 };
typedef struct omnibroker_lifecycle_v1 {
  uint32_t struct_size;
  /* Takes the checked configuration; finds what single options cannot say (one contradicts another). [loader] */
  omnibroker_status (*configure)(void* self, const omnibroker_config* config, const omnibroker_sink* error);
  /* Acquires what is not shared: opens files, connects outward. No client traffic yet. [loader] */
  omnibroker_status (*prepare)(void* self, const omnibroker_sink* error);
  /* Traffic may arrive, also before this returns. [loader] */
  omnibroker_status (*start)(void* self, const omnibroker_sink* error);
  /* Options changed. APPLIED: they are in force. NEEDS_REPLACE: nothing changed, a new generation is needed. REJECTED:
   * nothing changed, the new values cannot be. [loader], traffic goes on in workers meanwhile */
  omnibroker_reconfigured (*reconfigure)(void* self, const omnibroker_config* before, const omnibroker_config* after,
                                         const omnibroker_sink* error);
  /* Finish what was begun, take nothing new. Traffic has ended when `stop` is called. [loader] */
  omnibroker_status (*drain)(void* self, const omnibroker_sink* error);
  /* Let go of everything that `prepare` and `start` took. [loader] */
  omnibroker_status (*stop)(void* self, const omnibroker_sink* error);
  /* One sentence into `detail` when not healthy. [any] */
  omnibroker_health (*health)(void* self, const omnibroker_sink* detail);
} omnibroker_lifecycle_v1;

/* The direct answer to a message that was submitted with a correlation. */
typedef struct omnibroker_reply {
  uint32_t struct_size;
  uint32_t refused;            /* 0: handled. 1: refused, with `code` */
  omnibroker_text code;        /* "UNAUTHORIZED"; empty when handled */
  omnibroker_payload payload;  /* what a client would get: the ack or the error */
} omnibroker_reply;

/* "omnibroker.transport/1": a protocol without I/O. Also what a service offers, which uses no session.
 *
 * A connection's life: the host reads a request head and picks the component by path -> `open` -> `receive`* ->
 * (`end_request` or `close` or the peer is gone) -> `closed`. On a kept-alive connection this repeats for each request.
 * Every `open` that answered OK has exactly one `closed`, which is the last call with that state. */
#define OMNIBROKER_TRANSPORT "omnibroker.transport/1"
typedef struct omnibroker_transport_v1 {
  uint32_t struct_size;
  /* Takes a request: answers OK and sets `*state` (lent to every later call), or another status, having answered the
   * client by `write` and ended it by `end_request` or `close`: then `closed` does not follow. [worker] */
  omnibroker_status (*open)(void* self, omnibroker_connection* connection, const omnibroker_request* request,
                            void** state);
  /* Bytes have come, beginning with the first that was not consumed before. The transport may change them in place (to
   * unmask), also those it does not consume: it gets them again as it left them, with more behind them, or with none
   * (after `timer`, `reply` or `woken`, and at once where it has consumed some but not all). Answers how many it has consumed.
   * The host stops reading from a connection whose transport leaves more than the largest message unconsumed.
   * [worker] */
  size_t (*receive)(void* self, void* state, uint8_t* bytes, size_t size);
  /* The peer will send no more (it may still read). NULL: the host closes. [worker] */
  void (*end_of_input)(void* self, void* state);
  /* The timer of `set_timer`. [worker] */
  void (*timer)(void* self, void* state);
  /* The answer to `submit` with this correlation. [worker] */
  void (*reply)(void* self, void* state, uint64_t correlation, const omnibroker_reply* reply);
  /* The host wants the connection ended: say so in the protocol, then `close`. A transport that has not ended it within
   * the host's deadline has it closed for it. From this call on the host sends what the transport writes, and no more
   * messages. [worker] */
  void (*shutdown)(void* self, void* state, omnibroker_shutdown_reason reason, omnibroker_text sentence);
  /* The connection is gone; frees `state`. [worker] */
  void (*closed)(void* self, void* state);
  /* Writes one message as it goes over the wire to any receiver. Once per message, whatever the number of receivers.
   * NULL for services. [worker], several at once */
  void (*encode)(void* self, const omnibroker_payload* payload, const omnibroker_sink* out);
  /* Writes the body of an HTTP refusal that the host itself sends (404, 431, 503), and its media type into
   * `content_type`. NULL: the host sends the sentence as text. [worker], several at once */
  void (*refusal)(void* self, uint32_t http_status, omnibroker_text sentence, const omnibroker_sink* content_type,
                  const omnibroker_sink* body);
  /* As `encode`, for receivers whose connection said `set_variant` with this number. NULL: there are no variants.
   * [worker], several at once */
  void (*encode_variant)(void* self, uint32_t variant, const omnibroker_payload* payload, const omnibroker_sink* out);
  /* Somebody has asked for it by `wake` or `wake_when_sent`. What there is to do the transport knows itself; there may be
   * nothing, for instance where the request that it was asked for is over. NULL: nobody is woken. [worker]. Since 1.2. */
  void (*woken)(void* self, void* state);
} omnibroker_transport_v1;

/* "omnibroker.session_handover/1": moves a live connection between two generations of a transport. */
#define OMNIBROKER_SESSION_HANDOVER "omnibroker.session_handover/1"
typedef struct omnibroker_session_handover_v1 {
  uint32_t struct_size;
  /* Writes the connection's protocol state, at most 64 KiB, beginning with format id and version. Bytes not consumed
   * are the host's and not part of it. OK: `closed` follows, in which the connection must not be touched; or, where the
   * other generation refuses, the host goes on as if it had not asked. UNAVAILABLE: busy, ask again. UNSUPPORTED: it
   * cannot be moved. [worker] */
  omnibroker_status (*session_export)(void* self, void* state, const omnibroker_sink* out);
  /* Takes a connection over in place of `open`; may set timer and variant, and nothing else before it answers OK.
   * UNSUPPORTED: unknown format or version. [worker] */
  omnibroker_status (*session_import)(void* self, omnibroker_connection* connection, omnibroker_text blob, void** state,
                                      const omnibroker_sink* error);
} omnibroker_session_handover_v1;

/* "omnibroker.handler/1": what a message type means. */
#define OMNIBROKER_HANDLER "omnibroker.handler/1"
typedef struct omnibroker_handler_v1 {
  uint32_t struct_size;
  /* [worker], several at once; must not block: `defer` and `run_blocking` are for that */
  omnibroker_action (*handle)(void* self, omnibroker_call* call, const omnibroker_message* message);
  /* The code for "well formed, but handling it failed": "OBJECT_SELECTION_FAILED". NULL: INTERNAL_ERROR. */
  const char* failure_code;
  /* What its messages are called in a sentence, plural: "coordinate updates". NULL: "<type> messages". */
  const char* noun;
} omnibroker_handler_v1;

/* "omnibroker.filter/1": a step before the handler. */
#define OMNIBROKER_FILTER "omnibroker.filter/1"
typedef struct omnibroker_filter_v1 {
  uint32_t struct_size;
  /* [worker], several at once */
  omnibroker_action (*filter)(void* self, omnibroker_call* call, const omnibroker_message* message);
} omnibroker_filter_v1;

/* "omnibroker.reply/1": what an ack and an error look like on the wire. Offered by a handler component. */
#define OMNIBROKER_REPLY "omnibroker.reply/1"
typedef struct omnibroker_reply_v1 {
  uint32_t struct_size;
  void (*ack)(void* self, omnibroker_text original_type, const omnibroker_sink* out); /* [worker], several at once */
  void (*error)(void* self, omnibroker_text code, omnibroker_text message, const omnibroker_sink* out); /* the same */
} omnibroker_reply_v1;

/* Something the broker tells a client that asked for notices. */
typedef uint32_t omnibroker_notice_kind;
enum {
  OMNIBROKER_NOTICE_MISSED = 1,    /* messages of `type` left the client's stream, for `reason` */
  OMNIBROKER_NOTICE_GOING_AWAY = 2 /* the server is going away */
};
typedef struct omnibroker_notice {
  uint32_t struct_size;
  omnibroker_notice_kind kind;
  omnibroker_text type;   /* MISSED: the message type */
  omnibroker_text reason; /* MISSED: "conflated", "dropped_oldest", "snapshot" */
  uint64_t count;         /* MISSED: since the last such notice */
  uint64_t total;         /* MISSED: since the session began */
} omnibroker_notice;

/* "omnibroker.notices/1": what the broker's own messages to a client look like. Offered by a handler component, and sent
 * only to clients that agreed to the sub-protocol or have subscribed to something. */
#define OMNIBROKER_NOTICES "omnibroker.notices/1"
typedef struct omnibroker_notices_v1 {
  uint32_t struct_size;
  const char* subprotocol; /* "omnibroker.v1" */
  /* The first message to a client that agreed to the sub-protocol. [worker], several at once */
  void (*welcome)(void* self, omnibroker_text client_id, const omnibroker_sink* out);
  /* [worker], several at once */
  void (*status)(void* self, const omnibroker_notice* notice, const omnibroker_sink* out);
} omnibroker_notices_v1;

/* "omnibroker.bridge/1": joins another system. It takes part with the role that its configuration gives it. */
#define OMNIBROKER_BRIDGE "omnibroker.bridge/1"
typedef struct omnibroker_bridge_v1 {
  uint32_t struct_size;
  /* A message for the bridge's role. [worker], one at a time, in order */
  void (*deliver)(void* self, const omnibroker_payload* payload);
  /* The direct answer to something it published. [worker], one at a time */
  void (*reply)(void* self, const omnibroker_reply* reply);
} omnibroker_bridge_v1;

/* "omnibroker.state/1": what a handler, filter or bridge knows and its successor must know, too. Offered by those that
 * keep something between messages. When the component is replaced (swap, rollback, apply), the workers stand still
 * between two messages: all messages before were handled by the one, all behind them are handled by the other, which has
 * been started before. Everybody waits meanwhile, at most a second for each function: one that takes longer is given up,
 * and never called again. */
#define OMNIBROKER_STATE "omnibroker.state/1"
typedef struct omnibroker_state_v1 {
  uint32_t struct_size;
  /* Writes what the successor must know, at most 64 MiB, beginning with a format's name and version. Changes nothing:
   * the component may have to go on, or be gone back to. UNAVAILABLE: busy, ask again (after 50 ms, for 5 s). Any other
   * error: the component is not replaced, but for a rollback, which goes on without it. Work that the component has begun (`defer`, `run_blocking`) may still go on
   * while this is called and end behind it; one whose state that would change answers UNAVAILABLE. [loader] */
  omnibroker_status (*state_export)(void* self, const omnibroker_sink* out, const omnibroker_sink* error);
  /* Takes it, in place of all that it knows itself: its own of before, too, where it is gone back to. An error changes
   * nothing, and it does not become the successor, but in a rollback: then it goes on with what it knew. UNSUPPORTED: unknown format or version. [loader] */
  omnibroker_status (*state_import)(void* self, omnibroker_text state, const omnibroker_sink* error);
} omnibroker_state_v1;

/* Part: the descriptor. */

typedef uint32_t omnibroker_kind;
enum {
  OMNIBROKER_KIND_TRANSPORT = 1, /* must offer omnibroker.transport/1 with `encode` */
  OMNIBROKER_KIND_HANDLER = 2,   /* must offer omnibroker.handler/1, omnibroker.reply/1 or omnibroker.notices/1 */
  OMNIBROKER_KIND_FILTER = 3,    /* must offer omnibroker.filter/1 */
  OMNIBROKER_KIND_BRIDGE = 4,    /* must offer omnibroker.bridge/1 */
  OMNIBROKER_KIND_SERVICE = 5    /* must offer omnibroker.transport/1 */
};

/* Something a plugin can make. Static storage, constant. */
typedef struct omnibroker_component_type {
  uint32_t struct_size;
  omnibroker_kind kind;
  const char* name; /* snake_case: "websocket" */
  const char* doc;  /* one or two sentences */
  const omnibroker_option* const* options;
  size_t option_count;
  const char* const* needs; /* ids of host tables without which it cannot work */
  size_t need_count;
  /* Makes an instance. `host` lives until `destroy` has returned. Quick, and without I/O. [loader] */
  omnibroker_status (*create)(const omnibroker_host* host, void** self, const omnibroker_sink* error);
  void (*destroy)(void* self); /* [loader] */
  /* A table of this component type, or NULL. The same for all its instances. [any] */
  const void* (*table)(const char* id);
} omnibroker_component_type;

typedef struct omnibroker_plugin {
  uint32_t struct_size;
  uint16_t abi_major; /* OMNIBROKER_ABI_MAJOR it was built with */
  uint16_t abi_minor; /* the least minor of the host that it needs */
  const char* name;    /* the file's name without ".so" */
  const char* version; /* of the plugin: "1.0.0" */
  const char* doc;
  const char* license; /* SPDX: "Apache-2.0" */
  const char* build;   /* for people: compiler, SDK version */
  const char* sanitizers; /* "address,undefined", "thread" or "": refused where it differs from the host's */
  const omnibroker_component_type* const* components;
  size_t component_count;
} omnibroker_plugin;

/* The one exported symbol. Answers a constant that lives as long as the library is mapped, or NULL if it cannot serve.
 * [loader], also in a child process that only looks */
#define OMNIBROKER_ENTRY_SYMBOL "omnibroker_plugin_entry_v1"
OMNIBROKER_EXPORT const omnibroker_plugin* omnibroker_plugin_entry_v1(void);

#ifdef __cplusplus
}
#endif

#endif
