#include "plugin/elf_check.hpp"

#include "test_files.hpp"

#include <cstddef>
#include <cstring>
#include <elf.h>

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

std::vector<std::byte> good() { return bytes_of(test_plugin("plain_c")); }

template <class T>
void patch(std::vector<std::byte>& content, std::size_t offset, T value) {
  ASSERT_LE(offset + sizeof(T), content.size());
  std::memcpy(content.data() + offset, &value, sizeof(T));
}

void refused(const std::vector<std::byte>& content, std::string_view sentence) {
  const auto status = check_shared_library(content);
  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().message, sentence);
}

TEST(ElfCheck, TakesAWholeLibrary) { EXPECT_TRUE(check_shared_library(good())); }

TEST(ElfCheck, RefusesAnEmptyFile) { refused({}, "is empty"); }

TEST(ElfCheck, RefusesTextAndEverythingElseThatIsNotElf) {
  refused({std::byte{'h'}, std::byte{'i'}}, "is not an ELF file");
  refused(std::vector<std::byte>(4096, std::byte{'x'}), "is not an ELF file");
}

TEST(ElfCheck, RefusesALibraryCutShortAnywhere) {
  const auto content = good();
  for (std::size_t size = 4; size < content.size(); size += 97) {
    const auto status = check_shared_library(std::span(content).first(size));
    ASSERT_FALSE(status) << size << " of " << content.size();
    EXPECT_TRUE(status.error().message.starts_with("is cut short")) << size << ": " << status.error().message;
  }
  EXPECT_FALSE(check_shared_library(std::span(content).first(content.size() - 1)));
}

TEST(ElfCheck, NamesTheMachineOfALibraryForAnotherOne) {
  auto content = good();
  patch(content, offsetof(Elf64_Ehdr, e_machine), Elf64_Half{EM_RISCV});

  const auto status = check_shared_library(content);

  ASSERT_FALSE(status);
  EXPECT_TRUE(status.error().message.starts_with("is for RISC-V, and this machine is ")) << status.error().message;
}

TEST(ElfCheck, RefusesA32BitLibrary) {
  auto content = good();
  patch(content, EI_CLASS, std::uint8_t{ELFCLASS32});
  refused(content, "is not a 64-bit library");
}

TEST(ElfCheck, RefusesAnotherByteOrder) {
  auto content = good();
  patch(content, EI_DATA, std::uint8_t{ELFDATA2MSB});
  refused(content, "is for a machine with another byte order");
}

TEST(ElfCheck, RefusesAnObjectFile) {
  auto content = good();
  patch(content, offsetof(Elf64_Ehdr, e_type), Elf64_Half{ET_REL});
  refused(content, "is an ELF file, but not a shared library");
}

TEST(ElfCheck, RefusesASegmentThatEndsBeyondTheFile) {
  auto content = good();
  Elf64_Ehdr header;
  std::memcpy(&header, content.data(), sizeof(header));
  patch(content, header.e_phoff + offsetof(Elf64_Phdr, p_filesz), std::uint64_t{1} << 40);
  refused(content, "is cut short: it ends before what its own headers announce");
}

TEST(ElfCheck, RefusesOffsetsThatWouldOverflow) {
  auto content = good();
  patch(content, offsetof(Elf64_Ehdr, e_phoff), ~std::uint64_t{0} - 8);
  refused(content, "is cut short: it ends before what its own headers announce");
}

TEST(ElfCheck, RefusesALibraryWithoutSegments) {
  auto content = good();
  patch(content, offsetof(Elf64_Ehdr, e_phnum), Elf64_Half{0});
  refused(content, "has a damaged ELF header");
}

}  // namespace
}  // namespace omnibroker::core
