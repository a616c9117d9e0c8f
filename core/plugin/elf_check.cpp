#include "plugin/elf_check.hpp"

#include <cstring>
#include <elf.h>
#include <string>

namespace omnibroker::core {
namespace {

#if defined(__x86_64__)
constexpr Elf64_Half kMachine = EM_X86_64;
constexpr const char* kMachineName = "x86-64";
#elif defined(__aarch64__)
constexpr Elf64_Half kMachine = EM_AARCH64;
constexpr const char* kMachineName = "AArch64";
#else
#error "Name this machine's e_machine value here (see <elf.h>)"
#endif

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
constexpr unsigned char kByteOrder = ELFDATA2LSB;
#else
constexpr unsigned char kByteOrder = ELFDATA2MSB;
#endif

Status refusal(std::string sentence) { return Error{ErrorCode::InvalidArgument, std::move(sentence)}; }

std::string machine_name(Elf64_Half machine) {
  switch (machine) {
    case EM_X86_64: return "x86-64";
    case EM_AARCH64: return "AArch64";
    case EM_386: return "32-bit x86";
    case EM_ARM: return "32-bit ARM";
    case EM_RISCV: return "RISC-V";
    case EM_PPC64: return "PowerPC64";
    default: return "machine number " + std::to_string(machine);
  }
}

/// The file's bytes, read without regard to alignment and never beyond their end.
class Reader {
 public:
  explicit Reader(std::span<const std::byte> content) : content_(content) {}

  bool contains(std::uint64_t offset, std::uint64_t size) const {
    return offset <= content_.size() && size <= content_.size() - offset;
  }
  template <class T>
  T at(std::uint64_t offset) const {
    T value;
    std::memcpy(&value, content_.data() + offset, sizeof(T));
    return value;
  }

 private:
  std::span<const std::byte> content_;
};

Status check_header(const Elf64_Ehdr& header) {
  if (header.e_ident[EI_CLASS] != ELFCLASS64) return refusal("is not a 64-bit library");
  if (header.e_ident[EI_DATA] != kByteOrder) return refusal("is for a machine with another byte order");
  if (header.e_ident[EI_VERSION] != EV_CURRENT) return refusal("has an unknown ELF version");
  if (header.e_machine != kMachine) {
    return refusal("is for " + machine_name(header.e_machine) + ", and this machine is " + kMachineName);
  }
  if (header.e_type != ET_DYN) return refusal("is an ELF file, but not a shared library");
  if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum == 0) return refusal("has a damaged ELF header");
  return {};
}

Status check_segments(const Reader& file, const Elf64_Ehdr& header) {
  const auto cut = [] { return refusal("is cut short: it ends before what its own headers announce"); };
  if (!file.contains(header.e_phoff, std::uint64_t{header.e_phnum} * sizeof(Elf64_Phdr))) return cut();
  bool dynamic = false, loaded = false;
  for (unsigned i = 0; i < header.e_phnum; ++i) {
    const auto segment = file.at<Elf64_Phdr>(header.e_phoff + i * sizeof(Elf64_Phdr));
    if (segment.p_type == PT_LOAD) loaded = true;
    if (segment.p_type == PT_DYNAMIC) dynamic = true;
    if (segment.p_type != PT_NULL && !file.contains(segment.p_offset, segment.p_filesz)) return cut();
    if (segment.p_type == PT_LOAD && segment.p_filesz > segment.p_memsz) return refusal("has a damaged segment table");
  }
  if (!loaded || !dynamic) return refusal("has nothing in it that could be loaded");
  // The section headers come last in a file, and so are the first thing that a short copy loses.
  const std::uint64_t sections = std::uint64_t{header.e_shnum} * header.e_shentsize;
  if (header.e_shoff != 0 && !file.contains(header.e_shoff, sections)) return cut();
  return {};
}

}  // namespace

Status check_shared_library(std::span<const std::byte> content) {
  if (content.empty()) return refusal("is empty");
  if (content.size() < SELFMAG || std::memcmp(content.data(), ELFMAG, SELFMAG) != 0) {
    return refusal("is not an ELF file");
  }
  const Reader file(content);
  if (!file.contains(0, sizeof(Elf64_Ehdr))) return refusal("is cut short: it ends inside its ELF header");
  const auto header = file.at<Elf64_Ehdr>(0);
  if (auto status = check_header(header); !status) return status;
  return check_segments(file, header);
}

}  // namespace omnibroker::core
