#pragma once

#include "providers/host.hpp"
#include "providers/omniverse/answers.hpp"
#include "providers/omniverse/cache.hpp"
#include "providers/omniverse/list_cache.hpp"
#include "providers/omniverse/session.hpp"
#include "providers/provider.hpp"

#include <functional>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

namespace omniclient::omniverse {

class Channel;
class HttpClient;

/// The provider: which server is asked what, and what its answers mean. Connections are those of Session.
///
/// Threads: the loop's alone.
class Service final : public Provider,
                      public DeletedItems,
                      public Checkpoints,
                      public Locks,
                      public Channels,
                      public LiveObjects,
                      public AccessControl,
                      public Servers {
 public:
  explicit Service(const ProviderHost& host);
  ~Service() override;
  void stop() override;

  // files.cpp
  void stat(OperationPtr, const Url&, Include, Done<EntryReply>) override;
  void list(OperationPtr, const Url&, Include, Done<ListReply>) override;
  // watching.cpp
  void watch(OperationPtr, const Url&, Include, Done<EntryReply>, OnChange) override;
  void watch_folder(OperationPtr, const Url&, Include, Done<ListReply>, OnChange) override;
  // contents.cpp
  void read(OperationPtr, const Url&, Done<ReadReply>) override;
  void write(OperationPtr, const Url&, SharedContent, WriteOptions, Done<WriteReply>) override;
  void local_file(OperationPtr, const Url&, bool download, Done<PathReply>) override;

  // files.cpp
  void create_folder(OperationPtr, const Url&, Done<Reply>) override;
  void copy(OperationPtr, const Url& from, const Url& to, CopyOptions, Done<Reply>) override;
  void move(OperationPtr, const Url& from, const Url& to, CopyOptions, Done<MoveReply>) override;
  void remove(OperationPtr, const Url&, Depth, Done<Reply>) override;

  // versions.cpp
  void undelete(OperationPtr, const Url&, Done<Reply>) override;
  void obliterate(OperationPtr, const Url&, bool checkpoints_too, Done<Reply>) override;
  void create_checkpoint(OperationPtr, const Url&, std::string comment, bool force, Done<TextReply>) override;
  void list_checkpoints(OperationPtr, const Url&, Done<ListReply>) override;
  void create_with_hash(OperationPtr, const Url&, std::string hash, bool overwrite, WriteOptions,
                        Done<WriteReply>) override;
  void lock(OperationPtr, const Url&, Done<Reply>) override;
  void unlock(OperationPtr, const Url&, Done<Reply>) override;

  // together.cpp
  void join(OperationPtr, const Url&, std::function<void(ChannelMessage)>) override;
  void send(OperationPtr, const OperationPtr& membership, SharedContent, Done<Reply>) override;
  void live_read(OperationPtr, const Url&, std::uint64_t have_object, std::uint64_t have_sequence,
                 std::function<void(LiveUpdate)>) override;
  void live_create(OperationPtr, const Url&, SharedContent, Done<LiveReply>) override;
  void live_update(OperationPtr, const Url&, std::uint64_t object, SharedContent, Done<LiveReply>) override;

  // rights.cpp
  void get_acls(OperationPtr, const Url&, Done<AclReply>) override;
  void set_acls(OperationPtr, const Url&, std::vector<AclEntry>, Done<Reply>) override;
  void groups(OperationPtr, const Url&, Done<NamesReply>) override;
  void group_users(OperationPtr, const Url&, std::string group, Done<NamesReply>) override;
  void create_group(OperationPtr, const Url&, std::string group, Done<Reply>) override;
  void rename_group(OperationPtr, const Url&, std::string group, std::string name, Done<Reply>) override;
  void remove_group(OperationPtr, const Url&, std::string group, Done<CountReply>) override;
  void users(OperationPtr, const Url&, Done<NamesReply>) override;
  void user_groups(OperationPtr, const Url&, std::string user, Done<NamesReply>) override;
  void add_user(OperationPtr, const Url&, std::string user, std::string group, Done<Reply>) override;
  void remove_user(OperationPtr, const Url&, std::string user, std::string group, Done<Reply>) override;

  // connections.cpp
  void server_info(OperationPtr, const Url&, Done<ServerReply>) override;
  void refresh_token(OperationPtr, const Url&, Done<TextReply>) override;
  void reconnect(const Url&) override;
  void sign_out(const Url&) override;

  DeletedItems* deleted_items() override { return this; }
  Checkpoints* checkpoints() override { return this; }
  Locks* locks() override { return this; }
  Channels* channels() override { return this; }
  LiveObjects* live_objects() override { return this; }
  AccessControl* access_control() override { return this; }
  Servers* servers() override { return this; }

 private:
  SessionPtr session(const Url& url);
  /// Whether it may be answered from memory.
  static bool may_be_kept(const Operation& operation, const Url& url, Include include);
  /// Says, before anybody is told, that what is at a URL may have changed.
  template <class R>
  Done<R> changing(const Url& url, ListCache::Reach reach, Done<R> done) {
    return [weak = std::weak_ptr(lists_), path = path_of(url), reach, done = std::move(done)](R reply) {
      if (const auto lists = weak.lock()) lists->changed(path, reach);
      done(std::move(reply));
    };
  }
  /// The same for who is in which group.
  template <class R>
  Done<R> changing_groups(Done<R> done) {
    return [weak = std::weak_ptr(lists_), done = std::move(done)](R reply) {
      if (const auto lists = weak.lock()) lists->changed_everywhere();
      done(std::move(reply));
    };
  }
  void download_local(const OperationPtr& operation, const Url& url, const std::string& key,
                      const Done<PathReply>& done);

  const ProviderHost host_;
  Cache cache_;
  std::unique_ptr<HttpClient> http_;
  const std::shared_ptr<ListCache> lists_;
  std::map<std::string, SessionPtr> sessions_;                     ///< By server.
  std::map<const Operation*, std::shared_ptr<Channel>> channels_;  ///< By the operation that has joined.
};

/// What is in a folder; not `plain`: names may come more than once, for branches, or what changes is not told, of what
/// is mounted from elsewhere.
struct Looked : ListReply {
  bool plain = true;
};
void ask_list(Session& session, const OperationPtr& operation, const std::string& path, Include include,
              Done<Looked> done);
void ask_stat(Session& session, const OperationPtr& operation, const nlohmann::json& params, Done<EntryReply> done);

/// Makes a call for an operation.
Call make_call(const OperationPtr& operation, std::string command, const nlohmann::json& params,
               Call::Repeat repeat = Call::Repeat::Safe);
/// The same for one that is not the first of its operation, or of none that is repeated as a whole.
Call make_patient_call(const OperationPtr& operation, std::string command, const nlohmann::json& params,
                       Call::Repeat repeat = Call::Repeat::Safe);

/// Something that is done once, and may not be done twice. Only the result counts.
void carry_out(Session& session, const OperationPtr& operation, std::string command, const nlohmann::json& params,
               Done<Reply> done);

}  // namespace omniclient::omniverse
