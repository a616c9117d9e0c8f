// Every plugin of this build keeps to the boundary: it exports its entry alone, loads, and describes itself whole.
// Whether the defaults of its options parse is held by the configuration's tests.
#include "dynamic_symbols.hpp"
#include "plugin/catalog.hpp"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

namespace fs = std::filesystem;
using omnibroker::core::Catalog;
using omnibroker::core::PluginReport;

std::vector<std::string> built_plugins() {
  std::vector<std::string> files{OMNIBROKER_TEST_PLUGINS "/plain_c.so"};  // the C boundary without the C++ layer
  std::error_code absent;
  for (fs::directory_iterator entry(OMNIBROKER_PLUGINS, absent), end; !absent && entry != end; ++entry) {
    if (entry->path().extension() == ".so") files.push_back(entry->path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// What a sanitizer's own instrumentation adds to every library.
bool is_of_a_sanitizer(const std::string& symbol) {
  static const bool sanitized = std::strlen(OMNIBROKER_SANITIZERS) > 0;
  const auto begins = [&symbol](const char* prefix) { return symbol.starts_with(prefix); };
  return sanitized && (begins("__asan") || begins("__odr_asan") || begins("__ubsan") || begins("__tsan") ||
                       begins("__lsan") || begins("__sancov") || begins("__sanitizer"));
}

bool is_snake_case(const std::string& name) {
  return !name.empty() && name[0] >= 'a' && name[0] <= 'z' &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string::npos;
}

class PluginContract : public testing::TestWithParam<std::string> {
 protected:
  const fs::path file = GetParam();
};

TEST_P(PluginContract, ExportsItsEntryAlone) {
  std::vector<std::string> exported;
  for (const auto& symbol : read_dynamic_section(file).exported) {
    if (!is_of_a_sanitizer(symbol.name)) exported.push_back(symbol.name);
  }
  EXPECT_EQ(exported, std::vector<std::string>{OMNIBROKER_ENTRY_SYMBOL});
}

TEST_P(PluginContract, SharesNoSymbolWithOtherLibraries) {
  for (const auto& symbol : read_dynamic_section(file).exported) EXPECT_FALSE(symbol.unique) << symbol.name;
}

TEST_P(PluginContract, HasNoRelocationsInItsCode) { EXPECT_FALSE(read_dynamic_section(file).text_relocations); }

TEST_P(PluginContract, LoadsWithoutAReason) {
  Catalog catalog({});

  const auto report = catalog.load(file);

  EXPECT_EQ(report.state, PluginReport::State::Loaded);
  EXPECT_EQ(report.reasons, std::vector<std::string>{});
}

TEST_P(PluginContract, SurvivesAScan) {
  Catalog catalog({});

  const auto reports = catalog.scan(file.parent_path());

  const auto own =
      std::find_if(reports.begin(), reports.end(), [this](const auto& report) { return report.file == file; });
  ASSERT_NE(own, reports.end());
  EXPECT_EQ(own->state, PluginReport::State::Loaded);
}

TEST_P(PluginContract, DescribesItselfForPeople) {
  Catalog catalog({});
  const auto report = catalog.load(file);
  ASSERT_NE(report.plugin, nullptr);
  const auto& plugin = *report.plugin;

  EXPECT_EQ(plugin.name, file.stem().string());
  EXPECT_GT(std::strlen(plugin.doc), 0u);
  EXPECT_GT(std::strlen(plugin.license), 0u);
  EXPECT_GT(std::strlen(plugin.build), 0u);
  for (std::size_t i = 0; i < plugin.component_count; ++i) {
    const auto& type = *plugin.components[i];
    EXPECT_GT(std::strlen(type.doc), 0u) << type.name;
    for (std::size_t j = 0; j < type.option_count; ++j) {
      const auto& option = *type.options[j];
      EXPECT_TRUE(is_snake_case(option.name)) << option.name;
      EXPECT_TRUE(std::string_view(option.doc).ends_with(".")) << option.name << " is not documented by a sentence";
    }
  }
}

TEST_P(PluginContract, AnswersTheSameTablesEveryTimeAndNoneForAnUnknownId) {
  Catalog catalog({});
  const auto report = catalog.load(file);
  ASSERT_NE(report.plugin, nullptr);

  for (std::size_t i = 0; i < report.plugin->component_count; ++i) {
    const auto& type = *report.plugin->components[i];
    EXPECT_EQ(type.table("omnibroker.no_such_table/1"), nullptr) << type.name;
    EXPECT_EQ(type.table(""), nullptr) << type.name;
    EXPECT_EQ(type.table(OMNIBROKER_LIFECYCLE), type.table(OMNIBROKER_LIFECYCLE)) << type.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Built, PluginContract, testing::ValuesIn(built_plugins()),
                         [](const auto& plugin) { return fs::path(plugin.param).stem().string(); });

}  // namespace
