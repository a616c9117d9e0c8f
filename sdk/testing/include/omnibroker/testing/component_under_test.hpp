#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <omnibroker/abi.h>
#include <omnibroker/component.hpp>
#include <omnibroker/result.hpp>

namespace omnibroker::testing {

class FakeCall;
class FakeHost;

/// Options by name, each written as in YAML: `{{"ping_interval", "5s"}, {"allowed_origins", "[https://a,
/// https://b]"}}`.
using Options = std::vector<std::pair<std::string, std::string>>;

/// One component of a plugin, taken through its lifecycle as the broker does, through its C tables alone: so a plugin
/// in any language can be tested.
///
/// A test of a plugin links the plugin's objects and passes `*omnibroker_plugin_entry_v1()`.
///
/// Lifecycle: `bring_up` (or single steps), use, then the destructor drains, stops and destroys what was brought up.
/// Dies before its host. Threads: lifecycle steps from one thread; the others where the table's tag allows it.
class ComponentUnderTest {
 public:
  /// `type`: the component type's name in the plugin. One that the plugin does not have fails in `create`.
  ComponentUnderTest(FakeHost& host, const omnibroker_plugin& plugin, std::string_view type, Options options = {});
  ~ComponentUnderTest();
  ComponentUnderTest(const ComponentUnderTest&) = delete;
  ComponentUnderTest& operator=(const ComponentUnderTest&) = delete;

  /// create, configure, prepare, start; the first failure.
  Status bring_up();
  Status create();
  /// Checks the options as the broker does (known names, types, bounds, choices), then hands them over.
  Status configure();
  Status prepare();
  Status start();
  Status drain();
  Status stop();
  /// Other options in place of the present ones. Those that were applied are kept; `error` gets the reason otherwise.
  omnibroker_reconfigured reconfigure(const Options& options, std::string* error = nullptr);
  Health health() const;
  /// What it would give to its successor; Unsupported where it keeps nothing.
  Result<std::string> export_state();
  Status import_state(std::string_view state);

  /// A handler's or filter's decision about one message. `json` must be an object with a `type`, as the router makes
  /// sure.
  omnibroker_action handle(std::string_view json, FakeCall& call);
  omnibroker_action filter(std::string_view json, FakeCall& call);
  /// What a reply component writes.
  std::string ack(std::string_view original_type) const;
  std::string error(std::string_view code, std::string_view message) const;
  /// What a component of notices writes.
  std::string welcome(std::string_view client_id) const;
  std::string status(const omnibroker_notice& notice) const;
  /// What a transport writes for one message.
  /// `variant`: of the receiver's connection.
  std::string encode(std::string_view payload, omnibroker_encoding encoding = OMNIBROKER_TEXT_PAYLOAD,
                     std::uint32_t variant = 0) const;
  /// A message for a bridge's role.
  void deliver(std::string_view payload);

  const omnibroker_component_type& type() const;
  void* self() const;
  FakeHost& host() const;
  /// What it offers under this id, or nullptr.
  template <class Table>
  const Table* table(const char* id) const {
    return static_cast<const Table*>(find_table(id));
  }

 private:
  const void* find_table(const char* id) const;

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace omnibroker::testing
