#include "notices.hpp"
#include "subscribe.hpp"

#include <omnibroker/plugin.hpp>

using namespace omnibroker::plugins::subscriptions;

OMNIBROKER_PLUGIN("subscriptions", "1.0.0", "Lets clients choose what they get, and tells them what they missed.",
                  omnibroker::component<Subscribe>("subscribe",
                                                   "Narrows what the sender gets: by key, place, rate and policy."),
                  omnibroker::component<Unsubscribe>("unsubscribe", "Ends a subscription of the sender."),
                  omnibroker::component<Snapshot>("snapshot", "Sends the latest messages to the sender, once."),
                  omnibroker::component<GatewayNotices>("notices",
                                                        "Writes the welcome and status messages of omnibroker.v1."))
