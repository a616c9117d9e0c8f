#pragma once

#include "isolation/child_link.hpp"
#include "isolation/child_worker.hpp"
#include "isolation/conversation.hpp"
#include "plugin/component.hpp"
#include "runtime/blocking_pool.hpp"
#include "runtime/shared.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include <omnibroker/abi.h>

namespace omnibroker::core {

class ChildCalls;

/// A metric of an isolated component: what has been added and not told yet.
struct ChildMetric {
  bool is_gauge = false;
  std::string name;
  std::string doc;
  bool told = false;  ///< The broker knows that there is one.
  std::atomic<std::int64_t> pending{0};
};

/// What an isolated component gets as its host, in its own process.
///
/// Lifecycle: outlives the component. Threads: any.
class ChildHost {
 public:
  ChildHost(ChildLink& link, Introduction hello);

  static ChildHost& of(const omnibroker_host* host) { return *static_cast<ChildHost*>(ComponentHost::of(host).owner); }
  const omnibroker_host* raw() const { return &host_.raw; }

  /// Whether a component may need the table. Those that it has looked up in vain are remembered: the first is
  /// `missing()`, empty where there is none.
  bool lends(std::string_view id) const { return tables_.find(id) != nullptr; }
  std::string missing() const;

  ChildLink& link() { return link_; }
  const Introduction& hello() const { return hello_; }
  ChildWorker& worker() { return worker_; }
  BlockingPool& pool() { return pool_; }
  ComponentRecord& record() { return record_; }
  std::atomic<ChildCalls*>& calls() { return calls_; }

  std::atomic<std::uint64_t>& log_level() { return log_level_; }

  omnibroker_metric* metric(bool is_gauge, const char* name, const char* doc);
  /// Writes what has been added to metrics since it was last called.
  void write_metrics(std::string& out);

  struct Answer {
    std::uint64_t number = 0;
    std::string text;
  };
  /// Asks the broker, and waits. Not from the thread that reads.
  Answer ask(Question question, std::string_view about = {});
  /// The broker has answered.
  bool told(FrameReader frame);

 private:
  static const void* find_table(const omnibroker_host* host, const char* id);

  ChildLink& link_;
  const Introduction hello_;
  HostTables tables_;
  ComponentHost host_;
  ComponentRecord record_;
  std::atomic<ChildCalls*> calls_{nullptr};
  std::atomic<std::uint64_t> log_level_;

  mutable std::mutex mutex_;
  std::string missing_;              // guarded by mutex_
  std::deque<ChildMetric> metrics_;  // guarded by mutex_, but for `pending`; addresses hold

  std::mutex asking_;
  std::condition_variable answered_;
  std::uint64_t last_question_ = 0;          // guarded by asking_
  std::map<std::uint64_t, Answer> answers_;  // guarded by asking_

  BlockingPool pool_;
  ChildWorker worker_;  // the last: its thread looks at all of this
};

/// The tables of an isolated component that have to do with a message (child_calls.cpp).
void add_message_tables(HostTables& tables);

}  // namespace omnibroker::core
