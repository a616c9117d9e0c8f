#include "dynamic_symbols.hpp"

#include <cstring>
#include <elf.h>
#include <fstream>
#include <iterator>
#include <span>
#include <stdexcept>

namespace {

template <class T>
T at(std::span<const char> file, std::size_t offset) {
  if (offset > file.size() || sizeof(T) > file.size() - offset) throw std::runtime_error("beyond the end of the file");
  T value;
  std::memcpy(&value, file.data() + offset, sizeof(T));
  return value;
}

std::string text_at(std::span<const char> file, std::size_t offset) {
  std::string text;
  for (char c = at<char>(file, offset); c != '\0'; c = at<char>(file, offset)) {
    text += c;
    ++offset;
  }
  return text;
}

void read_symbols(std::span<const char> file, const Elf64_Shdr& table, const Elf64_Shdr& names, DynamicSection& out) {
  for (std::size_t i = 0; i < table.sh_size / sizeof(Elf64_Sym); ++i) {
    const auto symbol = at<Elf64_Sym>(file, table.sh_offset + i * sizeof(Elf64_Sym));
    const auto binding = ELF64_ST_BIND(symbol.st_info);
    if (symbol.st_shndx == SHN_UNDEF || binding == STB_LOCAL) continue;
    const auto visibility = ELF64_ST_VISIBILITY(symbol.st_other);
    if (visibility == STV_HIDDEN || visibility == STV_INTERNAL) continue;
    out.exported.push_back({text_at(file, names.sh_offset + symbol.st_name), binding == STB_GNU_UNIQUE});
  }
}

void read_dynamic(std::span<const char> file, const Elf64_Shdr& section, DynamicSection& out) {
  for (std::size_t i = 0; i < section.sh_size / sizeof(Elf64_Dyn); ++i) {
    const auto entry = at<Elf64_Dyn>(file, section.sh_offset + i * sizeof(Elf64_Dyn));
    if (entry.d_tag == DT_TEXTREL) out.text_relocations = true;
    if (entry.d_tag == DT_FLAGS && (entry.d_un.d_val & DF_TEXTREL) != 0) out.text_relocations = true;
  }
}

}  // namespace

DynamicSection read_dynamic_section(const std::filesystem::path& library) {
  std::ifstream in(library, std::ios::binary);
  const std::vector<char> content((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  const std::span<const char> file(content);
  const auto header = at<Elf64_Ehdr>(file, 0);
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) throw std::runtime_error("not an ELF file");

  const auto section = [&](std::size_t index) {
    return at<Elf64_Shdr>(file, header.e_shoff + index * sizeof(Elf64_Shdr));
  };
  DynamicSection out;
  for (std::size_t i = 0; i < header.e_shnum; ++i) {
    const auto each = section(i);
    if (each.sh_type == SHT_DYNSYM) read_symbols(file, each, section(each.sh_link), out);
    if (each.sh_type == SHT_DYNAMIC) read_dynamic(file, each, out);
  }
  return out;
}
