// Checkpoints and locks.
#include "api/start.hpp"

using namespace omniclient;  // NOLINT: every function of this file is an entry point
using namespace omniclient::api;

OmniClientRequestId omniClientCreateCheckpoint(char const* url, char const* comment, bool force, void* userData,
                                               OmniClientCreateCheckpointCallback callback) noexcept {
  Answer<TextReply> answer;
  if (callback != nullptr) {
    answer = [=](TextReply& reply) { callback(userData, reply.result, reply.text.c_str()); };
  }
  return start_with<TextReply>(&Provider::checkpoints, &Checkpoints::create_checkpoint, url, std::move(answer),
                               text(comment), force);
}

OmniClientRequestId omniClientListCheckpoints(char const* url, void* userData,
                                              OmniClientListCheckpointsCallback callback) noexcept {
  Answer<ListReply> answer;
  if (callback != nullptr) {
    answer = [=](ListReply& reply) {
      std::vector<OmniClientListEntry> entries;
      for (const auto& entry : reply.entries) entries.push_back(raw(entry));
      callback(userData, reply.result, static_cast<std::uint32_t>(entries.size()), entries.data());
    };
  }
  return start_with<ListReply>(&Provider::checkpoints, &Checkpoints::list_checkpoints, url, std::move(answer));
}

OmniClientRequestId omniClientLock(char const* url, void* userData, OmniClientLockCallback callback) noexcept {
  return start_with<Reply>(&Provider::locks, &Locks::lock, url, plain_answer(userData, callback));
}

OmniClientRequestId omniClientUnlock(char const* url, void* userData, OmniClientUnlockCallback callback) noexcept {
  return start_with<Reply>(&Provider::locks, &Locks::unlock, url, plain_answer(userData, callback));
}
