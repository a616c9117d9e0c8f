#pragma once

#include "providers/host.hpp"
#include "providers/memory/faults.hpp"
#include "providers/memory/server.hpp"
#include "providers/provider.hpp"

#include <map>
#include <memory>
#include <set>
#include <string>

namespace omniclient::memory {

/// The provider over the servers: connections, and what each operation is of a server's state.
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
  explicit Service(const ProviderHost& host) : host_(host) {}

  // files.cpp
  void stat(OperationPtr, const Url&, Include, Done<EntryReply>) override;
  void list(OperationPtr, const Url&, Include, Done<ListReply>) override;
  void watch(OperationPtr, const Url&, Include, Done<EntryReply>, OnChange) override;
  void watch_folder(OperationPtr, const Url&, Include, Done<ListReply>, OnChange) override;
  void read(OperationPtr, const Url&, Done<ReadReply>) override;
  void write(OperationPtr, const Url&, SharedContent, WriteOptions, Done<WriteReply>) override;
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

  // users.cpp
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
  /// An answer that is delayed.
  struct Pending {
    ConnectionPtr connection;
    std::function<void()> lose;
    std::unique_ptr<Loop::Timer> timer;
  };

  /// Connects where that is needed, lets faults happen, does the work.
  template <class R, class Job>
  void serve(const OperationPtr& operation, const Url& url, Done<R> done, Job job);

  ConnectionPtr connect(const Url& url, bool refuse);
  void lose(const std::string& key, const Url& url, OmniClientConnectionStatus status);
  Server& server(const Url& url) { return servers_[server_of(url)]; }
  /// Ends what is watched when nobody wants it any more.
  void end_with(const OperationPtr& operation, const Url& url);

  ProviderHost host_;
  std::map<std::string, Server> servers_;
  std::map<std::string, ConnectionPtr> connections_;
  std::set<std::string> failed_;  ///< Could not connect, and nobody has asked to try again.
  std::set<std::shared_ptr<Pending>> pending_;
};

template <class R, class Job>
void Service::serve(const OperationPtr& operation, const Url& url, Done<R> done, Job job) {
  const auto fate = next_fate();
  const auto connection = connect(url, fate.refuse_connection);
  if (!connection) return done(failed<R>(eOmniClientResult_ErrorConnection));
  if (fate.lose_connection) {
    lose(url.user.value_or("") + "@" + server_of(url), url, eOmniClientConnectionStatus_Disconnected);
    return done(failed<R>(eOmniClientResult_ErrorConnection));
  }
  if (fate.busy) return done(failed_for_now<R>(eOmniClientResult_Error));
  if (fate.result != eOmniClientResult_Ok) return done(failed<R>(fate.result));
  if (fate.delay.count() == 0) return done(job(server(url), connection));
  auto pending = std::make_shared<Pending>();
  pending->connection = connection;
  pending->lose = [done] { done(failed<R>(eOmniClientResult_ErrorConnection)); };
  pending_.insert(pending);
  pending->timer = host_.loop.after(fate.delay, [this, weak = std::weak_ptr(pending), operation, url, done, job] {
    const auto due = weak.lock();
    if (!due || pending_.erase(due) == 0 || operation->cancelled()) return;
    done(job(server(url), due->connection));
  });
}

inline std::string_view path_of(const Url& url) {
  return url.path ? without_trailing_slashes(*url.path) : std::string_view("/");
}

}  // namespace omniclient::memory
