#pragma once

#include "providers/provider.hpp"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace omniclient::memory {

constexpr auto kOk = eOmniClientResult_Ok;

/// One connection of one user.
struct Connection {
  std::string id;
  std::string user;
};
using ConnectionPtr = std::shared_ptr<Connection>;

struct Checkpoint {
  SharedContent content;
  std::string comment;
  std::string by;
  std::uint64_t time_ns = 0;
};

struct Branch {
  SharedContent head;
  std::vector<Checkpoint> checkpoints;
  bool changed = false;  ///< Since the last checkpoint.
};

struct Member {
  OperationPtr operation;
  ConnectionPtr connection;
  std::function<void(ChannelMessage)> tell;
};

struct Reader {
  OperationPtr operation;
  ConnectionPtr connection;
  std::function<void(LiveUpdate)> tell;
};

/// An item of a server.
struct Node {
  enum class Type { Folder, File, Channel, Object };

  Type type = Type::Folder;
  Node* parent = nullptr;
  std::string name;
  std::map<std::string, std::unique_ptr<Node>> children;

  std::uint64_t created_ns = 0;
  std::uint64_t modified_ns = 0;
  std::string created_by;
  std::string modified_by;
  std::uint64_t version = 0;

  std::uint64_t deleted_ns = 0;  ///< 0: it is there.
  std::string deleted_by;
  std::uint64_t deletion = 0;  ///< Which deletion it went with.

  std::optional<std::vector<AclEntry>> acl;
  ConnectionPtr locked_by;
  std::map<std::string, Branch> branches;
  std::vector<Member> members;

  std::uint64_t object_id = 0;
  std::vector<LiveUpdate> updates;
  std::vector<Reader> readers;

  bool is_folder() const { return type == Type::Folder; }
  bool deleted() const { return deleted_ns != 0; }
  bool has_children() const;
  std::string path() const;
};

std::uint64_t now_ns();
std::string hash_of(std::string_view bytes);
std::vector<std::string> segments(std::string_view path);

}  // namespace omniclient::memory
