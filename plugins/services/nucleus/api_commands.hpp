#pragma once

#include "api_client.hpp"

#include <nlohmann/json.hpp>
#include <span>
#include <string_view>

namespace omnibroker::plugins::nucleus {

/// How a command is carried out.
enum class Runs {
  AtOnce,   ///< On the connection's worker: it waits for nothing.
  Beside,   ///< By the pool, beside others.
  InOrder,  ///< By the pool, behind the changes that came before it.
};
enum class Login { Needed, NotNeeded };
enum class Answers {
  Once,
  Stream,  ///< Or more often, until they end or somebody sends `stop`.
};

/// Whether an InOrder command decides by what is there, so that it waits for the changes before it to be done.
using Looks = bool (*)(const ApiClientPtr& client, const ApiRequest& request);

/// A command of the API, and what carries it out: it sees to one answer, by `answer` or `fail`, or to a stream. It may
/// throw BadParameter before it has answered.
struct Command {
  std::string_view name;
  Runs runs = Runs::Beside;
  void (*run)(const ApiClientPtr& client, const ApiRequest& request) = nullptr;
  Login login = Login::Needed;
  Answers answers = Answers::Once;
  Looks looks = nullptr;  ///< Null: never.
};

// The groups of facts 3.6, a file each.
std::span<const Command> session_commands();  ///< api_session.cpp: logging in, pings, what the server can.
std::span<const Command> listing_commands();  ///< api_listing.cpp: stat, lists, and their subscriptions.
std::span<const Command> asset_commands();    ///< api_assets.cpp: files.
std::span<const Command> object_commands();   ///< api_objects.cpp: live objects.
std::span<const Command>
structure_commands();                         ///< api_structure.cpp: folders, rename, copy, delete, checkpoints, locks.
std::span<const Command> rights_commands();   ///< api_rights.cpp: access lists, users, groups.
std::span<const Command> channel_commands();  ///< api_channels.cpp: `create`, `update`, `read`, mostly for channels.

/// Null: there is no such command.
const Command* find_command(std::string_view name);

// What several groups have in common.

/// The bytes that a request brings for a path: its blob, the text `content`, or the upload that `content_id` names.
/// Denied where its user may not write there: then nothing has been written to the disk.
store::Result<store::Content> content_in(const ApiClientPtr& client, const ApiRequest& request,
                                         const std::string& path);
/// Of commands with a content: rights are asked before it is taken in, and a change before it may give them.
bool looks_at_rights(const ApiClientPtr& client, const ApiRequest& request);
bool looks_always(const ApiClientPtr& client, const ApiRequest& request);
/// Answers with an asset's content: in the message itself, or where it can be fetched.
void answer_content(const ApiClientPtr& client, const ApiRequest& request, const store::PathAtVersion& path,
                    const store::Read& read);
/// Where a content can be fetched by HTTP for a while, by whoever has this address.
std::string content_address(const ApiClient& client, const store::PathAtVersion& path, const store::Entry& entry);
/// The same of one update of a live object.
std::string update_address(const ApiClient& client, const std::string& path, std::uint64_t object_id,
                           std::uint64_t sequence);
/// The fields of a path that has been written.
nlohmann::json written_fields(const store::Written& written);

void create_asset(const ApiClientPtr& client, const ApiRequest& request, const store::PathAtVersion& path);
void update_asset(const ApiClientPtr& client, const ApiRequest& request, const store::PathAtVersion& path);
void read_asset(const ApiClientPtr& client, const ApiRequest& request, const store::PathAtVersion& path);

}  // namespace omnibroker::plugins::nucleus
