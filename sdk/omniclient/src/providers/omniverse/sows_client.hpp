#pragma once

#include "providers/omniverse/socket.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace omniclient::omniverse {

/// Calls of discovery or of the authentication service, over a connection of its own.
///
/// Lifecycle and threads: those of Socket. Every call is answered once, unless this is destroyed before that.
class SowsClient {
 public:
  /// `problem` is null with a result; otherwise the result is null.
  using OnResult = std::function<void(const nlohmann::json& result, const Problem* problem)>;

  SowsClient(Loop& loop, Address address, std::chrono::milliseconds limit);

  /// `method` is `Interface.name`. What is called back may destroy this.
  void call(std::string_view method, const nlohmann::json& params, OnResult done);

 private:
  void received(std::string_view message);
  void answer(std::uint32_t id, std::string_view text);
  void fail(const Problem& problem);

  std::unique_ptr<Socket> socket_;
  std::uint32_t last_id_ = 0;
  std::map<std::uint32_t, OnResult> calls_;
};

}  // namespace omniclient::omniverse
