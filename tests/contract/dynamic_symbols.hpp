#pragma once

#include <filesystem>
#include <string>
#include <vector>

/// A symbol that a library defines and offers to others.
struct DynamicSymbol {
  std::string name;
  bool unique = false;  ///< One for the whole process, whoever defines it (STB_GNU_UNIQUE).
};

/// What a 64-bit ELF library exports, read from its .dynsym; and whether its code needs relocations.
struct DynamicSection {
  std::vector<DynamicSymbol> exported;
  bool text_relocations = false;
};

/// Throws std::runtime_error where the file is no such library.
DynamicSection read_dynamic_section(const std::filesystem::path& library);
