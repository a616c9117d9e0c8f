#pragma once

#include "outbox.hpp"
#include "pool.hpp"
#include "socket.hpp"

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace omnibroker::plugins::nucleus {

/// What a SOWS service does with calls: answers the one result of a method, or nothing where it has no such method. May
/// throw what nlohmann::json throws at parameters of another type than they should have.
///
/// Threads: those of the pool, several at once.
using SowsMethods = std::function<bool(std::string_view method, const nlohmann::json& params, nlohmann::json& result)>;

/// Whether a call of this method is taken now: with what is to be kept until it has been done (null: nothing), or
/// nothing where too many of the kind wait. Threads: the connection's worker.
using SowsAdmission = std::function<std::optional<std::shared_ptr<void>>(std::string_view method)>;

/// A conversation in SOWS: every call is done beside the others, by the pool, and has one result.
///
/// Threads: as Conversation.
class SowsConversation final : public Conversation {
 public:
  /// `pool`: null where no method waits for anything; then they run at once.
  SowsConversation(Pool* pool, std::shared_ptr<Outbox> outbox, SowsMethods methods, SowsAdmission admission = {});

  bool is_ready() const override { return *running_ < kAtOnce && outbox_->has_room(); }
  bool take(std::string_view message, std::string& problem) override;

 private:
  static constexpr std::size_t kAtOnce = 8;  // of one client; a password costs a tenth of a second

  Pool* const pool_;
  const std::shared_ptr<Outbox> outbox_;
  const std::shared_ptr<const SowsMethods> methods_;
  const SowsAdmission admission_;
  const std::shared_ptr<std::atomic<std::size_t>> running_;
};

}  // namespace omnibroker::plugins::nucleus
