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
    if (name_) return path == (folder_ == "/" ? "/" : folder_ + "/") + *name_ || (*name_ == "" && path == "/");
    return path != folder_ && folder_of(path) == folder_ && is_item_name(name_of(path));
  }

  /// The feed has begun, maybe anew: what is there now?
  void look() {
    const auto number = ++looked_;
    looking_ = true;
    heard_.clear();
    const auto there = std::make_shared<Known>();
    Json params = {{"path", folder_ == "/" ? "/" : folder_ + "/"}, {"show_hidden", true}};
    if (name_) params["path"] = folder_ == "/" ? "/" + *name_ : folder_ + "/" + *name_;
    if (include_ == eOmniClientListIncludeOption_IncludeDeleted) params["deleted"] = "include";
    if (include_ == eOmniClientListIncludeOption_OnlyDeleted) params["deleted"] = "only";
    auto call = make_patient_call(operation_, name_ ? "stat2" : "list2", params);
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
    if (result == eOmniClientResult_ErrorNotFound) return name_ ? settle({}) : gone();
    end(result);
  }

  void settle(Known there) {
    looking_ = false;
    if (first_) {
      const auto first = std::exchange(first_, nullptr);
      std::vector<Entry> entries;
      for (const auto& [name, entry] : there) entries.push_back(entry_of(entry));
      known_ = std::move(there);
      const auto result = name_ && known_.empty() ? eOmniClientResult_OkNotYetFound : kOk;
      first(result, std::move(entries));
    } else {
      tell_differences(std::move(there));
    }
    for (const auto& [event, entry] : std::exchange(heard_, {})) take(event, entry);
  }

  void tell_differences(Known there) {
    const auto before = std::exchange(known_, std::move(there));
    for (const auto& [name, entry] : before) {
      if (known_.count(name) == 0) tell(eOmniClientListEvent_Deleted, entry);
    }
    for (const auto& [name, entry] : Known(known_)) {
      const auto was = before.find(name);
      if (was == before.end()) {
        tell(eOmniClientListEvent_Created, entry);
      } else if (was->second.etag != entry.etag || was->second.type != entry.type) {
        tell(eOmniClientListEvent_Updated, entry);
      } else if (was->second.lock.has_value() != entry.lock.has_value()) {
        tell(entry.lock ? eOmniClientListEvent_Locked : eOmniClientListEvent_Unlocked, entry);
      } else if (was->second.transaction_id != entry.transaction_id || was->second.access != entry.access) {
        tell(eOmniClientListEvent_Metadata, entry);
      }
    }
  }

  /// There is no such folder now.
  void gone() {
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
    const auto was = known_.find(name);
    const bool known = was != known_.end();
    if (event == eOmniClientListEvent_Deleted) {
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
