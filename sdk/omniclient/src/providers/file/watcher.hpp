#pragma once

#include "providers/file/watches.hpp"
#include "providers/host.hpp"
#include "providers/provider.hpp"

#include <map>
#include <memory>
#include <string>

namespace omniclient::files {

/// Subscriptions to files and folders.
///
/// A subscription compares what is there with what was there, whenever inotify says that something has happened, or,
/// where there is no watch to be had, every `file.poll_ms`. So both ways tell the same, a flood of events costs one
/// look, and no event can be lost for good. What came and went between two looks is not told.
///
/// Threads: `watch` on the loop's thread. Answers come from the pool, one at a time for each subscription.
class Watcher {
 public:
  explicit Watcher(const ProviderHost& host);

  void watch_item(const OperationPtr& operation, std::string path, Done<EntryReply> first, OnChange change);
  void watch_folder(const OperationPtr& operation, std::string path, Done<ListReply> first, OnChange change);

 private:
  struct Subscription;
  using SubscriptionPtr = std::shared_ptr<Subscription>;

  void begin(SubscriptionPtr subscription);
  void look(const SubscriptionPtr& subscription);
  void looked(const SubscriptionPtr& subscription, bool watched);
  void happened();
  void forget(std::uint64_t id);

  ProviderHost host_;
  const std::shared_ptr<Watches> watches_;
  std::unique_ptr<Loop::Watch> readable_;
  std::map<std::uint64_t, SubscriptionPtr> subscriptions_;  ///< On the loop's thread.
  std::uint64_t last_id_ = 0;
};

}  // namespace omniclient::files
