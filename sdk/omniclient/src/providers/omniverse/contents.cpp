// Reading and writing of files.
#include "providers/omniverse/answers.hpp"
#include "providers/omniverse/http.hpp"
#include "providers/omniverse/large.hpp"
#include "providers/omniverse/service.hpp"

#include <nlohmann/json.hpp>

namespace omniclient::omniverse {
namespace {

using Json = nlohmann::json;

WriteReply written(const Answer& answer) {
  auto reply = reply_of<WriteReply>(answer);
  if (answer.status == wire::Status::InvalidUri) reply.result = eOmniClientResult_ErrorWrongType;
  if (reply.result != kOk) return reply;
  reply.version = wire::text_of(answer.fields, "etag");
  reply.hash = wire::text_of(answer.fields, "hash_value");
  return reply;
}

Json write_params(const Url& url, const WriteOptions& options) {
  Json params = {{"path", at(url)}, {"overwrite", true}};
  if (!options.skip_checkpoint) params["message"] = options.message.value_or("");
  return params;
}

/// Reads once, or again where the file has another content before all of it has come.
class Reading : public std::enable_shared_from_this<Reading> {
 public:
  Reading(HttpClient& http, SessionPtr session, OperationPtr operation, const Url& url, Done<ReadReply> done)
      : http_(http),
        session_(std::move(session)),
        operation_(std::move(operation)),
        url_(url),
        done_(std::move(done)) {}

  void begin() {
    session_->call(make_call(operation_, "read_asset_version", {{"path", at(url_)}}),
                   [self = shared_from_this()](const Answer& answer) { self->answered(answer); });
  }

 private:
  void answered(const Answer& answer) {
    auto reply = reply_of<ReadReply>(answer);
    if (reply.result != kOk) return done_(std::move(reply));
    reply.version = wire::text_of(answer.fields, "etag");
    Remote remote{wire::text_of(answer.fields, "uri_redirection"), wire::number_of(answer.fields, "size"), {}};
    if (remote.url.empty()) {
      reply.content = std::make_shared<Content>(Content::copy(answer.blob));
      if (reply.content->size() != answer.blob.size()) reply.result = eOmniClientResult_Error;
      return done_(std::move(reply));
    }
    if (wire::text_of(answer.fields, "hash_type") == wire::kHashType) {
      remote.hash = wire::text_of(answer.fields, "hash_value");
    }
    download(http_, session_, operation_, std::move(remote),
             [self = shared_from_this(), version = reply.version](Fetched fetched, OmniClientResult result,
                                                                  const SharedContent& content) {
               self->fetched(fetched, result, version, content);
             });
  }

  void fetched(Fetched fetched, OmniClientResult result, const std::string& version, const SharedContent& content) {
    constexpr int kMost = 5;
    const bool again = fetched == Fetched::Changed || (fetched == Fetched::Broken && times_ == 1);
    if (again && times_++ < kMost) return begin();
    ReadReply reply;
    reply.result = result;
    if (result == kOk) {
      reply.version = version;
      reply.content = content;
    }
    done_(std::move(reply));
  }

  HttpClient& http_;
  const SessionPtr session_;
  const OperationPtr operation_;
  const Url url_;
  const Done<ReadReply> done_;
  int times_ = 1;
};

}  // namespace

void Service::read(OperationPtr operation, const Url& url, Done<ReadReply> done) {
  std::make_shared<Reading>(*http_, session(url), std::move(operation), url, std::move(done))->begin();
}

void Service::write(OperationPtr operation, const Url& url, SharedContent content, WriteOptions options,
                    Done<WriteReply> done) {
  if (version_of(url).checkpoint != 0) return done(failed<WriteReply>(eOmniClientResult_ErrorBadRequest));
  done = changing(url, ListCache::Reach::Item, std::move(done));
  const auto session = this->session(url);
  const auto put = [=](Json params, SharedContent blob) {
    auto call = make_call(operation, "create_asset", params, Call::Repeat::Never);
    call.patient = !blob;  // It would have to be sent anew.
    call.blob = std::move(blob);
    session->call(std::move(call), [done](const Answer& answer) { done(written(answer)); });
  };
  // What is large is known when the server has said so.
  session->when_connected([=, this](bool connected) {
    if (!connected) return done(failed<WriteReply>(eOmniClientResult_ErrorConnection));
    const auto& welcome = session->welcome();
    auto params = write_params(url, options);
    if (content->size() <= welcome.lft_threshold || welcome.lft_address.empty()) return put(params, content);
    upload(*http_, session, operation, path_of(url), content,
           [=](OmniClientResult result, const std::string& content_id) mutable {
             if (result != kOk) return done(failed<WriteReply>(result));
             params["content_id"] = content_id;
             put(params, nullptr);
           });
  });
}

void Service::local_file(OperationPtr operation, const Url& url, bool may_download, Done<PathReply> done) {
  const auto session = this->session(url);
  session->call(make_call(operation, "stat2", {{"path", at(url)}}), [=, this](const Answer& answer) {
    const auto looked = reply_of<PathReply>(answer);
    if (looked.result != kOk) return done(looked);
    const auto entry = wire::entry_of(answer.fields);
    if (entry.type != wire::PathType::Asset) return done(failed<PathReply>(eOmniClientResult_ErrorWrongType));
    // Without a hash what is there is named by what it was when. It becomes the name of a file, so it must look like
    // one.
    const bool has_hash =
        entry.hash.size() == 64 && entry.hash.find_first_not_of("0123456789abcdef") == std::string::npos;
    const auto key =
        has_hash ? entry.hash : "e" + sha256(server_of(url) + path_of(url) + "?" + std::to_string(entry.etag));
    const auto name = name_of(path_of(url));
    host_.pool.post([=, this] {
      auto path = cache_.open(operation, key, entry.size, name);
      if (path) return done({{kOk}, *path});
      if (!may_download) return done(failed<PathReply>(eOmniClientResult_ErrorNotFound));
      host_.loop.post([=, this] { download_local(operation, url, key, done); });
    });
  });
}

void Service::download_local(const OperationPtr& operation, const Url& url, const std::string& key,
                             const Done<PathReply>& done) {
  read(operation, url, [=, this](const ReadReply& reply) {
    if (reply.result != kOk) return done(failed_as<PathReply>(reply));
    host_.pool.post([=, this, content = reply.content] {
      if (operation->cancelled()) return;
      // The file may have changed since it was looked at: then it is kept as what it is.
      const auto is = key.size() == 64 ? sha256(content->view()) : key;
      const auto name = name_of(path_of(url));
      const auto path = cache_.store(*content, is) ? cache_.open(operation, is, content->size(), name) : std::nullopt;
      done(path ? PathReply{{kOk}, *path} : failed<PathReply>(eOmniClientResult_Error));
    });
  });
}

}  // namespace omniclient::omniverse
