// The JSON Schema, judged by an implementation that is not ours.
#include "config/loader.hpp"
#include "fake_types.hpp"

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <unistd.h>

#include <gtest/gtest.h>

namespace omnibroker::core::testing {
namespace {

namespace fs = std::filesystem;

class ConfigSchema : public ::testing::Test {
 protected:
  void SetUp() override {
    auto pattern = (fs::temp_directory_path() / "omnibroker-schema-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
    std::ofstream(folder_ / "schema.json") << config_schema(fake_types());
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
    return (folder_ / name).string();
  }

  /// What the checker has to say; empty when all is as it should be.
  std::string check(const std::string& arguments) const {
    const auto command = std::string("/usr/bin/python3 -W ignore ") + OMNIBROKER_SCHEMA_CHECK + " " +
                         (folder_ / "schema.json").string() + " " + arguments + " 2>&1";
    auto* pipe = popen(command.c_str(), "r");
    std::string output;
    std::array<char, 4096> buffer{};
    while (const auto size = fread(buffer.data(), 1, buffer.size(), pipe)) output.append(buffer.data(), size);
    const int status = pclose(pipe);
    return status == 0 ? std::string() : output;
  }

  /// A whole configuration with these routes.
  static std::string with_routes(const std::string& routes) {
    return "listeners: { public: { address: localhost:8000 } }\n"
           "transports: { realtime: { plugin: websocket, listener: public, path: /ws } }\n"
           "routes:\n" +
           routes;
  }

  fs::path folder_;
};

TEST_F(ConfigSchema, AcceptsEveryConfigurationThatIsShipped) {
  std::string arguments;
  for (const auto& entry : fs::directory_iterator(OMNIBROKER_CONFIGS)) {
    if (entry.path().extension() == ".yaml") arguments += " --good " + entry.path().string();
  }

  EXPECT_EQ(check(arguments), "");
}

TEST_F(ConfigSchema, AcceptsWhatLoadingAccepts) {
  const auto text = with_routes(
      "  select_object:\n"
      "    from: [web_ui, dashboard]\n"
      "    handler: { plugin: select_object, required: false }\n"
      "    filters: [throttle, { plugin: throttle, per_second: 5 }, { plugin: ./mine.so, anything: 1 }]\n"
      "    latest_max_age: 0\n"
      "    ack: ${ACK}\n"
      "workers: auto\n"
      "limits: { messages_per_second: off, max_message: \"${MAX:-1MiB}\" }\n"
      "bridges: { field: { plugin: mqtt, role: web_ui, url: mqtt://x, topics: { a: b }, features: retain } }\n"
      "reply: reply\n"
      "log:\n");
  ASSERT_TRUE(parse_config(text, "x", fake_lookup(), [](const auto&, std::string& value) {
                value = "true";
                return true;
              }).errors.size() <= 2);  // the library that is not there, and the size that is true

  EXPECT_EQ(check("--good " + write("good.yaml", text)), "");
}

TEST_F(ConfigSchema, RefusesWhatLoadingRefuses) {
  const std::string bad[] = {
      with_routes("  x: { handler: select_object, form: web_ui }\n"),
      with_routes("  x: { from: web_ui }\n"),
      with_routes("  x: { handler: websocket }\n"),
      with_routes("  x: { handler: select_object, latest_max_age: 5 minutes }\n"),
      with_routes("  x: { handler: select_object, slow_clients: drop }\n"),
      with_routes("  x: { handler: select_object, ack: 1 }\n"),
      with_routes("  x: { handler: select_object, filters: [{ plugin: throttle, per_second: 1001 }] }\n"),
      "listeners: { Public: { address: localhost:8000 } }\n",
      "transports: { realtime: { plugin: websocket, listener: public, path: /ws, max_frames: 1MiB } }\n",
      "transports: { realtime: { plugin: websockt, listener: public, path: /ws } }\n",
      "limits: { max_message: 64 }\n",
      "workers: 0\n",
      "rotues: {}\n",
  };
  std::string arguments;
  int number = 0;
  for (const auto& text : bad) {
    EXPECT_FALSE(parse_config(text, "x", fake_lookup()).errors.empty()) << text;
    arguments += " --bad " + write("bad" + std::to_string(++number) + ".yaml", text);
  }

  EXPECT_EQ(check(arguments), "");
}

TEST_F(ConfigSchema, NamesEveryOptionWithItsDocumentation) {
  const auto schema = config_schema(fake_types());

  for (const auto* type : fake_types()) {
    if (std::string(type->name) == "clash") continue;  // fits nowhere
    for (std::size_t i = 0; i < type->option_count; ++i) {
      EXPECT_NE(schema.find("\"" + std::string(type->options[i]->name) + "\""), std::string::npos);
      EXPECT_NE(schema.find(type->options[i]->doc), std::string::npos) << type->options[i]->name;
    }
  }
}

}  // namespace
}  // namespace omnibroker::core::testing
