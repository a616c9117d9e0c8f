#include "config/loader.hpp"
#include "config/sections.hpp"

#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

/// Calls `check` with every option of the broker, and the section it is in.
template <class Check>
void for_each_option(const Section& section, const Check& check) {
  for (const auto* option : section.options) check(*option);
  for (const auto& part : section.parts) for_each_option(*part.section, check);
}

TEST(Reference, NamesEveryOptionOfTheBroker) {
  const auto text = describe_broker(ReferenceFormat::Text);
  const auto markdown = describe_broker(ReferenceFormat::Markdown);

  for_each_option(root_section(), [&](const omnibroker_option& option) {
    if (std::string(option.name) == "plugin" || std::string(option.name) == "required") return;
    EXPECT_NE(text.find(std::string("  ") + option.name + ": "), std::string::npos) << option.name;
    EXPECT_NE(markdown.find(std::string("| `") + option.name + "` |"), std::string::npos) << option.name;
  });
}

TEST(Reference, EveryOptionSaysWhatItDoesAndHasADefaultOfItsOwnType) {
  for_each_option(root_section(), [](const omnibroker_option& option) {
    EXPECT_GT(std::string(option.doc).size(), 10u) << option.name;
    EXPECT_TRUE(std::string(option.doc).ends_with(".")) << option.name;
    EXPECT_TRUE(default_of(option)) << option.name;
  });
}

TEST(Reference, FitsATerminal) {
  std::istringstream lines(describe_broker(ReferenceFormat::Text));
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 100u) << line;
}

TEST(Reference, DescribesAType) {
  static const omnibroker_option limit{sizeof(omnibroker_option),
                                       OMNIBROKER_OPTION_DURATION,
                                       OMNIBROKER_OPTION_RELOADABLE,
                                       "pause",
                                       "How long to wait.",
                                       "5s",
                                       nullptr,
                                       "10s",
                                       1e6,
                                       6e10};
  static const omnibroker_option token{sizeof(omnibroker_option),
                                       OMNIBROKER_OPTION_TEXT,
                                       OMNIBROKER_OPTION_REQUIRED | OMNIBROKER_OPTION_SECRET,
                                       "token",
                                       "Who may ask: a|b.",
                                       nullptr,
                                       nullptr,
                                       nullptr,
                                       1,
                                       0};
  static const omnibroker_option* const options[] = {&limit, &token};
  const omnibroker_component_type type{sizeof(omnibroker_component_type),
                                       OMNIBROKER_KIND_FILTER,
                                       "wait",
                                       "Waits.",
                                       options,
                                       2,
                                       nullptr,
                                       0,
                                       nullptr,
                                       nullptr,
                                       nullptr};

  EXPECT_EQ(describe_type(type, ReferenceFormat::Text),
            "wait (filter)\n"
            "  Waits.\n"
            "\n"
            "  pause: duration from 1ms to 1m, default 5s; can be changed while running\n"
            "      How long to wait.\n"
            "      Example: 10s\n"
            "  token: text, required; secret: file:/path, env:NAME or the text; printed as ***\n"
            "      Who may ask: a|b.\n");
  EXPECT_EQ(
      describe_type(type, ReferenceFormat::Markdown),
      "## wait (filter)\n"
      "\n"
      "Waits.\n"
      "\n"
      "| key | value | default | meaning |\n"
      "| --- | --- | --- | --- |\n"
      "| `pause` | duration from 1ms to 1m | `5s` | How long to wait. (can be changed while running) Example: `10s` |\n"
      "| `token` | text | required | Who may ask: a\\|b. (secret: file:/path, env:NAME or the text; printed as ***) "
      "|\n");
}

TEST(Reference, SaysThatATypeHasNoOptions) {
  const omnibroker_component_type type{sizeof(omnibroker_component_type),
                                       OMNIBROKER_KIND_HANDLER,
                                       "plain",
                                       nullptr,
                                       nullptr,
                                       0,
                                       nullptr,
                                       0,
                                       nullptr,
                                       nullptr,
                                       nullptr};

  EXPECT_EQ(describe_type(type, ReferenceFormat::Text), "plain (handler)\n  It has no options.\n");
}

}  // namespace
}  // namespace omnibroker::core
