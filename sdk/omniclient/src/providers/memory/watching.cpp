// Whom a server tells what.
#include "providers/memory/server.hpp"

#include <algorithm>

namespace omniclient::memory {
namespace {

template <class List, class Gone>
void remove_if(List& list, const Gone& gone) {
  list.erase(std::remove_if(list.begin(), list.end(), gone), list.end());
}

/// Tells who stays that somebody has left.
template <class Leaves>
void leave(Node& channel, const Leaves& leaves) {
  std::vector<Member> left;
  for (const auto& member : channel.members) {
    if (leaves(member)) left.push_back(member);
  }
  remove_if(channel.members, leaves);
  for (const auto& gone : left) {
    for (const auto& member : channel.members) {
      member.tell({eOmniClientResult_Ok, eOmniClientChannelEvent_Left, gone.connection->id, nullptr});
    }
  }
}

template <class Visit>
void for_each(Node& node, const Visit& visit) {
  visit(node);
  for (const auto& [name, child] : node.children) for_each(*child, visit);
}

}  // namespace

void Server::changed(const Node& node, OmniClientListEvent event) {
  const auto path = node.path();
  const auto folder = node.parent == nullptr ? std::string() : node.parent->path();
  const auto watching = watching_;  // Telling may end a watch.
  for (const auto& watch : watching) {
    if (watch.path != (watch.contents ? folder : path)) continue;
    watch.change(eOmniClientResult_Ok, event, entry_of(node, watch.connection->user));
  }
}

void Server::forget(const Operation* operation) {
  const auto its = [operation](const auto& one) { return one.operation.get() == operation; };
  remove_if(watching_, its);
  for_each(root_, [&its](Node& node) {
    leave(node, its);
    remove_if(node.readers, its);
  });
}

void Server::lose(const ConnectionPtr& connection) {
  const auto its = [&connection](const auto& one) { return one.connection == connection; };
  const auto watching = watching_;
  remove_if(watching_, its);
  for (const auto& watch : watching) {
    if (its(watch)) watch.change(eOmniClientResult_ErrorConnection, eOmniClientListEvent_Unknown, {});
  }
  for_each(root_, [&](Node& node) {
    for (const auto& member : std::vector<Member>(node.members)) {
      if (its(member)) member.tell({eOmniClientResult_ErrorConnection, eOmniClientChannelEvent_Error, "", nullptr});
    }
    leave(node, its);
    for (const auto& reader : std::vector<Reader>(node.readers)) {
      if (its(reader)) reader.tell({eOmniClientResult_ErrorConnection, node.object_id, 0, 0, nullptr});
    }
    remove_if(node.readers, its);
    if (node.locked_by != connection) return;
    node.locked_by.reset();
    changed(node, eOmniClientListEvent_Unlocked);
  });
}

void Server::end_lost_access() {
  const auto cannot = [this](const Node& node, const auto& one) {
    return (access_of(node, one.connection->user) & fOmniClientAccess_Read) == 0;
  };
  const auto watching = watching_;
  for (const auto& watch : watching) {
    const Node* node = find(watch.path);
    if (node == nullptr || !cannot(*node, watch)) continue;
    remove_if(watching_, [&watch](const auto& one) { return one.operation == watch.operation; });
    watch.change(eOmniClientResult_ErrorAccessLost, eOmniClientListEvent_Unknown, {});
  }
  for_each(root_, [&](Node& node) {
    for (const auto& member : std::vector<Member>(node.members)) {
      if (cannot(node, member)) member.tell({eOmniClientResult_Ok, eOmniClientChannelEvent_Deleted, "", nullptr});
    }
    leave(node, [&](const Member& member) { return cannot(node, member); });
    for (const auto& reader : std::vector<Reader>(node.readers)) {
      if (cannot(node, reader)) reader.tell({eOmniClientResult_ErrorAccessLost, node.object_id, 0, 0, nullptr});
    }
    remove_if(node.readers, [&](const Reader& reader) { return cannot(node, reader); });
  });
}

}  // namespace omniclient::memory
