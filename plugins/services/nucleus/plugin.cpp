#include "api_service.hpp"
#include "auth_service.hpp"
#include "discovery_service.hpp"
#include "lft_service.hpp"

#include <omnibroker/plugin.hpp>

OMNIBROKER_PLUGIN("nucleus", "1.0.0", "A Nucleus: files, live objects and channels for Omniverse programs.",
                  omnibroker::component<omnibroker::plugins::nucleus::DiscoveryService>(
                      "discovery", "Tells clients where the other services of a Nucleus are.", OMNIBROKER_KIND_SERVICE),
                  omnibroker::component<omnibroker::plugins::nucleus::AuthService>(
                      "auth", "Logs users in, and looks after users and their tokens.", OMNIBROKER_KIND_SERVICE),
                  omnibroker::component<omnibroker::plugins::nucleus::ApiService>(
                      "api", "The Nucleus API: files, folders, live objects, channels, locks and subscriptions.",
                      OMNIBROKER_KIND_SERVICE),
                  omnibroker::component<omnibroker::plugins::nucleus::LftService>(
                      "lft", "Large contents of a Nucleus, in and out by HTTP.", OMNIBROKER_KIND_SERVICE))
