#include "config/loader.hpp"

#include "config/broker_reader.hpp"
#include "config/findings.hpp"
#include "config/relations.hpp"
#include "config/sources.hpp"

#include <cstdlib>
#include <utility>

namespace omnibroker::core {
namespace {

LoadedConfig load(const Sources& sources, bool has_tree, const std::string& name, const TypeLookup& find_type,
                  ReadContext& context, const PluginOverride& instead = {}) {
  LoadedConfig loaded;
  loaded.config.file = name;
  if (has_tree) {
    auto broker = BrokerReader(find_type, context, instead).read(sources.root());
    check_relations(broker, context.findings);
    loaded.config = assemble(std::move(broker));
  }
  loaded.files = sources.files();
  loaded.files.insert(loaded.files.end(), context.files.begin(), context.files.end());
  for (const auto& listener : loaded.config.listeners) {
    for (const auto& file : {listener.tls.certificate, listener.tls.key}) {
      if (!file.empty()) loaded.files.emplace_back(file);
    }
  }
  loaded.errors = context.findings.errors();
  loaded.warnings = context.findings.warnings();
  return loaded;
}

}  // namespace

Environment process_environment() {
  return [](const std::string& name, std::string& value) {
    const char* found = std::getenv(name.c_str());
    if (found != nullptr) value = found;
    return found != nullptr;
  };
}

LoadedConfig load_config(const std::filesystem::path& file, const TypeLookup& find_type, const Environment& environment,
                         const PluginOverride& instead) {
  Findings findings;
  Sources sources(environment, findings);
  ReadContext context{environment, findings};
  const bool has_tree = sources.read_file(file);
  return load(sources, has_tree, file.string(), find_type, context, instead);
}

LoadedConfig parse_config(std::string_view text, const std::string& name, const TypeLookup& find_type,
                          const Environment& environment) {
  Findings findings;
  Sources sources(environment, findings);
  ReadContext context{environment, findings};
  const bool has_tree = sources.read_text(text, name);
  return load(sources, has_tree, name, find_type, context);
}

std::vector<std::string> plugin_path_of(const std::filesystem::path& file, const Environment& environment) {
  Findings findings;
  Sources sources(environment, findings);
  if (!sources.read_file(file)) return {};
  ReadContext context{environment, findings};
  const TypeLookup nobody;
  return BrokerReader(nobody, context).read_plugin_path({&sources.root(), sources.root().mark, {}});
}

CrashesConfig crashes_config_of(const std::filesystem::path& file, const Environment& environment) {
  Findings findings;
  Sources sources(environment, findings);
  if (!sources.read_file(file)) return {};
  ReadContext context{environment, findings};
  const TypeLookup nobody;
  return BrokerReader(nobody, context).read_crashes({&sources.root(), sources.root().mark, {}});
}

}  // namespace omnibroker::core
