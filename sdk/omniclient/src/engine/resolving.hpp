#pragma once

#include "engine/engine.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace omniclient {

/// Where something can be found: the first of several places that has it. A place that fails in a way that passes is
/// asked again; where it still fails, nobody knows whether it is the first, so that failure is the answer.
///
/// Threads: `find` and `watch` on the loop's thread, and everything they answer as well.
class Resolving : public std::enable_shared_from_this<Resolving> {
 public:
  struct Answer {
    OmniClientResult result = eOmniClientResult_ErrorNotFound;
    Entry entry;
    std::string url;
  };

  Resolving(Loop& loop, Retries& retries, OperationPtr operation, std::vector<Target> candidates)
      : loop_(loop), retries_(retries), operation_(std::move(operation)), candidates_(std::move(candidates)) {}

  /// One after the other, until one has it.
  void find(std::function<void(Answer)> done);

  /// All of them. `first` when all have answered, then `change` whenever the answer is another one. Where none has it
  /// and one cannot say (any more), that failure is the last answer.
  void watch(std::function<void(Answer)> first, std::function<void(OmniClientListEvent, Answer)> change);

 private:
  void ask(std::size_t index, OmniClientResult so_far, std::function<void(Answer)> done);
  void learn(std::size_t index, EntryReply reply, OmniClientListEvent event);
  Answer best() const;

  Loop& loop_;
  Retries& retries_;
  const OperationPtr operation_;
  const std::vector<Target> candidates_;
  std::vector<std::optional<EntryReply>> known_;
  std::optional<Answer> told_;
  std::function<void(Answer)> first_;
  std::function<void(OmniClientListEvent, Answer)> change_;
};

/// The places where `path` may be: below the base URL of this thread, below each of `search_paths`, below the default
/// ones. An absolute URL is looked for nowhere else.
std::vector<Target> candidates_for(Engine& engine, const std::string& path,
                                   const std::vector<std::string>& search_paths);

}  // namespace omniclient
