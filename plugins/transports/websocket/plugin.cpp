#include "websocket_transport.hpp"

#include <omnibroker/plugin.hpp>

OMNIBROKER_PLUGIN("websocket", "1.0.0", "WebSocket (RFC 6455, compression by RFC 7692) for every client.",
                  omnibroker::component<omnibroker::plugins::websocket::WebSocketTransport>(
                      "websocket", "Serves messages over WebSocket, one session a connection."))
