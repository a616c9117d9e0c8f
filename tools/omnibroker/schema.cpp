#include "command.hpp"
#include "config/loader.hpp"
#include "found_types.hpp"

#include <cstdio>

namespace omnibroker::tools {
namespace {

int schema(const Arguments& arguments) {
  const auto found = find_types(arguments.all("dir"));
  std::fputs(core::config_schema(found.types).c_str(), stdout);
  return kDone;
}

}  // namespace

Command schema_command() {
  return {{.name = "schema",
           .purpose = "print the JSON Schema of the configuration, for editors",
           .usage = "",
           .text = "A JSON Schema (draft 2020-12) of the whole file; the options of every plugin that is\n"
                   "found are part of it. An editor with a YAML language server completes and checks by\n"
                   "it when the file begins with: # yaml-language-server: $schema=omnibroker.schema.json\n",
           .options = {{"dir", "d", "DIR", "Look for plugins here instead; may be given more than once."}},
           .examples = {{"omnibroker schema > omnibroker.schema.json", "for the editor"}},
           .exit_codes = {kDone, kWrongUsage}},
          schema};
}

}  // namespace omnibroker::tools
