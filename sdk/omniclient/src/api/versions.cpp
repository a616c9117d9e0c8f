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
  return start_with<TextReply, Checkpoints>(
      &Provider::checkpoints, url, std::move(answer),
      [comment = text(comment), force](Checkpoints& able, const Url& target, OperationPtr operation,
                                       Done<TextReply> done) {
        able.create_checkpoint(std::move(operation), target, comment, force, std::move(done));
      });
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
  return start_with<ListReply, Checkpoints>(
      &Provider::checkpoints, url, std::move(answer),
      [](Checkpoints& able, const Url& target, OperationPtr operation, Done<ListReply> done) {
        able.list_checkpoints(std::move(operation), target, std::move(done));
      });
}

OmniClientRequestId omniClientLock(char const* url, void* userData, OmniClientLockCallback callback) noexcept {
  return start_with<Reply, Locks>(&Provider::locks, url, plain_answer(userData, callback),
                                  [](Locks& able, const Url& target, OperationPtr operation, Done<Reply> done) {
                                    able.lock(std::move(operation), target, std::move(done));
                                  });
}

OmniClientRequestId omniClientUnlock(char const* url, void* userData, OmniClientUnlockCallback callback) noexcept {
  return start_with<Reply, Locks>(&Provider::locks, url, plain_answer(userData, callback),
                                  [](Locks& able, const Url& target, OperationPtr operation, Done<Reply> done) {
                                    able.unlock(std::move(operation), target, std::move(done));
                                  });
}
