#include "plugin/catalog.hpp"

#include "test_files.hpp"

#include <cstring>
#include <elf.h>
#include <set>

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

using State = PluginReport::State;

std::string only_reason(const PluginReport& report) {
  EXPECT_EQ(report.state, State::Refused);
  EXPECT_EQ(report.plugin, nullptr);
  EXPECT_EQ(report.reasons.size(), 1u);
  return report.reasons.empty() ? "" : report.reasons[0];
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

TEST(Catalog, LoadsAPluginFromACopyNamedByItsContent) {
  const Folder staging;
  Catalog catalog({}, staging / "staged");

  const auto report = catalog.load(test_plugin("plain_c"));

  ASSERT_EQ(report.state, State::Loaded) << only_reason(report);
  EXPECT_TRUE(report.reasons.empty());
  EXPECT_EQ(report.hash.size(), 64u);
  EXPECT_EQ(report.staged, staging / "staged" / (report.hash + ".so"));
  EXPECT_STREQ(report.plugin->name, "plain_c");
}

TEST(Catalog, LoadsTheSameContentOnce) {
  Catalog catalog({});
  const auto first = catalog.load(test_plugin("plain_c"));
  const auto second = catalog.load(test_plugin("plain_c"));

  EXPECT_EQ(first.plugin, second.plugin);
  EXPECT_EQ(catalog.reports().size(), 1u);
}

TEST(Catalog, LoadsNewCodeFromAPathThatWasReplaced) {
  const Folder folder;
  Catalog catalog({folder.path()});
  copy_plugin("moody", folder);
  const auto before = catalog.load(folder / "moody.so");
  ASSERT_EQ(before.state, State::Loaded);

  auto changed = bytes_of(folder / "moody.so");
  changed.push_back(std::byte{0});  // another content, as a new build would have
  write_file(folder / "moody.so", changed);
  const auto after = catalog.load(folder / "moody.so");

  ASSERT_EQ(after.state, State::Loaded);
  EXPECT_NE(after.plugin, before.plugin);
  EXPECT_STREQ(before.plugin->components[0]->name, "moody");  // the old code is still there, untouched
}

TEST(Catalog, KeepsWhatItLoadedBeyondItsOwnEnd) {
  const omnibroker_plugin* plugin = nullptr;
  { plugin = Catalog({}).load(test_plugin("plain_c")).plugin; }
  ASSERT_NE(plugin, nullptr);
  EXPECT_STREQ(plugin->components[0]->name, "plain_c");
}

TEST(Catalog, FindsATypeByItsPluginsName) {
  Catalog catalog({"/nonexistent", OMNIBROKER_TEST_PLUGINS});

  const auto found = catalog.find("moody");

  ASSERT_TRUE(found) << found.error().message;
  EXPECT_STREQ(found.value().plugin->name, "moody");
  EXPECT_STREQ(found.value().type->name, "moody");
}

TEST(Catalog, FindsATypeByFileAndTypeAndByPath) {
  Catalog catalog({OMNIBROKER_TEST_PLUGINS});
  EXPECT_TRUE(catalog.find("moody:moody"));
  EXPECT_TRUE(catalog.find(test_plugin("moody").string()));
  EXPECT_TRUE(catalog.find(test_plugin("moody").string() + ":moody"));
}

TEST(Catalog, TakesTheFirstFolderThatHasTheFile) {
  const Folder folder;
  copy_plugin("moody", folder);
  Catalog catalog({folder.path(), OMNIBROKER_TEST_PLUGINS});

  ASSERT_TRUE(catalog.find("moody"));

  EXPECT_EQ(catalog.reports().at(0).file, folder / "moody.so");
}

TEST(Catalog, SaysWhereItLookedAndWhatIsNear) {
  Catalog catalog({"/nonexistent", OMNIBROKER_TEST_PLUGINS});

  const auto found = catalog.find("moddy");

  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::NotFound);
  EXPECT_EQ(found.error().message,
            "There is no plugin \"moddy\" in /nonexistent, " OMNIBROKER_TEST_PLUGINS " (did you mean \"moody\"?)");
}

TEST(Catalog, SaysWhatThereIsWhereNothingIsNear) {
  const Folder folder;
  copy_plugin("moody", folder);
  Catalog catalog({folder.path()});

  EXPECT_EQ(catalog.find("teleporter").error().message,
            "There is no plugin \"teleporter\" in " + folder.path().string() + "; there is moody");
  EXPECT_EQ(Catalog({}).find("moody").error().message,
            "There is no plugin \"moody\" in any folder, since none is given");
  EXPECT_EQ(catalog.find("./moody.so").error().code, ErrorCode::NotFound);
}

TEST(Catalog, SaysWhichTypesAPluginHas) {
  Catalog catalog({OMNIBROKER_TEST_PLUGINS});

  const auto found = catalog.find("moody:cheerful");

  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::NotFound);
  EXPECT_TRUE(contains(found.error().message, "has no component type \"cheerful\"; there is moody"))
      << found.error().message;
}

TEST(Catalog, GivesTheReasonsOfARefusedPluginToWhoLooksForIt) {
  Catalog catalog({OMNIBROKER_TEST_PLUGINS});

  const auto found = catalog.find("wrong_major");

  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::Unsupported);
  EXPECT_EQ(found.error().message,
            "Plugin " + test_plugin("wrong_major").string() +
                " is refused: It needs plugin ABI 2.2, and this broker (0.1.0) has 1.2; build it "
                "against an SDK of ABI 1");
}

TEST(Catalog, RefusesEachWrongPluginWithItsOwnReason) {
  Catalog catalog({});
  const std::pair<const char*, const char*> cases[] = {
      {"wrong_major", "It needs plugin ABI 2.2, and this broker (0.1.0) has 1.2"},
      {"minor_too_new", "It needs plugin ABI 1.3, and this broker (0.1.0) has 1.2"},
      {"no_entry", "It cannot be loaded: it does not export omnibroker_plugin_entry_v1"},
      {"unresolved", "It cannot be loaded: undefined symbol: a_function_that_no_library_has"},
      {"answers_nothing", "Its entry function answered nothing"},
      {"duplicate_options", "Option \"pace\" of component type \"duplicate_options\" is declared twice"},
  };
  for (const auto& [name, sentence] : cases) {
    const auto reason = only_reason(catalog.load(test_plugin(name)));
    EXPECT_TRUE(reason.starts_with(sentence)) << name << ": " << reason;
  }
}

TEST(Catalog, RefusesAPluginUnderAnothersName) {
  const Folder folder;
  std::filesystem::copy_file(test_plugin("moody"), folder / "cheerful.so");

  const auto reason = only_reason(Catalog({}).load(folder / "cheerful.so"));

  EXPECT_TRUE(contains(reason, "calls itself \"moody\"")) << reason;
}

TEST(Catalog, RefusesWhatIsNoLibraryBeforeTheLinkerSeesIt) {
  const Folder folder;
  const auto content = bytes_of(test_plugin("plain_c"));
  write_file(folder / "text.so", std::vector<std::byte>(100, std::byte{'#'}));
  write_file(folder / "cut.so", {content.begin(), content.begin() + static_cast<std::ptrdiff_t>(content.size() / 2)});
  auto other = content;
  const Elf64_Half riscv = EM_RISCV;
  std::memcpy(other.data() + offsetof(Elf64_Ehdr, e_machine), &riscv, sizeof(riscv));
  write_file(folder / "other.so", other);
  std::filesystem::create_directory(folder / "folder.so");
  Catalog catalog({});

  EXPECT_EQ(only_reason(catalog.load(folder / "text.so")), "The file is not an ELF file");
  EXPECT_TRUE(contains(only_reason(catalog.load(folder / "cut.so")), "The file is cut short"));
  EXPECT_TRUE(contains(only_reason(catalog.load(folder / "other.so")), "The file is for RISC-V"));
  EXPECT_EQ(only_reason(catalog.load(folder / "folder.so")), "The file is not a regular file");
  EXPECT_EQ(only_reason(catalog.load(folder / "absent.so")), "The file does not exist");
}

TEST(Catalog, ScansAFolderAndSurvivesWhatCrashesInIt) {
  const Folder folder;
  for (const char* name : {"plain_c", "crashes_on_load", "exits_on_load", "moody"}) copy_plugin(name, folder);
  write_file(folder / "damaged.so", std::vector<std::byte>(10, std::byte{0}));
  write_file(folder / "notes.txt", std::vector<std::byte>(10, std::byte{'n'}));
  Catalog catalog({});

  const auto found = catalog.scan(folder.path());

  ASSERT_EQ(found.size(), 5u);
  EXPECT_EQ(only_reason(found[0]), "It crashed while it was being loaded (SIGSEGV)");
  EXPECT_EQ(only_reason(found[1]), "The file is not an ELF file");
  EXPECT_EQ(only_reason(found[2]), "It ended the process while it was being loaded (exit status 7)");
  EXPECT_EQ(found[3].state, State::Loaded);
  EXPECT_EQ(found[4].state, State::Loaded);
  EXPECT_EQ(catalog.reports().size(), 5u);
}

TEST(Catalog, ScansAFolderThatIsNotThere) { EXPECT_TRUE(Catalog({}).scan("/nonexistent").empty()); }

TEST(Catalog, TellsWhyNothingCanBeStaged) {
  const Folder folder;
  std::filesystem::create_directory(folder / "shared");
  std::filesystem::permissions(folder / "shared", std::filesystem::perms(0777));

  const auto reason = only_reason(Catalog({}, folder / "shared").load(test_plugin("plain_c")));

  EXPECT_TRUE(contains(reason, "can be written by others")) << reason;
}

}  // namespace
}  // namespace omnibroker::core
