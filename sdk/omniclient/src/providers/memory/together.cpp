// Channels and live objects.
#include "providers/memory/service.hpp"

#include <algorithm>

namespace omniclient::memory {
namespace {

/// An item of a type, made where there is none.
Server::Found find_or_make(Server& server, const Url& url, Node::Type type, const Connection& connection) {
  auto found = server.look_for(path_of(url), connection, fOmniClientAccess_Read);
  if (found.result == eOmniClientResult_ErrorNotFound) {
    found = server.make(path_of(url), type, connection);
    if (found.result == kOk) server.changed(*found.node, eOmniClientListEvent_Created);
  }
  if (found.result == kOk && found.node->type != type) return {nullptr, eOmniClientResult_ErrorWrongType};
  return found;
}

SharedContent own(const SharedContent& content) { return std::make_shared<Content>(Content::copy(content->view())); }

struct Membership {
  Node* channel = nullptr;
  ConnectionPtr connection;
};

Membership find_membership(Node& node, const OperationPtr& operation) {
  for (const auto& member : node.members) {
    if (member.operation == operation) return {&node, member.connection};
  }
  for (const auto& [name, child] : node.children) {
    auto found = find_membership(*child, operation);
    if (found.channel != nullptr) return found;
  }
  return {};
}

void tell_readers(const Node& object, const LiveUpdate& update) {
  for (const auto& reader : std::vector<Reader>(object.readers)) {
    auto copy = update;
    copy.content = own(update.content);
    reader.tell(std::move(copy));
  }
}

LiveUpdate append(Node& object, const SharedContent& content) {
  LiveUpdate update;
  update.object_id = object.object_id;
  update.sequence = object.updates.size() + 1;
  update.server_time_us = now_ns() / 1000;
  update.content = own(content);
  object.updates.push_back(update);
  object.modified_ns = now_ns();
  return update;
}

/// The history after what the reader has; the last of it says that it is.
std::vector<LiveUpdate> history(const Node& object, std::uint64_t have_object, std::uint64_t have_sequence) {
  std::vector<LiveUpdate> updates;
  for (const auto& update : object.updates) {
    if (have_object == object.object_id && update.sequence <= have_sequence) continue;
    updates.push_back(update);
    updates.back().content = own(update.content);
  }
  if (updates.empty()) {
    updates.push_back(object.updates.back());
    updates.back().content = std::make_shared<Content>();
  }
  updates.back().result = eOmniClientResult_OkLatest;
  return updates;
}

}  // namespace

void Service::join(OperationPtr operation, const Url& url, std::function<void(ChannelMessage)> tell) {
  end_with(operation, url);
  const auto refused = [tell](const Reply& reply) {
    if (reply.result != kOk) tell({reply.result, eOmniClientChannelEvent_Error, "", nullptr});
  };
  serve<Reply>(operation, url, refused, [=](Server& server, const ConnectionPtr& connection) -> Reply {
    const auto found = find_or_make(server, url, Node::Type::Channel, *connection);
    if (found.result != kOk || operation->cancelled()) return {found.result};
    auto& members = found.node->members;
    const auto before = members;
    members.push_back({operation, connection, tell});
    for (const auto& member : std::vector<Member>(members)) {
      member.tell({kOk, eOmniClientChannelEvent_Join, connection->id, nullptr});
    }
    for (const auto& member : before) tell({kOk, eOmniClientChannelEvent_Hello, member.connection->id, nullptr});
    return {kOk};
  });
}

void Service::send(OperationPtr operation, const OperationPtr& membership, SharedContent content, Done<Reply> done) {
  for (auto& [name, server] : servers_) {
    const auto here = find_membership(*server.find("/"), membership);
    if (here.channel == nullptr) continue;
    Url url = combine(break_url(name + "/"), here.channel->path());
    for (const auto& [key, connection] : connections_) {
      if (connection == here.connection) url.user = key.substr(0, key.find('@'));
    }
    return serve<Reply>(operation, url, std::move(done), [=](Server& at, const ConnectionPtr&) -> Reply {
      const auto now = find_membership(*at.find("/"), membership);  // It may have left meanwhile.
      if (now.channel == nullptr) return {eOmniClientResult_ErrorConnection};
      for (const auto& member : std::vector<Member>(now.channel->members)) {
        member.tell({kOk, eOmniClientChannelEvent_Message, now.connection->id, own(content)});
      }
      return {kOk};
    });
  }
  done({eOmniClientResult_ErrorConnection});
}

void Service::live_read(OperationPtr operation, const Url& url, std::uint64_t have_object, std::uint64_t have_sequence,
                        std::function<void(LiveUpdate)> tell) {
  end_with(operation, url);
  const auto refused = [tell](const Reply& reply) {
    if (reply.result != kOk) tell({reply.result, 0, 0, 0, nullptr});
  };
  serve<Reply>(operation, url, refused, [=](Server& server, const ConnectionPtr& connection) -> Reply {
    const auto found = server.look_for(path_of(url), *connection, fOmniClientAccess_Read);
    if (found.result != kOk || operation->cancelled()) return {found.result};
    if (found.node->type != Node::Type::Object) return {eOmniClientResult_ErrorWrongType};
    for (auto& update : history(*found.node, have_object, have_sequence)) tell(std::move(update));
    found.node->readers.push_back({operation, connection, tell});
    return {kOk};
  });
}

void Service::live_create(OperationPtr operation, const Url& url, SharedContent content, Done<LiveReply> done) {
  serve<LiveReply>(operation, url, std::move(done), [=](Server& server, const ConnectionPtr& connection) {
    const auto found = find_or_make(server, url, Node::Type::Object, *connection);
    if (found.result != kOk) return failed<LiveReply>(found.result);
    if ((server.access_of(*found.node, connection->user) & fOmniClientAccess_Write) == 0) {
      return failed<LiveReply>(eOmniClientResult_ErrorAccessDenied);
    }
    found.node->object_id = server.next_object_id();
    found.node->updates.clear();
    const auto update = append(*found.node, content);
    tell_readers(*found.node, update);
    return LiveReply{{kOk}, update.object_id, update.sequence};
  });
}

void Service::live_update(OperationPtr operation, const Url& url, std::uint64_t object, SharedContent content,
                          Done<LiveReply> done) {
  serve<LiveReply>(operation, url, std::move(done), [=](Server& server, const ConnectionPtr& connection) {
    const auto found = server.look_for(path_of(url), *connection, fOmniClientAccess_Write);
    if (found.result != kOk) return failed<LiveReply>(found.result);
    if (found.node->type != Node::Type::Object) return failed<LiveReply>(eOmniClientResult_ErrorWrongType);
    // The object that is meant has been made anew meanwhile.
    if (found.node->object_id != object) return failed<LiveReply>(eOmniClientResult_ErrorNotFound);
    const auto update = append(*found.node, content);
    tell_readers(*found.node, update);
    server.changed(*found.node, eOmniClientListEvent_Updated);
    return LiveReply{{kOk}, update.object_id, update.sequence};
  });
}

}  // namespace omniclient::memory
