#pragma once

#include "config/loader.hpp"
#include "plugin/catalog.hpp"

#include <filesystem>
#include <memory>

namespace omnibroker::tools {

/// A configuration file, read with the plugins that it names.
struct ReadConfiguration {
  std::unique_ptr<core::Catalog> catalog;  ///< The types that `loaded` refers to live in its libraries.
  core::TypeLookup find_type;              ///< Asks the catalog; valid as long as it.
  core::LoadedConfig loaded;
};

/// `instead`: a plugin that stands for the one that the file gives to a component.
ReadConfiguration read_configuration(const std::filesystem::path& file, const core::PluginOverride& instead = {});

/// `find` of a catalog in the shape that reading a configuration asks for. The catalog must outlive it.
core::TypeLookup type_lookup(core::Catalog& catalog);

}  // namespace omnibroker::tools
