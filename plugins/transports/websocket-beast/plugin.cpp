#include "transport.hpp"

#include <omnibroker/plugin.hpp>

OMNIBROKER_PLUGIN("websocket_beast", "1.0.0", "WebSocket (RFC 6455, compression by RFC 7692) by Boost.Beast.",
                  omnibroker::component<omnibroker::plugins::websocket_beast::BeastTransport>(
                      "websocket_beast", "Serves messages over WebSocket as `websocket` does, read by Boost.Beast."))
