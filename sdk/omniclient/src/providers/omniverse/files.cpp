// Looking, folders, copying, moving, deleting.
#include "engine/log.hpp"
#include "providers/omniverse/answers.hpp"
#include "providers/omniverse/service.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace omniclient::omniverse {
namespace {

using Json = nlohmann::json;

EntryReply entry_in(const Answer& answer) {
  auto reply = reply_of<EntryReply>(answer);
  if (reply.result == kOk) reply.entry = entry_of(wire::entry_of(answer.fields));
  return reply;
}

Json with_deleted(Json params, Include include) {
  if (include == eOmniClientListIncludeOption_IncludeDeleted) params["deleted"] = "include";
  if (include == eOmniClientListIncludeOption_OnlyDeleted) params["deleted"] = "only";
  return params;
}

/// The path is below something that is no folder, or is none at all.
Reply made(const Answer& answer) {
  auto reply = reply_of<Reply>(answer);
  if (answer.status == wire::Status::InvalidUri) reply.result = eOmniClientResult_ErrorWrongType;
  return reply;
}

/// Both ends of a copy as they are before it.
struct Ends {
  EntryReply from;
  EntryReply to;
  int unknown = 2;
};

Reply check_ends(const Ends& ends, const Url& from, const Url& to, const CopyOptions& options) {
  if (ends.from.result != kOk) return ends.from;
  const bool folder = ends.from.entry.is_folder();
  if (options.kind != ItemKind::Any && folder != (options.kind == ItemKind::Folder)) {
    return {eOmniClientResult_ErrorWrongType};
  }
  const auto source = path_of(from), destination = path_of(to);
  if (source == destination && version_of(from).checkpoint == 0 && version_of(from).branch == version_of(to).branch) {
    return {eOmniClientResult_ErrorSourceIsDest};
  }
  const auto below = source == "/" ? source : source + "/";
  if (folder && destination.compare(0, below.size(), below) == 0) return {eOmniClientResult_ErrorSourceIsDest};
  if (ends.to.result == eOmniClientResult_ErrorNotFound) return {kOk};
  if (ends.to.result != kOk) return ends.to;
  if (!options.overwrite) return {eOmniClientResult_ErrorAlreadyExists};
  return ends.to.entry.is_folder() == folder ? Reply{kOk} : Reply{eOmniClientResult_ErrorWrongType};
}

/// Looks at both ends, and goes on where the copy is allowed. Nothing but the answers keeps what it needs.
void look_at_ends(const SessionPtr& session, const OperationPtr& operation, const Url& from, const Url& to,
                  const CopyOptions& options, const std::function<void(const Reply&, const Ends&)>& then) {
  const auto ends = std::make_shared<Ends>();
  const auto known = [=] {
    if (--ends->unknown == 0) then(check_ends(*ends, from, to, options), *ends);
  };
  session->call(make_call(operation, "stat2", {{"path", at(from)}}), [=](const Answer& answer) {
    ends->from = entry_in(answer);
    known();
  });
  session->call(make_call(operation, "stat2", {{"path", at(to)}}), [=](const Answer& answer) {
    ends->to = entry_in(answer);
    known();
  });
}

/// Its message, which may be empty, makes a checkpoint of what is copied, as that of a write does.
Json copy_item(const Url& from, const Url& to, const CopyOptions& options) {
  return {
      {"src", at(from)}, {"dst", at(to)}, {"overwrite", options.overwrite}, {"message", options.message.value_or("")}};
}

struct CopyReply : Reply {
  std::uint64_t left_out = 0;  ///< Entries of a folder that the user may not read, and that are not in the copy.
};

/// The copying itself: files by copy2, which knows versions, folders by copy, which knows folders.
void copy_checked(Session& session, const OperationPtr& operation, const Url& from, const Url& to, bool folder,
                  const CopyOptions& options, Done<CopyReply> done) {
  const auto told = [from, done = std::move(done)](const Answer& answer) {
    CopyReply reply{made(answer)};
    if (reply.result == kOk) reply.left_out = wire::number_of(answer.fields, "left_out");
    if (reply.left_out > 0) {
      log::warning("omniverse", {"Left out of the copy of ", make_url(from),
                                 " what may not be read: ", std::to_string(reply.left_out)});
    }
    done(std::move(reply));
  };
  if (folder) {
    auto params = copy_item(from, to, options);
    params["uri"] = path_of(from) + "/";
    params["to"] = path_of(to) + "/";
    session.call(make_call(operation, "copy", params, Call::Repeat::Never), told);
  } else {
    const Json params = {{"paths_to_copy", {copy_item(from, to, options)}}, {"overwrite", options.overwrite}};
    session.call(make_call(operation, "copy2", params, Call::Repeat::Never), told);
  }
}

}  // namespace

bool Service::may_be_kept(const Operation& operation, const Url& url, Include include) {
  const auto version = version_of(url);
  return include == eOmniClientListIncludeOption_DefaultNotDeleted && version.branch.empty() &&
         version.checkpoint == 0 && !operation.looks_anew();
}

void ask_stat(Session& session, const OperationPtr& operation, const Json& params, Done<EntryReply> done) {
  session.call(make_call(operation, "stat2", params),
               [done = std::move(done)](const Answer& answer) { done(entry_in(answer)); });
}

void ask_list(Session& session, const OperationPtr& operation, const std::string& path, Include include,
              Done<Looked> done) {
  const Json params = {{"path", path == "/" ? path : path + "/"}, {"show_hidden", true}};
  auto call = make_call(operation, "list2", with_deleted(params, include));
  call.kind = Call::Kind::Pages;
  const auto reply = std::make_shared<Looked>();
  session.call(std::move(call), [done = std::move(done), reply](const Answer& answer) {
    if (answer.fate == Answer::Fate::Interrupted) {
      *reply = {};
      return;
    }
    const bool page = answer.fate == Answer::Fate::Answered && !answer.last;
    if (page) {
      const auto entries = answer.fields.find("entries");
      if (entries == answer.fields.end() || !entries->is_array()) return;
      for (const auto& one : *entries) {
        const auto read = wire::entry_of(one);
        auto entry = entry_of(read);
        if (!is_item_name(entry.relative_path)) continue;
        const bool inside_mount = read.mounted && read.type != wire::PathType::Mount;
        reply->plain = reply->plain && read.branch.empty() && !inside_mount;
        reply->entries.push_back(std::move(entry));
      }
      return;
    }
    judge(answer, *reply);
    // Something is there, but no folder.
    if (reply->result == eOmniClientResult_ErrorBadRequest || reply->result == eOmniClientResult_ErrorWrongType) {
      reply->result = eOmniClientResult_ErrorNotFound;
    }
    if (reply->result != kOk) reply->entries.clear();
    std::sort(reply->entries.begin(), reply->entries.end(),
              [](const Entry& a, const Entry& b) { return a.relative_path < b.relative_path; });
    done(std::move(*reply));
  });
}

void Service::stat(OperationPtr operation, const Url& url, Include include, Done<EntryReply> done) {
  const auto session = this->session(url);
  if (may_be_kept(*operation, url, include)) return lists_->stat(session, operation, path_of(url), std::move(done));
  ask_stat(*session, operation, with_deleted({{"path", at(url)}}, include), std::move(done));
}

void Service::list(OperationPtr operation, const Url& url, Include include, Done<ListReply> done) {
  const auto session = this->session(url);
  if (may_be_kept(*operation, url, include)) return lists_->list(session, operation, path_of(url), std::move(done));
  ask_list(*session, operation, path_of(url), include, std::move(done));
}

void Service::create_folder(OperationPtr operation, const Url& url, Done<Reply> done) {
  done = changing(url, ListCache::Reach::Tree, std::move(done));
  session(url)->call(
      make_call(operation, "create_directory", {{"path", {{"path", path_of(url) + "/"}}}}, Call::Repeat::Never),
      [done = std::move(done)](const Answer& answer) { done(made(answer)); });
}

void Service::copy(OperationPtr operation, const Url& from, const Url& to, CopyOptions options, Done<Reply> done) {
  done = changing(to, ListCache::Reach::Tree, std::move(done));
  const auto session = this->session(from);
  look_at_ends(session, operation, from, to, options, [=](const Reply& refused, const Ends& ends) {
    if (refused.result != kOk) return done(refused);
    copy_checked(*session, operation, from, to, ends.from.entry.is_folder(), options,
                 [done](const CopyReply& copied) { done(copied); });
  });
}

void Service::move(OperationPtr operation, const Url& from, const Url& to, CopyOptions options, Done<MoveReply> done) {
  done = changing(from, ListCache::Reach::Tree, changing(to, ListCache::Reach::Tree, std::move(done)));
  const auto session = this->session(from);
  look_at_ends(session, operation, from, to, options, [=](const Reply& refused, const Ends& ends) {
    if (refused.result != kOk) return done(failed_as<MoveReply>(refused));
    if (ends.to.result != kOk) {
      const Json params = {{"src_path", path_of(from)}, {"dst_path", path_of(to)}};
      session->call(make_call(operation, "rename2", params, Call::Repeat::Never),
                    [done](const Answer& answer) { done(failed_as<MoveReply>(made(answer))); });
      return;
    }
    // Onto something: what is there takes over the content, file by file.
    copy_checked(*session, operation, from, to, ends.from.entry.is_folder(), options, [=](const CopyReply& copied) {
      if (copied.result != kOk) return done(failed_as<MoveReply>(copied));
      if (copied.left_out > 0) {  // It would be deleted with the rest, and is nowhere else.
        auto reply = failed<MoveReply>(eOmniClientResult_ErrorAccessDenied);
        reply.copied = true;
        return done(std::move(reply));
      }
      session->call(make_patient_call(operation, "delete", {{"uri", path_of(from)}}, Call::Repeat::Never),
                    [done](const Answer& answer) {
                      auto reply = failed<MoveReply>(result_of(answer));
                      reply.copied = true;
                      done(std::move(reply));
                    });
    });
  });
}

void Service::remove(OperationPtr operation, const Url& url, Depth depth, Done<Reply> done) {
  if (path_of(url) == "/") return done({eOmniClientResult_ErrorAccessDenied});
  const auto command = depth == Depth::Recursive ? "delete" : "delete2";
  Json params = {{"uri", path_of(url)}};
  if (depth == Depth::Single) params = {{"paths", Json::array({{{"path", path_of(url)}}})}};
  carry_out(*session(url), operation, command, params, changing(url, ListCache::Reach::Tree, std::move(done)));
}

}  // namespace omniclient::omniverse
