#pragma once

#include "manual.hpp"
#include "options.hpp"

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include <Poco/JSON/Object.h>

#include <omnibroker/result.hpp>

namespace omnibroker::tools {

class ControlChannel;

/// A connection to a running broker, for commands.
///
/// Threads: one.
class ControlClient {
 public:
  using Json = Poco::JSON::Object::Ptr;
  using Progress = std::function<void(std::size_t moved, std::size_t of)>;
  static constexpr std::chrono::minutes kPatience{10};

  /// To the socket that `--control` or OMNIBROKER_CONTROL names, or else to the one broker of this user that runs.
  /// Conflict: several run, and the sentence lists them.
  static Result<ControlClient> connect(const Arguments& arguments);
  static Result<ControlClient> connect_to(const std::filesystem::path& socket);

  ControlClient(ControlClient&&) noexcept;
  ~ControlClient();

  /// Sends a command, waits for its end, and answers its result, or the broker's refusal. Closed: the connection ended
  /// before, or the broker said nothing for as long as `patience`.
  Result<Json> ask(const Poco::JSON::Object& request, const Progress& progress = {},
                   std::chrono::milliseconds patience = kPatience);

 private:
  explicit ControlClient(std::unique_ptr<ControlChannel> channel);
  std::unique_ptr<ControlChannel> channel_;
};

/// `--control PATH`, for the manuals of all commands that ask a running broker.
Option control_option();
/// `--json`
Option json_option();

/// A whole command: connects, asks, and prints what comes back, as JSON where `--json` is given. Answers the exit code.
/// `patience`: as for `ControlClient::ask`.
int ask_broker(const Arguments& arguments, const Poco::JSON::Object& request,
               const std::function<std::string(const Poco::JSON::Object& result)>& as_text,
               const ControlClient::Progress& progress = {},
               std::chrono::milliseconds patience = ControlClient::kPatience);

/// An object with a command, to which its members are added.
Poco::JSON::Object new_request(const std::string& command);

}  // namespace omnibroker::tools
