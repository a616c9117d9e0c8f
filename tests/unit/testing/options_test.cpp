#include "probe.hpp"

namespace omnibroker::testing {
namespace {

using namespace std::chrono_literals;
using OptionsAsWritten = ProbeTest;

TEST_F(OptionsAsWritten, DefaultsAreTheComponentsOwn) {
  start("transport");

  const ProbeConfig defaults;
  EXPECT_EQ(last_config().flag, defaults.flag);
  EXPECT_EQ(last_config().whole, defaults.whole);
  EXPECT_EQ(last_config().number, defaults.number);
  EXPECT_EQ(last_config().text, defaults.text);
  EXPECT_EQ(last_config().pause, defaults.pause);
  EXPECT_EQ(last_config().size, defaults.size);
  EXPECT_EQ(last_config().list, defaults.list);
  EXPECT_EQ(last_config().map, defaults.map);
  EXPECT_EQ(last_config().choice, defaults.choice);
}

TEST_F(OptionsAsWritten, AreReadAsInYaml) {
  start("transport", {{"flag", "false"},
                      {"whole", "10"},
                      {"number", "-1.25"},
                      {"text", "plain words"},
                      {"pause", "250ms"},
                      {"size", "2MiB"},
                      {"list", "[a, \"b, c\", 'd']"},
                      {"map", "{x: 1, \"y\": \"z, w\"}"},
                      {"choice", "green"}});

  EXPECT_FALSE(last_config().flag);
  EXPECT_EQ(last_config().whole, 10u);
  EXPECT_EQ(last_config().number, -1.25);
  EXPECT_EQ(last_config().text, "plain words");
  EXPECT_EQ(last_config().pause, 250ms);
  EXPECT_EQ(last_config().size.bytes, 2u << 20);
  EXPECT_EQ(last_config().list, (TextList{"a", "b, c", "d"}));
  EXPECT_EQ(last_config().map, (TextMap{{"x", "1"}, {"y", "z, w"}}));
  EXPECT_EQ(last_config().choice, "green");
}

TEST_F(OptionsAsWritten, MayBeOffOrASingleItem) {
  start("transport", {{"pause", "off"}, {"list", "alone"}});

  EXPECT_EQ(last_config().pause, 0ns);
  EXPECT_EQ(last_config().list, TextList{"alone"});
}

TEST_F(OptionsAsWritten, AreCheckedAsByTheBroker) {
  struct Case {
    std::string name, value, problem;
  };
  for (const auto& [name, value, problem] :
       std::vector<Case>{{"colour", "red", "unknown option: colour"},
                         {"choice", "blue", "choice: is none of its choices: blue"},
                         {"whole", "11", "whole: is out of its bounds: 11"},
                         {"whole", "2.5", "whole: is not of its type: 2.5"},
                         {"flag", "yes", "flag: must be true or false: yes"},
                         {"pause", "5 apples", "pause: is not of its type: 5 apples"},
                         {"size", "64", "size: is not of its type: 64"}}) {
    ComponentUnderTest other(host, probe_plugin(), "transport", {{name, value}});

    const auto status = other.bring_up();

    ASSERT_FALSE(status) << name;
    EXPECT_EQ(status.error().message, problem);
  }
}

TEST_F(OptionsAsWritten, NameAComponentThatIsNotThere) {
  ComponentUnderTest other(host, probe_plugin(), "teapot");

  const auto status = other.bring_up();

  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::NotFound);
}

TEST_F(OptionsAsWritten, MeetAHostThatLacksWhatIsNeeded) {
  host.take_away(OMNIBROKER_HOST_LOG);
  ComponentUnderTest other(host, probe_plugin(), "transport");

  const auto status = other.bring_up();

  ASSERT_FALSE(status);
  EXPECT_EQ(status.error().code, ErrorCode::Unsupported);
}

}  // namespace
}  // namespace omnibroker::testing
