#pragma once

#include "containment/call_marks.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

namespace omnibroker::core {

/// A library (or the program itself) that is mapped, noted beforehand, so that a signal handler needs neither the
/// dynamic linker nor a lock to say what an address belongs to.
///
/// Lifecycle: never destroyed. Threads: any, and signal handlers.
struct MappedLibrary {
  std::uintptr_t begin = 0;  ///< Of what is mapped from it.
  std::uintptr_t end = 0;
  std::uintptr_t base = 0;  ///< An address minus this is the address in the file, as addr2line and objdump take it.
  std::string path;
  std::string build_id;                                     ///< Hex; empty: it has none.
  mutable std::atomic<const PluginFacts*> plugin{nullptr};  ///< Null: it is no plugin.
  MappedLibrary* next = nullptr;
};

/// Notes what has been mapped since it was last called: cheap where there is nothing. Past 4,096 libraries no more are
/// noted. Threads: any.
void note_mapped_libraries();

/// What an address belongs to, or null. For signal handlers, too.
const MappedLibrary* library_at(std::uintptr_t address);

/// For the rest of the process; the build id is not known before the library is mapped.
PluginFacts& new_plugin_facts(std::string name, std::string file, std::string sha256);

/// Says that the library at `address` is this plugin, and notes the library if need be.
void note_plugin(const void* address, PluginFacts& facts);

/// The plugin whose library has this address, or null.
const PluginFacts* plugin_at(const void* address);

}  // namespace omnibroker::core
