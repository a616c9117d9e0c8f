#include "providers/http/subscription.hpp"

#include <map>
#include <optional>

namespace omniclient::http {
namespace {

/// A change of something that was there, is there now, or both.
void tell(const Entry* before, const Entry* now, const OnChange& change) {
  if (before == nullptr) return change(eOmniClientResult_Ok, eOmniClientListEvent_Created, *now);
  if (now == nullptr) return change(eOmniClientResult_Ok, eOmniClientListEvent_Deleted, *before);
  if (!(*before == *now)) change(eOmniClientResult_Ok, eOmniClientListEvent_Updated, *now);
}

/// Who asks whom for what, and is told.
template <class R>
struct Subscriber {
  Web& web;
  const std::chrono::milliseconds interval;
  const OperationPtr operation;
  const Url url;
  const Done<R> first;
  const OnChange change;
};

class ItemSubscription : public std::enable_shared_from_this<ItemSubscription> {
 public:
  explicit ItemSubscription(Subscriber<EntryReply> who) : who_(std::move(who)) {}

  void ask(Again again) {
    who_.web.look(who_.operation, who_.url, std::move(again),
                  [self = shared_from_this()](LookReply reply) { self->take(reply); });
  }

 private:
  void take(LookReply& reply) {
    const bool there = reply.result == eOmniClientResult_Ok;
    const bool missing = reply.result == eOmniClientResult_ErrorNotFound;
    if (!begun_) {
      begun_ = true;
      if (missing) reply.result = eOmniClientResult_OkNotYetFound;
      who_.first(static_cast<EntryReply&>(reply));
      if (!there && !missing) return;
      if (there) item_ = reply.entry;
      seen_ = reply.seen;
    } else if (there || missing) {
      const auto before = std::exchange(item_, there ? std::optional(reply.entry) : std::nullopt);
      if (before || item_) tell(before ? &*before : nullptr, item_ ? &*item_ : nullptr, who_.change);
      seen_ = there ? reply.seen : Again{};
    }
    seen_.after = who_.interval;
    ask(seen_);
  }

  const Subscriber<EntryReply> who_;
  bool begun_ = false;
  std::optional<Entry> item_;
  Again seen_;
};

class FolderSubscription : public std::enable_shared_from_this<FolderSubscription> {
 public:
  explicit FolderSubscription(Subscriber<ListReply> who) : who_(std::move(who)) {}

  void ask(Again again) {
    who_.web.list(who_.operation, who_.url, std::move(again),
                  [self = shared_from_this()](const ListReply& reply) { self->take(reply); });
  }

 private:
  void take(const ListReply& reply) {
    const bool there = reply.result == eOmniClientResult_Ok;
    std::map<std::string, Entry> now;
    for (const auto& entry : reply.entries) now.emplace(entry.relative_path, entry);
    if (!begun_) {
      begun_ = true;
      items_ = std::move(now);
      who_.first(reply);
      if (!there) return;
    } else if (there || reply.result == eOmniClientResult_ErrorNotFound) {
      compare(std::exchange(items_, std::move(now)));
    }
    Again again;
    again.after = who_.interval;
    ask(again);
  }

  void compare(const std::map<std::string, Entry>& before) {
    for (const auto& [name, entry] : before) {
      if (items_.count(name) == 0) tell(&entry, nullptr, who_.change);
    }
    for (const auto& [name, entry] : items_) {
      const auto was = before.find(name);
      tell(was == before.end() ? nullptr : &was->second, &entry, who_.change);
    }
  }

  const Subscriber<ListReply> who_;
  bool begun_ = false;
  std::map<std::string, Entry> items_;
};

}  // namespace

void watch_item(Web& web, std::chrono::milliseconds interval, const OperationPtr& operation, const Url& url,
                Done<EntryReply> first, OnChange change) {
  std::make_shared<ItemSubscription>(
      Subscriber<EntryReply>{web, interval, operation, url, std::move(first), std::move(change)})
      ->ask({});
}

void watch_folder(Web& web, std::chrono::milliseconds interval, const OperationPtr& operation, const Url& url,
                  Done<ListReply> first, OnChange change) {
  std::make_shared<FolderSubscription>(
      Subscriber<ListReply>{web, interval, operation, url, std::move(first), std::move(change)})
      ->ask({});
}

}  // namespace omniclient::http
