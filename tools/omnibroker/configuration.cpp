#include "configuration.hpp"

#include "installation.hpp"

#include <string_view>

namespace omnibroker::tools {

core::TypeLookup type_lookup(core::Catalog& catalog) {
  return [&catalog](std::string_view name) -> Result<const omnibroker_component_type*> {
    auto found = catalog.find(name);
    if (!found) return found.error();
    return found->type;
  };
}

ReadConfiguration read_configuration(const std::filesystem::path& file, const core::PluginOverride& instead) {
  ReadConfiguration read;
  read.catalog = std::make_unique<core::Catalog>(plugin_folders(core::plugin_path_of(file)));
  read.find_type = type_lookup(*read.catalog);
  read.loaded = core::load_config(file, read.find_type, core::process_environment(), instead);
  return read;
}

}  // namespace omnibroker::tools
