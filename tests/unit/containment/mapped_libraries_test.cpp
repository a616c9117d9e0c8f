#include "containment/mapped_libraries.hpp"

#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

std::uintptr_t address_of(const void* pointer) { return reinterpret_cast<std::uintptr_t>(pointer); }

const int own_constant = 1;

TEST(MappedLibraries, HaveTheProgramItself) {
  note_mapped_libraries();

  const auto* own = library_at(address_of(&own_constant));

  ASSERT_NE(own, nullptr);
  EXPECT_EQ(own->path, std::filesystem::read_symlink("/proc/self/exe"));
  EXPECT_LT(own->begin, own->end);
  EXPECT_LE(own->base, own->begin);
  for (const char digit : own->build_id) EXPECT_NE(std::isxdigit(static_cast<unsigned char>(digit)), 0);
}

TEST(MappedLibraries, HaveTheirOwnAddresses) {
  note_mapped_libraries();

  const auto* own = library_at(address_of(&own_constant));
  const auto* other = library_at(address_of(reinterpret_cast<const void*>(&std::fputs)));

  ASSERT_NE(other, nullptr);
  EXPECT_NE(own, other);
  EXPECT_EQ(library_at(0), nullptr);
}

TEST(MappedLibraries, AreNotedOnce) {
  note_mapped_libraries();
  const auto* before = library_at(address_of(&own_constant));

  for (int i = 0; i < 3; ++i) note_mapped_libraries();

  EXPECT_EQ(library_at(address_of(&own_constant)), before);
}

TEST(MappedLibraries, CanBePlugins) {
  const auto* in_it = reinterpret_cast<const void*>(&std::fputs);
  EXPECT_EQ(plugin_at(in_it), nullptr);
  auto& facts = new_plugin_facts("one", "/opt/one.so", "c0ffee");

  note_plugin(in_it, facts);

  ASSERT_EQ(plugin_at(in_it), &facts);
  EXPECT_EQ(facts.build_id, library_at(address_of(in_it))->build_id);
  EXPECT_EQ(plugin_at(&own_constant), nullptr);
  EXPECT_EQ(plugin_at(nullptr), nullptr);
}

}  // namespace
}  // namespace omnibroker::core
