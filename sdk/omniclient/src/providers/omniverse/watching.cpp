// What changes in a folder, or of an item in it, for as long as somebody wants to know.
#include "providers/omniverse/answers.hpp"
#include "providers/omniverse/feed.hpp"
#include "providers/omniverse/service.hpp"

#include <nlohmann/json.hpp>
#include <set>

namespace omniclient::omniverse {
namespace {

using Json = nlohmann::json;

/// One subscription of the program. It knows what it has told last; so whatever happens on the way, it tells
/// differences, and a change that it hears of twice it tells once.
class Watch : public std::enable_shared_from_this<Watch> {
 public:
  using First = std::function<void(OmniClientResult, std::vector<Entry>)>;

  /// `name`: of one item of the folder; nothing: all that is in it.
  Watch(SessionPtr session, OperationPtr operation, std::string folder, std::optional<std::string> name,
        Include include, First first, OnChange change)
      : session_(std::move(session)),
        operation_(std::move(operation)),
        folder_(std::move(folder)),
        name_(std::move(name)),
        include_(include),
        first_(std::move(first)),
        change_(std::move(change)) {}

  void begin() {
    const auto self = shared_from_this();
    feed_ = Feed::start(
        session_, operation_, folder_,
        {[self] { self->look(); }, [self] { self->gone(); }, [self](const Json& fields) { self->heard(fields); },
         [self](OmniClientResult result) { self->end(result); }});
  }

 private:
  using Known = std::map<std::string, wire::Entry>;

  bool is_wanted(const std::string& path) const {
    if (name_) return path == path_of_item(*name_) || (*name_ == "" && path == "/");
    return path != folder_ && folder_of(path) == folder_ && is_item_name(name_of(path));
  }

  bool shows_deleted() const { return include_ != eOmniClientListIncludeOption_DefaultNotDeleted; }

  std::string path_of_item(const std::string& name) const { return (folder_ == "/" ? "/" : folder_ + "/") + name; }

  /// With everything that the folder is asked about: of what is deleted it must be known whether it is there at all.
  Json params(const std::string& path) const {
    Json made = {{"path", path}, {"show_hidden", true}};
    if (shows_deleted()) made["deleted"] = "include";
    return made;
  }

  /// The feed has begun, maybe anew: what is there now?
  void look() {
    const auto number = ++looked_;
    looking_ = true;
    heard_.clear();
    asking_.clear();
    const auto there = std::make_shared<Known>();
    const auto path = name_ ? path_of_item(*name_) : folder_ == "/" ? "/" : folder_ + "/";
    auto call = make_patient_call(operation_, name_ ? "stat2" : "list2", params(path));
    if (!name_) call.kind = Call::Kind::Pages;
    session_->call(std::move(call), [self = shared_from_this(), number, there](const Answer& answer) {
      if (number == self->looked_) self->saw(answer, *there);
    });
  }

  void saw(const Answer& answer, Known& there) {
    if (answer.fate == Answer::Fate::Interrupted) return;  // The feed begins anew, too.
    const auto result = result_of(answer);
    if (name_ && result == kOk) {
      there[*name_] = wire::entry_of(answer.fields);
    } else if (!name_ && answer.fate == Answer::Fate::Answered && !answer.last) {
      const auto entries = answer.fields.find("entries");
      if (entries == answer.fields.end() || !entries->is_array()) return;
      for (const auto& one : *entries) {
        auto entry = wire::entry_of(one);
        const auto name = name_of(entry.path);
        if (is_item_name(name)) there[name] = std::move(entry);
      }
      return;
    }
    if (result == kOk) return settle(std::move(there));
    if (result == eOmniClientResult_ErrorNotFound && name_) return settle({});
    const bool is_none = result == eOmniClientResult_ErrorNotFound || result == eOmniClientResult_ErrorBadRequest;
    if (is_none && !name_) return saw_nothing();  // Or something that is no folder.
    end(result);
  }

  void settle(Known there) {
    looking_ = false;
    if (first_) {
      const auto first = std::exchange(first_, nullptr);
      std::vector<Entry> entries;
      for (const auto& [name, entry] : there) {
        if (is_shown(entry)) entries.push_back(entry_of(entry));
      }
      known_ = std::move(there);
      const auto result = name_ && entries.empty() ? eOmniClientResult_OkNotYetFound : kOk;
      first(result, std::move(entries));
    } else {
      tell_differences(there);
    }
    for (const auto& [event, entry] : std::exchange(heard_, {})) take(event, entry);
  }

  bool is_shown(const wire::Entry& entry) const {
    return entry.deleted || include_ != eOmniClientListIncludeOption_OnlyDeleted;
  }

  void tell_differences(const Known& there) {
    for (const auto& [name, entry] : Known(known_)) {
      if (there.count(name) == 0) become(name, nullptr);
    }
    for (const auto& [name, entry] : there) become(name, &entry);
  }

  /// Tells what has become of an item, by what it was and what it is; null: it is not there.
  void become(const std::string& name, const wire::Entry* now) {
    const auto found = known_.find(name);
    const auto was = found == known_.end() ? std::optional<wire::Entry>() : found->second;
    if (now == nullptr) {
      if (!was) return;
      known_.erase(found);
      // What was deleted cannot be moved: only one thing is left that can have happened to it.
      const auto event = was->deleted ? eOmniClientListEvent_Obliterated : eOmniClientListEvent_Deleted;
      return is_shown(*was) ? tell(event, *was) : void();
    }
    known_[name] = *now;
    const auto event = difference(was, *now);
    if (event && (is_shown(*now) || (was && is_shown(*was)))) tell(*event, *now);
  }

  static std::optional<OmniClientListEvent> difference(const std::optional<wire::Entry>& was, const wire::Entry& now) {
    if (now.deleted) {
      const bool is_new = !was || !was->deleted || was->deleted_at != now.deleted_at;
      return is_new ? std::optional(eOmniClientListEvent_Deleted) : std::nullopt;
    }
    if (!was || was->deleted) return eOmniClientListEvent_Created;
    if (was->etag != now.etag || was->type != now.type) return eOmniClientListEvent_Updated;
    if (was->lock.has_value() != now.lock.has_value()) {
      return now.lock ? eOmniClientListEvent_Locked : eOmniClientListEvent_Unlocked;
    }
    const bool same = was->transaction_id == now.transaction_id && was->access == now.access;
    return same ? std::nullopt : std::optional(eOmniClientListEvent_Metadata);
  }

  /// There is no such folder now; but what was in it may still be seen.
  void gone() {
    if (shows_deleted()) return look();
    saw_nothing();
  }

  void saw_nothing() {
    ++looked_;
    looking_ = false;
    heard_.clear();
    if (!first_) return tell_differences({});
    if (!name_) return end(eOmniClientResult_ErrorNotFound);
    std::exchange(first_, nullptr)(eOmniClientResult_OkNotYetFound, {});
  }

  void heard(const Json& fields) {
    const auto event = event_of(fields);
    const auto given = fields.find("entry");
    if (event == eOmniClientListEvent_Unknown || given == fields.end()) return;
    auto entry = wire::entry_of(*given);
    // What moves within the folder goes and comes.
    const auto destination = std::exchange(entry.destination, {});
    hear(event, entry);
    if (event != eOmniClientListEvent_Deleted || destination.empty()) return;
    entry.path = destination;
    hear(eOmniClientListEvent_Created, entry);
  }

  void hear(OmniClientListEvent event, const wire::Entry& entry) {
    if (!is_wanted(std::string(without_trailing_slashes(entry.path)))) return;
    if (looking_) {
      heard_.emplace_back(event, entry);
    } else {
      take(event, entry);
    }
  }

  void take(OmniClientListEvent event, const wire::Entry& entry) {
    const auto name = name_of(entry.path);
    if (shows_deleted()) return ask(name);
    const auto was = known_.find(name);
    const bool known = was != known_.end();
    if (event == eOmniClientListEvent_Deleted || event == eOmniClientListEvent_Obliterated) {
      if (!known || entry.transaction_id < was->second.transaction_id) return;
      known_.erase(was);
      return tell(event, entry);
    }
    if (event == eOmniClientListEvent_Created || event == eOmniClientListEvent_Updated) {
      if (known && entry.transaction_id <= was->second.transaction_id) return;
      event = known ? eOmniClientListEvent_Updated : eOmniClientListEvent_Created;
    } else if (!known) {
      return;  // What is deleted by now.
    }
    known_[name] = entry;
    tell(event, entry);
  }

  /// An event does not say what can still be seen of something: that is looked up, once more where it was being looked
  /// up already.
  void ask(const std::string& name) {
    const auto [asking, is_new] = asking_.emplace(name, false);
    if (!is_new) {
      asking->second = true;
      return;
    }
    session_->call(make_patient_call(operation_, "stat2", params(path_of_item(name))),
                   [self = shared_from_this(), name, number = looked_](const Answer& answer) {
                     if (number == self->looked_) self->answered(name, answer);
                   });
  }

  void answered(const std::string& name, const Answer& answer) {
    const auto asking = asking_.find(name);
    const bool again = asking != asking_.end() && asking->second;
    if (asking != asking_.end()) asking_.erase(asking);
    const auto result = result_of(answer);
    if (result == kOk) {
      const auto entry = wire::entry_of(answer.fields);
      become(name, &entry);
    } else if (result == eOmniClientResult_ErrorNotFound || result == eOmniClientResult_ErrorAccessDenied) {
      become(name, nullptr);
    } else if (answer.fate != Answer::Fate::Interrupted) {
      return look();  // It is not known what it has become.
    }
    if (again) ask(name);
  }

  void tell(OmniClientListEvent event, const wire::Entry& entry) { change_(kOk, event, entry_of(entry)); }

  void end(OmniClientResult result) {
    ++looked_;
    if (const auto feed = feed_.lock()) feed->stop();
    if (first_) return std::exchange(first_, nullptr)(result, {});
    change_(result, eOmniClientListEvent_Unknown, {});
  }

  const SessionPtr session_;
  const OperationPtr operation_;
  const std::string folder_;
  const std::optional<std::string> name_;
  const Include include_;
  First first_;
  const OnChange change_;
  std::weak_ptr<Feed> feed_;  ///< It keeps this.
  Known known_;
  std::vector<std::pair<OmniClientListEvent, wire::Entry>> heard_;  ///< While it is looked what is there.
  std::map<std::string, bool> asking_;                              ///< What is looked up, and whether once more.
  bool looking_ = false;
  std::uint64_t looked_ = 0;
};

}  // namespace

void Service::watch(OperationPtr operation, const Url& url, Include include, Done<EntryReply> first, OnChange change) {
  const auto path = path_of(url);
  const auto changed = [weak = std::weak_ptr(lists_), path] {
    if (const auto lists = weak.lock()) lists->changed(path, ListCache::Reach::Item);
  };
  const auto tell_first = [changed, first = std::move(first)](OmniClientResult result, std::vector<Entry> entries) {
    EntryReply reply;
    reply.result = result;
    if (!entries.empty()) reply.entry = std::move(entries.front());
    changed();
    first(std::move(reply));
  };
  // What is told here may come before the same is told to what keeps lists.
  const auto tell_change = [changed, change = std::move(change)](OmniClientResult result, OmniClientListEvent event,
                                                                 Entry entry) {
    changed();
    change(result, event, std::move(entry));
  };
  std::make_shared<Watch>(session(url), operation, folder_of(path), name_of(path), include, tell_first, tell_change)
      ->begin();
}

void Service::watch_folder(OperationPtr operation, const Url& url, Include include, Done<ListReply> first,
                           OnChange change) {
  const auto path = path_of(url);
  const auto changed = [weak = std::weak_ptr(lists_)](const std::string& what) {
    if (const auto lists = weak.lock()) lists->changed(what, ListCache::Reach::Item);
  };
  const auto tell_first = [changed, path, first = std::move(first)](OmniClientResult result,
                                                                    std::vector<Entry> entries) {
    ListReply reply;
    reply.result = result;
    reply.entries = std::move(entries);
    changed(path);
    first(std::move(reply));
  };
  const auto tell_change = [changed, path, change = std::move(change)](OmniClientResult result,
                                                                       OmniClientListEvent event, Entry entry) {
    changed((path == "/" ? path : path + "/") + entry.relative_path);
    change(result, event, std::move(entry));
  };
  std::make_shared<Watch>(session(url), operation, path, std::nullopt, include, tell_first, tell_change)->begin();
}

}  // namespace omniclient::omniverse
