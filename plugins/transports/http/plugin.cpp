#include "http_transport.hpp"

OMNIBROKER_PLUGIN("http", "1.0.0",
                  "HTTP and Server-Sent Events for clients that cannot hold a WebSocket; health, status and metrics.",
                  omnibroker::component<omnibroker::plugins::http::HttpTransport>(
                      "http", "Takes messages by POST, sends them as Server-Sent Events, answers health and status."))
