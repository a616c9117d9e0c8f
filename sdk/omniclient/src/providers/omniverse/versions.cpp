// What was deleted, checkpoints, locks.
#include "providers/omniverse/answers.hpp"
#include "providers/omniverse/service.hpp"

#include <nlohmann/json.hpp>

namespace omniclient::omniverse {
namespace {

using Json = nlohmann::json;

std::string checkpoint_name(const Url& url, std::uint64_t number) {
  return version_of(url).branch + "&" + std::to_string(number);
}

Json checkpoints_in(const Answer& answer) {
  if (!answer.fields.is_object()) return Json::array();
  const auto found = answer.fields.find("checkpoints");
  return found != answer.fields.end() && found->is_array() ? *found : Json::array();
}

Json head_of(const Url& url) {
  auto path = at(url);
  path.erase("checkpoint");
  return path;
}

}  // namespace

void Service::undelete(OperationPtr operation, const Url& url, Done<Reply> done) {
  carry_out(*session(url), operation, "undelete", {{"path", path_of(url)}},
            changing(url, ListCache::Reach::Tree, std::move(done)));
}

void Service::obliterate(OperationPtr operation, const Url& url, bool checkpoints_too, Done<Reply> done) {
  carry_out(*session(url), operation, "obliterate",
            {{"path", path_of(url)}, {"obliterate_checkpoints", checkpoints_too}},
            changing(url, ListCache::Reach::Tree, std::move(done)));
}

void Service::create_checkpoint(OperationPtr operation, const Url& url, std::string comment, bool force,
                                Done<TextReply> done) {
  done = changing(url, ListCache::Reach::Item, std::move(done));
  const auto session = this->session(url);
  const Json params = {{"path", head_of(url)}, {"message", comment}, {"force", force}};
  session->call(make_call(operation, "checkpoint_version", params, Call::Repeat::Never), [=](const Answer& answer) {
    const auto reply = reply_of<TextReply>(answer);
    if (reply.result == kOk) {
      return done({{kOk}, checkpoint_name(url, wire::number_of(answer.fields, "checkpoint"))});
    }
    if (reply.result != eOmniClientResult_ErrorAlreadyExists) return done(reply);
    // Nothing has changed since the newest one: that is the one which is meant.
    session->call(make_patient_call(operation, "get_checkpoints", {{"path", head_of(url)}}), [=](const Answer& known) {
      TextReply named = reply;
      for (const auto& one : checkpoints_in(known))
        named.text = checkpoint_name(url, wire::number_of(one, "checkpoint"));
      done(std::move(named));
    });
  });
}

void Service::list_checkpoints(OperationPtr operation, const Url& url, Done<ListReply> done) {
  session(url)->call(make_call(operation, "get_checkpoints", {{"path", head_of(url)}}), [=](const Answer& answer) {
    auto reply = reply_of<ListReply>(answer);
    if (reply.result != kOk) return done(std::move(reply));
    for (const auto& one : checkpoints_in(answer)) {
      auto fields = wire::entry_of(one);
      fields.type = wire::PathType::Asset;
      fields.access = wire::kRead;
      fields.checkpointed = true;
      auto entry = entry_of(fields);
      entry.flags &= ~static_cast<std::uint32_t>(fOmniClientItem_WriteableFile);
      entry.relative_path = checkpoint_name(url, wire::number_of(one, "checkpoint"));
      entry.comment = wire::text_of(one, "message");
      entry.modified_by = entry.created_by;
      entry.modified_ns = entry.created_ns;
      reply.entries.push_back(std::move(entry));
    }
    done(std::move(reply));
  });
}

void Service::create_with_hash(OperationPtr operation, const Url& url, std::string hash, bool overwrite,
                               WriteOptions options, Done<WriteReply> done) {
  done = changing(url, ListCache::Reach::Item, std::move(done));
  Json params = {{"path", head_of(url)},
                 {"hash_value", hash},
                 {"hash_type", wire::kHashType},
                 {"hash_bsize", wire::kHashBlock},
                 {"overwrite", overwrite}};
  if (!options.skip_checkpoint) params["message"] = options.message.value_or("");
  session(url)->call(make_call(operation, "create_asset_with_hash", params, Call::Repeat::Never),
                     [done = std::move(done)](const Answer& answer) {
                       auto reply = reply_of<WriteReply>(answer);
                       if (answer.fields.is_object()) {
                         reply.version = wire::text_of(answer.fields, "etag");
                         reply.hash = wire::text_of(answer.fields, "hash_value");
                       }
                       done(std::move(reply));
                     });
}

void Service::lock(OperationPtr operation, const Url& url, Done<Reply> done) {
  Json params = head_of(url);
  params["uri"] = path_of(url);
  params["etag"] = "0";
  carry_out(*session(url), operation, "lock", params, changing(url, ListCache::Reach::Item, std::move(done)));
}

void Service::unlock(OperationPtr operation, const Url& url, Done<Reply> done) {
  Json params = head_of(url);
  params["uri"] = path_of(url);
  carry_out(*session(url), operation, "unlock", params, changing(url, ListCache::Reach::Item, std::move(done)));
}

}  // namespace omniclient::omniverse
