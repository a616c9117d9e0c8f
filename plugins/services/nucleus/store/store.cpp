#include "store.hpp"

#include "parts.hpp"
#include "secrets.hpp"

namespace omnibroker::nucleus::store {

namespace fs = std::filesystem;

Store::Store(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Store::~Store() = default;

Result<std::unique_ptr<Store>> Store::open(const fs::path& folder, Options options, Listener listener) {
  return answered<std::unique_ptr<Store>>([&] {
    const auto whole = fs::absolute(folder).lexically_normal();
    make_folder(whole);
    check_folder(whole);
    return std::unique_ptr<Store>(new Store(std::make_unique<Parts>(whole, options, std::move(listener))));
  });
}

namespace {

/// What is done with a command on the caller's thread.
template <class Command>
void prepare(Command&) {}

void prepare(CreateUser& command) { command.password = password_hash(command.password); }

void prepare(ChangeUser& command) {
  if (command.password) command.password = password_hash(*command.password);
}

}  // namespace

template <class Command>
void Store::submit(Actor actor, Command command, Completion<typename Command::Answer> done) {
  const auto prepared = answered<Done>([&] {
    prepare(command);
    return Done{};
  });
  if (!prepared) {
    if (done) done(prepared.error());
    return;
  }
  parts_->writer.push(std::make_unique<CommandJob<Command>>(std::move(actor), std::move(command), std::move(done)));
}

#define OMNIBROKER_NUCLEUS_COMMAND(Command) \
  template void Store::submit<Command>(Actor, Command, Completion<Command::Answer>)

OMNIBROKER_NUCLEUS_COMMAND(CreateAsset);
OMNIBROKER_NUCLEUS_COMMAND(UpdateAsset);
OMNIBROKER_NUCLEUS_COMMAND(CreateFolder);
OMNIBROKER_NUCLEUS_COMMAND(CreateChannel);
OMNIBROKER_NUCLEUS_COMMAND(CreateObject);
OMNIBROKER_NUCLEUS_COMMAND(UpdateObject);
OMNIBROKER_NUCLEUS_COMMAND(Rename);
OMNIBROKER_NUCLEUS_COMMAND(Copy);
OMNIBROKER_NUCLEUS_COMMAND(Delete);
OMNIBROKER_NUCLEUS_COMMAND(Undelete);
OMNIBROKER_NUCLEUS_COMMAND(Obliterate);
OMNIBROKER_NUCLEUS_COMMAND(Purge);
OMNIBROKER_NUCLEUS_COMMAND(CreateCheckpoint);
OMNIBROKER_NUCLEUS_COMMAND(LockPath);
OMNIBROKER_NUCLEUS_COMMAND(UnlockPath);
OMNIBROKER_NUCLEUS_COMMAND(ReleaseConnection);
OMNIBROKER_NUCLEUS_COMMAND(ReleaseExpiredLocks);
OMNIBROKER_NUCLEUS_COMMAND(SetAcl);
OMNIBROKER_NUCLEUS_COMMAND(ChangeAcl);
OMNIBROKER_NUCLEUS_COMMAND(CreateUser);
OMNIBROKER_NUCLEUS_COMMAND(ChangeUser);
OMNIBROKER_NUCLEUS_COMMAND(RemoveUser);
OMNIBROKER_NUCLEUS_COMMAND(CreateGroup);
OMNIBROKER_NUCLEUS_COMMAND(RenameGroup);
OMNIBROKER_NUCLEUS_COMMAND(RemoveGroup);
OMNIBROKER_NUCLEUS_COMMAND(AddToGroup);
OMNIBROKER_NUCLEUS_COMMAND(RemoveFromGroup);
OMNIBROKER_NUCLEUS_COMMAND(CreateApiToken);
OMNIBROKER_NUCLEUS_COMMAND(DeleteApiToken);
OMNIBROKER_NUCLEUS_COMMAND(CreateRefreshToken);
OMNIBROKER_NUCLEUS_COMMAND(RevokeRefreshTokens);
OMNIBROKER_NUCLEUS_COMMAND(TouchApiToken);
OMNIBROKER_NUCLEUS_COMMAND(MakeSecret);
OMNIBROKER_NUCLEUS_COMMAND(ForgetContents);

Result<Content> Store::stage(std::string_view bytes) {
  return answered<Content>([&] {
    if (is_large(bytes.size())) parts_->sweep();
    return parts_->contents.stage(bytes);
  });
}

Result<Content> Store::stage(const Actor& actor, const std::string& path, std::string_view bytes) {
  if (is_large(bytes.size())) {
    if (const auto may = may_write(actor, path); !may) return may.error();
  }
  return stage(bytes);
}

bool Store::is_large(std::uint64_t bytes) const { return parts_->contents.is_file(bytes); }

Result<Upload> Store::begin_upload() {
  return answered<Upload>([&] {
    parts_->sweep();
    return parts_->contents.begin_upload();
  });
}

Result<Content> Store::find_content(std::string_view hash, std::optional<std::uint64_t> size) const {
  return parts_->reading<Content>([&](Database& database) {
    const auto digest = digest_from_hex(hash);
    if (!digest) refuse(Code::InvalidParameters, "a hash has 64 hexadecimal digits");
    // Held before it is looked up, so that it is not collected in between.
    const Pin held(parts_->contents.pins(), *digest, 0);
    auto row = Tree(database).content(*digest);
    if (!row || (size && row->size != *size)) {
      refuse(Code::InvalidContentId, "no content has this hash and size: " + std::string(hash));
    }
    return parts_->contents.known(std::move(*row));
  });
}

Result<ContentReader> Store::open_content(const Content& content) const {
  return answered<ContentReader>([&] {
    const auto& pin = ContentFolder::pin(content);
    return parts_->contents.open({pin.digest, pin.size, pin.bytes, pin.checks});
  });
}

void Store::settle() { parts_->writer.settle(); }

std::uint64_t Store::transaction_id() const { return parts_->writer.transaction_id(); }

Usage Store::usage() const {
  Usage usage;
  usage.bytes = parts_->contents.pins()->used;
  usage.quota = parts_->options.quota;
  const auto contents = parts_->reading<std::uint64_t>([](Database& database) {
    auto query = database.query("SELECT count(*) FROM contents");
    query.step();
    return query.number(0);
  });
  usage.contents = contents ? *contents : 0;
  usage.queued = parts_->writer.queued();
  usage.commits = parts_->writer.commits();
  usage.changes = parts_->writer.changes();
  return usage;
}

const fs::path& Store::folder() const { return parts_->folder; }

}  // namespace omnibroker::nucleus::store
