#pragma once

#include "change.hpp"
#include "commands.hpp"
#include "content.hpp"
#include "options.hpp"
#include "result.hpp"
#include "types.hpp"

#include <cstdint>
#include <filesystem>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace omnibroker::nucleus::store {

enum class Deleted { Exclude, Include, Only };

struct ListQuery {
  std::vector<std::string> branches = {""};
  bool show_hidden = false;  ///< Also names that begin with a dot.
  Deleted deleted = Deleted::Exclude;
  std::string after = {};  ///< `Page::next` of the page before; empty: the first one.
  std::size_t limit = 0;   ///< Entries; 0 or more than `Options::page`: that.
};

/// Part of a folder's entries, in the order of their bytes.
struct Page {
  std::vector<Entry> entries;
  std::string next;  ///< Empty: this was the last one.
  /// The newest change that the page knows of. Whoever listens since before the call takes the changes with a higher
  /// number from the listener, and has seen every change of the folder. Of several pages the first one's counts.
  std::uint64_t transaction_id = 0;
};

struct ReadQuery {
  std::uint64_t known_etag = 0;  ///< What the asker has: Latest if that is what is there.
  std::uint64_t etag = 0;        ///< The version with this etag, head or checkpoint; InvalidEtag if it is kept no more.
};

/// An asset's content with what it belongs to.
struct Read {
  Entry entry;
  ContentReader content;
};

struct LiveQuery {
  std::uint64_t object_id = 0;  ///< What the asker has; another one than the present: it is told everything.
  std::uint64_t sequence = 0;   ///< Updates behind this one.
  std::size_t limit = 1000;     ///< Updates of one answer; it is also cut at about 16 MiB of content.
};

/// One update of a live object.
struct LiveUpdate {
  std::uint64_t sequence = 0;
  ContentReader content;
  Time time = {};
  std::string user;
};

struct LiveRead {
  std::uint64_t object_id = 0;
  std::uint64_t sequence = 0;  ///< The newest there is. Less in the last of `updates`: ask again from there.
  std::vector<LiveUpdate> updates;
  std::uint64_t transaction_id = 0;  ///< As in Page.
};

/// What is wrong with a store, in sentences that name path or content.
struct Verification {
  std::vector<std::string> problems;  ///< Empty: nothing. At most 1000; then the last one says how many more.
  std::uint64_t entries = 0;          ///< Rows that were looked at.
  std::uint64_t contents = 0;
  std::uint64_t bytes = 0;  ///< Bytes that were hashed.
};

struct Collected {
  std::uint64_t contents = 0;
  std::uint64_t bytes = 0;
};

struct Usage {
  std::uint64_t bytes = 0;  ///< Of all contents, each counted once; garbage counts until it is collected.
  std::uint64_t quota = 0;  ///< 0: none.
  std::uint64_t contents = 0;
  std::uint64_t queued = 0;   ///< Changes that wait for the writer.
  std::uint64_t commits = 0;  ///< Since it was opened.
  std::uint64_t changes = 0;  ///< Changes that these commits made durable: how well they are grouped.
};

/// One data folder: files, folders, channels, live objects, their history and rights, users and tokens.
///
/// What a function has answered is on the disk, and what is on the disk is whole: changes are made by one writer
/// thread, which takes all that wait, writes them in one transaction, waits for the disk once, tells the listener, and
/// answers. Reads have connections of their own, see committed states only, and never wait for the writer.
///
/// Paths: begin with '/', UTF-8, no control characters, no empty, `.` or `..` segment, segments of at most 255 bytes,
/// case-sensitive. A folder may be named with or without '/' at its end.
///
/// Lifecycle: `open`, then anything, then destroyed, which does what is queued first. One process at a time has a
/// folder. Threads: everything from any, unless it says otherwise.
class Store {
 public:
  /// Opens a folder, or makes one where nothing or an empty folder is. InvalidParameters if it belongs to a newer
  /// version or is something else; ResourceBusy if another process has it open, with its number.
  static Result<std::unique_ptr<Store>> open(const std::filesystem::path& folder, Options options = {},
                                             Listener listener = {});
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// Queues a change (commands.hpp). Does not wait. Changes of one thread are done in its order.
  template <class Command>
  void submit(Actor actor, Command command, Completion<typename Command::Answer> done);

  /// The same, and waits for the answer. Not from a completion or a listener.
  template <class Command>
  Result<typename Command::Answer> apply(Actor actor, Command command) {
    // Shared, so that it lives until the writer has let go of it, and not only until the answer is there.
    auto promise = std::make_shared<std::promise<Result<typename Command::Answer>>>();
    auto answer = promise->get_future();
    submit(std::move(actor), std::move(command),
           [promise](Result<typename Command::Answer> result) { promise->set_value(std::move(result)); });
    return answer.get();
  }

  /// Waits until every change that was submitted before is answered. Not from a completion or a listener.
  void settle();

  // --- content that changes will name ---

  /// Takes `bytes` in: hashes them and, unless they are few, waits until they are on the disk. QuotaReached.
  Result<Content> stage(std::string_view bytes);
  /// The same for a change of `path`: of one who may not make it nothing is taken in. Denied, UserNotFound, InvalidUri.
  Result<Content> stage(const Actor& actor, const std::string& path, std::string_view bytes);
  /// Whether so many bytes go to the disk before a change names them.
  bool is_large(std::uint64_t bytes) const;
  /// Begins a content that arrives in parts.
  Result<Upload> begin_upload();
  /// Content that the store has already; `hash` as in Entry. InvalidContentId if it has not. Who names a hash is taken
  /// to have the bytes: it cannot be guessed.
  Result<Content> find_content(std::string_view hash, std::optional<std::uint64_t> size = {}) const;
  /// The same for somebody who may not have the bytes: InvalidContentId also where he may read it at no path.
  Result<Content> find_content(const Actor& actor, std::string_view hash) const;
  /// Reads a content without a path. Needs no right: who has it may read it.
  Result<ContentReader> open_content(const Content& content) const;

  // --- reading: all need Read; NotExist, Denied, InvalidUri, InternalError ---

  /// With a checkpoint: the entry as it was then (InvalidVersion).
  Result<Entry> stat(const Actor& actor, const PathAtVersion& path, Deleted deleted = Deleted::Exclude) const;
  /// One level. Leaves out what the actor may not read. InvalidParameters if it is no folder.
  Result<Page> list(const Actor& actor, const std::string& path, const ListQuery& query = {}) const;
  /// NotAsset, InvalidVersion, and what ReadQuery says.
  Result<Read> read(const Actor& actor, const PathAtVersion& path, const ReadQuery& query = {}) const;
  /// NotObject.
  Result<LiveRead> read_object(const Actor& actor, const std::string& path, const LiveQuery& query = {}) const;
  /// The newest `Options::checkpoints` of them, oldest first; with `before` of those with a lower number.
  Result<std::vector<Checkpoint>> checkpoints(const Actor& actor, const std::string& path,
                                              const std::string& branch = {}, std::uint64_t before = 0) const;
  Result<std::vector<std::string>> branches(const Actor& actor, const std::string& path) const;
  /// The newest change that is committed.
  std::uint64_t transaction_id() const;

  // --- rights, users, tokens ---

  /// What the actor may do there: of the path and the folders it is in, the nearest whose list names him decides, or
  /// else the nearest whose list names groups of his, with all that these may. Super users: Full. Needs no right.
  Result<Access> access(const Actor& actor, const std::string& path) const;
  /// What the actor might have done at the path of a change when it was done, with the groups that he has now.
  Result<Access> access(const Actor& actor, const RightsThen& then) const;
  /// The path's own list. Needs Read.
  Result<std::vector<AclEntry>> acl(const Actor& actor, const std::string& path) const;
  /// The lists that are in force there, merged: per name the nearest. Needs Read.
  Result<std::vector<AclEntry>> resolved_acl(const Actor& actor, const std::string& path) const;

  /// The user that an actor is: UserNotFound, Denied for one who is disabled.
  Result<User> account(const Actor& actor) const;
  /// Whether somebody may change what is at a path or, where nothing is, make something there: Denied, UserNotFound,
  /// InvalidUri. For those who bring a content, before it is taken.
  Status may_write(const Actor& actor, const std::string& path) const;
  Result<std::vector<User>> users() const;
  Result<User> user(const std::string& name) const;
  Result<std::vector<std::string>> groups() const;
  Result<std::vector<std::string>> group_users(const std::string& group) const;
  Result<std::vector<std::string>> user_groups(const std::string& user) const;
  Result<std::vector<ApiToken>> api_tokens(const std::string& user) const;

  /// Unauthenticated for a wrong password and for no such user, after the same tenth of a second of scrypt; Denied for
  /// a disabled one.
  Result<User> check_password(const std::string& user, std::string_view password) const;
  /// The token's owner. Unauthenticated, TokenExpired, Denied.
  Result<User> check_api_token(std::string_view token);
  Result<User> check_refresh_token(std::string_view token) const;

  /// 32 random bytes that stay the same for this folder: a key to sign with. Made when it is first asked for; waits
  /// then.
  Result<std::string> secret(const std::string& name);

  // --- upkeep ---

  /// Compares everything with everything: every content is read and hashed. Runs beside service.
  Result<Verification> verify() const;
  /// Copies the store, as it is now, into a new or empty folder, from which `open` makes one. Runs beside service.
  /// Blobs are linked where it is the same file system.
  Status backup(const std::filesystem::path& to);
  /// Removes contents that nothing names. Runs beside service.
  Result<Collected> collect_garbage();

  Usage usage() const;
  const std::filesystem::path& folder() const;

 private:
  struct Parts;
  explicit Store(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace omnibroker::nucleus::store
