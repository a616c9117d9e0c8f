#include "plugin/negotiation.hpp"

#include <cstring>

#include <gtest/gtest.h>

namespace omnibroker::core {
namespace {

/// A plugin that nothing is wrong with; each test breaks one thing of it.
struct Sample {
  Sample() {
    lifecycle.struct_size = sizeof(lifecycle);
    handler.struct_size = sizeof(handler);
    handler.handle = [](void*, omnibroker_call*, const omnibroker_message*) {
      return omnibroker_action{OMNIBROKER_ACCEPT};
    };
    transport.struct_size = sizeof(transport);
    transport.open = [](void*, omnibroker_connection*, const omnibroker_request*, void**) { return OMNIBROKER_OK + 0; };
    transport.receive = [](void*, void*, std::uint8_t*, std::size_t size) { return size; };
    transport.shutdown = [](void*, void*, omnibroker_shutdown_reason, omnibroker_text) {};
    transport.closed = [](void*, void*) {};
    transport.encode = [](void*, const omnibroker_payload*, const omnibroker_sink*) {};
    option = {sizeof(option), OMNIBROKER_OPTION_CHOICE, 0, "colour", "Which one.", "red", "red|green", nullptr, 1, 0};
    second_option = {
        sizeof(option), OMNIBROKER_OPTION_TEXT, 0, "title", "What it is called.", "", nullptr, nullptr, 1, 0};
    offered = {{OMNIBROKER_LIFECYCLE, &lifecycle}, {OMNIBROKER_HANDLER, &handler}};
    type = {sizeof(type),
            OMNIBROKER_KIND_HANDLER,
            "sample",
            "A sample.",
            options.data(),
            options.size(),
            needs.data(),
            needs.size(),
            [](const omnibroker_host*, void**, const omnibroker_sink*) { return OMNIBROKER_OK + 0; },
            [](void*) {},
            [](const char* id) -> const void* {
              for (const auto& [known, table] : offered) {
                if (std::strcmp(known, id) == 0) return table;
              }
              return nullptr;
            }};
    plugin = {
        sizeof(plugin), OMNIBROKER_ABI_MAJOR,  OMNIBROKER_ABI_MINOR, "sample",    "1.0.0", "A sample.", "Apache-2.0",
        "test",         OMNIBROKER_SANITIZERS, types.data(),         types.size()};
  }

  std::vector<std::string> judged(const HostIdentity& host = {}) const { return refusals(&plugin, "sample", host); }
  /// That there is one reason, and that it is this one.
  void refused(std::string_view sentence) const {
    const auto reasons = judged();
    ASSERT_EQ(reasons.size(), 1u) << (reasons.empty() ? "not refused" : reasons[1]);
    EXPECT_EQ(reasons[0], sentence);
  }

  static inline std::vector<std::pair<const char*, const void*>> offered;

  omnibroker_lifecycle_v1 lifecycle{};
  omnibroker_handler_v1 handler{};
  omnibroker_transport_v1 transport{};
  omnibroker_option option{}, second_option{};
  std::vector<const omnibroker_option*> options{&option, &second_option};
  std::vector<const char*> needs{OMNIBROKER_HOST_LOG};
  omnibroker_component_type type{};
  std::vector<const omnibroker_component_type*> types{&type};
  omnibroker_plugin plugin{};
};

TEST(Negotiation, TakesAPluginThatIsInOrder) { EXPECT_EQ(Sample().judged(), std::vector<std::string>{}); }

TEST(Negotiation, RefusesNothing) {
  EXPECT_EQ(refusals(nullptr, "sample"),
            std::vector<std::string>{"Its entry function answered nothing: it says that it cannot serve here"});
}

TEST(Negotiation, NamesBothSidesOfAnotherMajorVersion) {
  Sample sample;
  sample.plugin.abi_major = 2;
  sample.plugin.name = nullptr;  // not looked at: what follows the version is unknown in another major

  sample.refused("It needs plugin ABI 2.2, and this broker (0.1.0) has 1.2; build it against an SDK of ABI 1");
}

TEST(Negotiation, RefusesAMinorVersionAboveTheHosts) {
  Sample sample;
  sample.plugin.abi_minor = 3;

  sample.refused(
      "It needs plugin ABI 1.3, and this broker (0.1.0) has 1.2; a newer broker is needed, or a build that asks for "
      "less");
}

TEST(Negotiation, TakesAMinorVersionBelowTheHosts) {
  EXPECT_EQ(Sample().judged({.abi_major = 1, .abi_minor = 7}), std::vector<std::string>{});
}

TEST(Negotiation, RefusesADescriptorTooSmallForItsVersionAndOneTooLargeToBeTrue) {
  Sample sample;
  sample.plugin.struct_size = 4;
  sample.refused("Its descriptor says that it has 4 bytes; it must have at least 8");

  sample.plugin.struct_size = 16;
  sample.refused("Its descriptor says that it has 16 bytes; it must have at least " +
                 std::to_string(sizeof(omnibroker_plugin)));

  sample.plugin.struct_size = 0x7F454C46;
  EXPECT_EQ(sample.judged().size(), 1u);
}

TEST(Negotiation, RefusesANameThatIsNotTheFiles) {
  Sample sample;
  sample.plugin.name = "simple";

  sample.refused("It calls itself \"simple\", and its file is called \"sample.so\"; both names must be the same");
}

TEST(Negotiation, RefusesAnotherSanitizer) {
  Sample sample;
  sample.plugin.sanitizers = "thread";
  const HostIdentity plain{.sanitizers = ""};

  const auto reasons = sample.judged(plain);

  ASSERT_EQ(reasons.size(), 1u);
  EXPECT_EQ(
      reasons[0],
      "It was built with the sanitizer \"thread\" and this broker without a sanitizer; both must be built alike, or "
      "memory is judged by two different books");
}

TEST(Negotiation, DoesNotCareAboutUndefinedBehaviourChecks) {
  Sample sample;
  sample.plugin.sanitizers = "address,undefined";
  EXPECT_EQ(sample.judged({.sanitizers = "address"}), std::vector<std::string>{});

  sample.plugin.sanitizers = "undefined";
  EXPECT_EQ(sample.judged({.sanitizers = ""}), std::vector<std::string>{});
}

TEST(Negotiation, RefusesAPluginThatMakesNothing) {
  Sample sample;
  sample.plugin.component_count = 0;
  sample.refused("It has no component type, so there is nothing that it could make");
}

TEST(Negotiation, RefusesNamesThatCannotStandInAConfiguration) {
  Sample sample;
  for (const char* name : {"", "Sample", "web-socket", "7up"}) {
    sample.type.name = name;
    sample.refused("A component type has the name \"" + std::string(name) + "\", which is not snake_case");
  }
  sample.type.name = nullptr;
  sample.refused("A component type has the name (none), which is not snake_case");
}

TEST(Negotiation, RefusesTwoTypesOfOneName) {
  Sample sample;
  sample.types = {&sample.type, &sample.type};
  sample.plugin.components = sample.types.data();
  sample.plugin.component_count = 2;

  sample.refused("The component type \"sample\" is declared twice");
}

TEST(Negotiation, RefusesAKindThatDoesNotExist) {
  Sample sample;
  sample.type.kind = 9;
  sample.refused("The component type \"sample\" has the unknown kind 9");
}

TEST(Negotiation, RefusesAComponentWithoutTheTableOfItsKind) {
  Sample sample;
  Sample::offered.pop_back();
  sample.refused(
      "A handler must offer omnibroker.handler/1, omnibroker.reply/1 or omnibroker.notices/1; component type \"sample\" offers none of them");

  for (const auto& [kind, id] : {std::pair{OMNIBROKER_KIND_TRANSPORT, OMNIBROKER_TRANSPORT},
                                 {OMNIBROKER_KIND_SERVICE, OMNIBROKER_TRANSPORT},
                                 {OMNIBROKER_KIND_FILTER, OMNIBROKER_FILTER},
                                 {OMNIBROKER_KIND_BRIDGE, OMNIBROKER_BRIDGE}}) {
    sample.type.kind = static_cast<omnibroker_kind>(kind);
    sample.refused("Table " + std::string(id) + " of component type \"sample\" is missing");
  }
}

TEST(Negotiation, RefusesATransportThatCannotEncodeAndTakesAServiceThatCannot) {
  Sample sample;
  Sample::offered.back() = {OMNIBROKER_TRANSPORT, &sample.transport};
  sample.transport.encode = nullptr;
  sample.type.kind = OMNIBROKER_KIND_TRANSPORT;
  sample.refused("Function \"encode\" of component type \"sample\" is missing");

  sample.type.kind = OMNIBROKER_KIND_SERVICE;
  EXPECT_EQ(sample.judged(), std::vector<std::string>{});
}

TEST(Negotiation, RefusesAComponentWithoutALifecycle) {
  Sample sample;
  Sample::offered.erase(Sample::offered.begin());
  sample.refused("Table omnibroker.lifecycle/1 of component type \"sample\" is missing");
}

TEST(Negotiation, RefusesATableTooSmallForItsVersion) {
  Sample sample;
  sample.handler.struct_size = 8;
  sample.refused(
      "Table omnibroker.handler/1 of component type \"sample\" says that it has 8 bytes; it must have at least " +
      std::to_string(sizeof(omnibroker_handler_v1)));
}

TEST(Negotiation, RefusesNeedsThatNoHostKnows) {
  Sample sample;
  sample.needs[0] = "omnibroker.host.teleport/1";
  sample.refused(
      "The component type \"sample\" needs the host table \"omnibroker.host.teleport/1\", which this broker does not "
      "know");
}

TEST(Negotiation, RefusesAnOptionTwice) {
  Sample sample;
  sample.second_option.name = "colour";
  sample.refused("Option \"colour\" of component type \"sample\" is declared twice");
}

TEST(Negotiation, RefusesOptionsThatSayTwoThings) {
  const auto refused = [](void (*break_it)(omnibroker_option&), std::string_view sentence) {
    Sample sample;
    break_it(sample.option);
    sample.refused("Option \"colour\" of component type \"sample\" " + std::string(sentence));
  };
  refused([](omnibroker_option& option) { option.type = 77; }, "has the unknown type 77");
  refused([](omnibroker_option& option) { option.doc = nullptr; }, "is not documented");
  refused([](omnibroker_option& option) { option.default_text = nullptr; }, "is not required, and has no default");
  refused([](omnibroker_option& option) { option.flags = OMNIBROKER_OPTION_REQUIRED; },
          "is required, and has a default");
  refused([](omnibroker_option& option) { option.choices = nullptr; }, "is a choice, and offers none");
}

TEST(Negotiation, SaysEverythingThatIsWrongAtOnce) {
  Sample sample;
  sample.plugin.version = nullptr;
  sample.plugin.doc = "";
  sample.type.doc = nullptr;
  sample.option.doc = nullptr;

  EXPECT_EQ(sample.judged().size(), 4u);
}

}  // namespace
}  // namespace omnibroker::core
