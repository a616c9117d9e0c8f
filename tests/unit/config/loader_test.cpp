#include "config/loader.hpp"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

#include <omnibroker/config.hpp>

namespace omnibroker::core {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

struct VaultOptions {
  std::string token;
  TextList keys;
  std::uint16_t count = 3;
};

const ConfigSpec<VaultOptions>& vault_spec() {
  static const auto spec = ConfigSpec<VaultOptions>{}
                               .field("token", &VaultOptions::token, "A secret.")
                               .secret()
                               .field("keys", &VaultOptions::keys, "Secrets.")
                               .secret()
                               .field("count", &VaultOptions::count, "A number.");
  return spec;
}

/// Every plugin is of the type that its name says: "vault" of a service, all others without options.
TypeLookup any_type() {
  return [](std::string_view plugin) -> Result<const omnibroker_component_type*> {
    static const omnibroker_component_type vault{sizeof(omnibroker_component_type),
                                                 OMNIBROKER_KIND_SERVICE,
                                                 "vault",
                                                 "Has secrets.",
                                                 vault_spec().options().data(),
                                                 vault_spec().options().size(),
                                                 nullptr,
                                                 0,
                                                 nullptr,
                                                 nullptr,
                                                 nullptr};
    static const omnibroker_component_type transport{sizeof(omnibroker_component_type),
                                                     OMNIBROKER_KIND_TRANSPORT,
                                                     "t",
                                                     nullptr,
                                                     nullptr,
                                                     0,
                                                     nullptr,
                                                     0,
                                                     nullptr,
                                                     nullptr,
                                                     nullptr};
    static const omnibroker_component_type handler{sizeof(omnibroker_component_type),
                                                   OMNIBROKER_KIND_HANDLER,
                                                   "h",
                                                   nullptr,
                                                   nullptr,
                                                   0,
                                                   nullptr,
                                                   0,
                                                   nullptr,
                                                   nullptr,
                                                   nullptr};
    if (plugin == "vault") return &vault;
    return plugin == "t" ? &transport : &handler;
  };
}

Environment no_variables() {
  return [](const std::string&, std::string&) { return false; };
}

class LoadConfig : public ::testing::Test {
 protected:
  void SetUp() override {
    auto pattern = (fs::temp_directory_path() / "omnibroker-config-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  void TearDown() override { fs::remove_all(folder_); }

  fs::path write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return folder_ / name;
  }

  fs::path folder_;
};

constexpr const char* kBase =
    "listeners: { public: { address: \"localhost:0\" } }\n"
    "transports: { t: { plugin: t, listener: public, path: / } }\n";

TEST_F(LoadConfig, FillsTheStructsOfTheBroker) {
  const auto file =
      write("broker.yaml", std::string(kBase) +
                               "workers: 2\n"
                               "routes:\n"
                               "  hello: { from: anyone, to: [web_ui, map], handler: h, filters: [] }\n"
                               "  bye: { handler: h, latest_by: id, latest_max_age: 5m, slow_clients: disconnect }\n"
                               "roles: { map: { title: The map } }\n"
                               "limits: { max_message: 2kB, idle_timeout: off }\n"
                               "log: { level: warn }\n");

  const auto loaded = load_config(file, any_type(), no_variables());

  ASSERT_TRUE(loaded.errors.empty()) << loaded.errors[0].to_string();
  const auto& config = loaded.config;
  EXPECT_EQ(config.file, file.string());
  EXPECT_EQ(config.workers, 2u);
  EXPECT_EQ(config.listeners.at(0).name, "public");
  EXPECT_EQ(config.listeners.at(0).position.line, 1);
  EXPECT_EQ(config.endpoints.at(0).component.name, "transports.t");
  EXPECT_EQ(config.endpoints.at(0).component.kind, static_cast<omnibroker_kind>(OMNIBROKER_KIND_TRANSPORT));
  EXPECT_TRUE(config.routes.at(0).from_anyone);
  EXPECT_TRUE(config.routes.at(0).from.empty());
  EXPECT_EQ(config.routes.at(0).to, (std::vector<std::string>{"web_ui", "map"}));
  EXPECT_EQ(config.routes.at(0).handler.name, "handlers.hello");
  EXPECT_FALSE(config.routes.at(1).from_anyone);
  EXPECT_EQ(config.routes.at(1).latest_max_age, 5min);
  EXPECT_EQ(config.routes.at(1).slow_clients, SlowClients::Disconnect);
  ASSERT_EQ(config.roles.size(), 2u);
  EXPECT_EQ(config.roles[0].title, "Web UI");
  EXPECT_EQ(config.roles[1].title, "The map");
  EXPECT_EQ(config.reply.name, "reply");
  EXPECT_EQ(config.reply.plugin, "reply");
  EXPECT_EQ(config.limits.max_message.bytes, 2000u);
  EXPECT_EQ(config.limits.idle_timeout, 0ns);
  EXPECT_EQ(config.limits.linger, 5s);
  EXPECT_EQ(config.log.level, LogLevel::Warn);
}

TEST_F(LoadConfig, HandsSecretsOverAndPrintsNone) {
  write("token", "from a file\r\n");
  const auto file = write("broker.yaml", std::string(kBase) +
                                             "services: { v: { plugin: vault, listener: public, path: /v,\n"
                                             "  token: \"file:token\", keys: [env:KEY, plain] } }\n");

  const auto loaded = load_config(file, any_type(), [](const std::string& name, std::string& value) {
    value = "from the environment";
    return name == "KEY";
  });

  ASSERT_TRUE(loaded.errors.empty()) << loaded.errors[0].to_string();
  const auto options = vault_spec().parse(*loaded.config.endpoints.at(1).component.values.raw());
  ASSERT_TRUE(options);
  EXPECT_EQ(options.value().token, "from a file");
  EXPECT_EQ(options.value().keys, (TextList{"from the environment", "plain"}));
  EXPECT_EQ(options.value().count, 3);
  const auto dump = dump_config(loaded.config, any_type());
  EXPECT_NE(dump.find("token: \"***\""), std::string::npos);
  EXPECT_EQ(dump.find("from"), dump.find("from: ")) << dump;
  EXPECT_EQ(dump.find("plain"), std::string::npos);
}

TEST_F(LoadConfig, AnswersWhyAFileCannotBeRead) {
  const auto missing = load_config(folder_ / "no.yaml", any_type(), no_variables());
  const auto is_folder = load_config(folder_, any_type(), no_variables());
  const auto device = load_config("/dev/zero", any_type(), no_variables());

  ASSERT_EQ(missing.errors.size(), 1u);
  EXPECT_EQ(missing.errors[0].to_string(), (folder_ / "no.yaml").string() + ": cannot be read: No such file");
  ASSERT_EQ(is_folder.errors.size(), 1u);
  EXPECT_EQ(is_folder.errors[0].problem, "cannot be read: it is a folder");
  ASSERT_EQ(device.errors.size(), 1u);
  EXPECT_EQ(device.errors[0].problem, "cannot be read: not a regular file");
}

TEST_F(LoadConfig, FindsThePluginPathOfAFileThatIsWrongElsewhere) {
  write("more.yaml", "plugins: { path: [own, /opt/plugins] }\n");
  const auto file = write("broker.yaml", "include: more.yaml\nlisteners: nonsense\nunknown: ${NOT_SET}\n");

  EXPECT_EQ(plugin_path_of(file, no_variables()),
            (std::vector<std::string>{(folder_ / "own").string(), "/opt/plugins"}));
  EXPECT_TRUE(plugin_path_of(folder_ / "no.yaml", no_variables()).empty());
}

TEST(ParseConfig, PrintsOnlyDefaultsThatAFileMayGive) {
  static constexpr omnibroker_option options[] = {
      {sizeof(omnibroker_option), OMNIBROKER_OPTION_CHOICE, 0, "mode", "", "\"\"", "a|b", nullptr, 1, 0},
      {sizeof(omnibroker_option), OMNIBROKER_OPTION_DURATION, 0, "pause", "", "off", nullptr, nullptr, 1e9, 1e12},
      {sizeof(omnibroker_option), OMNIBROKER_OPTION_TEXT, 0, "name", "", "x", nullptr, nullptr, 1, 0}};
  static constexpr const omnibroker_option* pointers[] = {&options[0], &options[1], &options[2]};
  static const omnibroker_component_type type{sizeof(omnibroker_component_type),
                                              OMNIBROKER_KIND_TRANSPORT,
                                              "t",
                                              nullptr,
                                              pointers,
                                              3,
                                              nullptr,
                                              0,
                                              nullptr,
                                              nullptr,
                                              nullptr};
  const TypeLookup types = [](std::string_view plugin) -> Result<const omnibroker_component_type*> {
    if (plugin == "t") return &type;
    return any_type()(plugin);
  };

  const auto dump = dump_config(parse_config(kBase, "text", types, no_variables()).config, types);

  EXPECT_EQ(dump.find("mode:"), std::string::npos) << dump;
  EXPECT_EQ(dump.find("pause:"), std::string::npos) << dump;
  EXPECT_NE(dump.find("name: x"), std::string::npos) << dump;
  const auto again = parse_config(dump, "dump", types, no_variables());
  EXPECT_TRUE(again.errors.empty()) << again.errors[0].to_string();
}

TEST(ParseConfig, NeedsNoFileAndNoPlugin) {
  const auto loaded = parse_config(std::string(kBase) + "routes: { x: { from: anyone, handler: any, whatever: 1 } }\n",
                                   "text", nullptr, no_variables());

  ASSERT_EQ(loaded.errors.size(), 1u);
  EXPECT_EQ(loaded.errors[0].to_string().substr(0, 31), "text:3:44: routes.x.whatever: u");
}

TEST(ParseConfig, LeavesOptionsOfUnknownPluginsAlone) {
  const auto loaded = parse_config(
      "listeners: { public: { address: \"localhost:0\" } }\n"
      "transports: { t: { plugin: t, listener: public, path: /, anything: 1 } }\n"
      "routes: { x: { from: anyone, handler: { plugin: any, whatever: [1] } } }\n",
      "text", nullptr, no_variables());

  EXPECT_TRUE(loaded.errors.empty()) << loaded.errors[0].to_string();
  EXPECT_EQ(loaded.config.endpoints.at(0).component.values.raw()->count, 0u);
}

TEST(ParseConfig, NamesEachMistakeOnceAndInOrder) {
  const auto loaded =
      parse_config("b: 1\na: 2\nlisteners: { x: { address: 1 } }\nworkers: none\n", "text", any_type(), no_variables());

  std::vector<int> lines;
  for (const auto& error : loaded.errors) lines.push_back(error.position.line);
  EXPECT_EQ(lines, (std::vector<int>{1, 1, 2, 3, 4}));  // line 1: also no transport
}

TEST(ProcessEnvironment, TellsKnownFromUnknown) {
  ASSERT_EQ(setenv("OMNIBROKER_TEST_VARIABLE", "x", 1), 0);
  std::string value;

  EXPECT_TRUE(process_environment()("OMNIBROKER_TEST_VARIABLE", value));
  EXPECT_EQ(value, "x");
  EXPECT_FALSE(process_environment()("OMNIBROKER_TEST_NOT_SET", value));
}

}  // namespace
}  // namespace omnibroker::core
