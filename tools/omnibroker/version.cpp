#include "command.hpp"

#include <cstdio>

#include <Poco/Environment.h>
#include <openssl/crypto.h>

#include <omnibroker/abi.h>
#include <omnibroker/version.hpp>

namespace omnibroker::tools {
namespace {

int version(const Arguments&) {
  const auto poco = Poco::Environment::libraryVersion();
  std::printf("omnibroker %s\n", OMNIBROKER_SDK_VERSION);
  std::printf("plugins    ABI %d.%d\n", OMNIBROKER_ABI_MAJOR, OMNIBROKER_ABI_MINOR);
  std::printf("compiler   %s, %s\n", OMNIBROKER_COMPILER, OMNIBROKER_BUILD_TYPE);
  std::printf("libraries  POCO %u.%u.%u, %s, Boost %s, yaml-cpp %s, spdlog %s, simdjson %s\n", poco >> 24,
              (poco >> 16) & 0xff, (poco >> 8) & 0xff, OpenSSL_version(OPENSSL_VERSION), OMNIBROKER_BOOST_VERSION,
              OMNIBROKER_YAML_CPP_VERSION, OMNIBROKER_SPDLOG_VERSION, OMNIBROKER_SIMDJSON_VERSION);
  return kDone;
}

}  // namespace

Command version_command() {
  return {{.name = "version",
           .purpose = "print the version, the plugin ABI, and what this was built with",
           .usage = "",
           .text = "The first line is `omnibroker VERSION`. A plugin loads when the major number of its ABI\n"
                   "is the same, and its minor number not above the one shown here.\n",
           .options = {},
           .examples = {{"omnibroker version", ""}},
           .exit_codes = {kDone, kWrongUsage}},
          version};
}

}  // namespace omnibroker::tools
