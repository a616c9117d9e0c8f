// The part of a running broker that listens: sockets, certificates, and which path leads where.

#include "broker/running.hpp"
#include "runtime/worker.hpp"

#include <algorithm>
#include <exception>
#include <mutex>
#include <utility>

namespace omnibroker::core {

Result<std::shared_ptr<TlsContext>> Broker::Running::open_tls(const ListenerConfig& wanted) {
  if (wanted.tls.certificate.empty()) return std::shared_ptr<TlsContext>();
  try {
    return std::make_shared<TlsContext>(wanted.tls.certificate, wanted.tls.key);
  } catch (const std::exception& error) {
    return Error{ErrorCode::InvalidArgument,
                 "listeners." + wanted.name + ": The TLS files cannot be used: " + error.what()};
  }
}

Result<std::unique_ptr<Listener>> Broker::Running::open_listener(const ListenerConfig& wanted, bool bind) const {
  auto listener = std::make_unique<Listener>();
  listener->name = wanted.name;
  auto table = std::make_unique<ListenerTable>();
  auto tls = open_tls(wanted);
  if (!tls) return tls.error();
  table->tls = std::move(*tls);
  if (bind && !drained) {
    auto sockets = ListeningSocket::open(wanted.address, static_cast<int>(wanted.backlog));
    if (!sockets) return sockets.error();
    listener->sockets = std::move(*sockets);
  }
  listener->table = table.get();
  listener->owned_table = std::move(table);
  return listener;
}

Status Broker::Running::open_listeners() {
  for (const auto& wanted : config.listeners) {
    auto opened = open_listener(wanted, true);
    if (!opened) return opened.error();
    shared->listeners.push_back(std::move(*opened));
  }
  return {};
}

void Broker::Running::list_listening() {
  std::vector<Listening> all;
  for (const auto& listener : shared->listeners) {
    for (const auto& socket : listener->sockets) {
      Listening entry{listener->name, socket->name(), listener->tls() != nullptr, {}};
      for (const auto& mount : listener->owned_table->mounts) {
        const auto& endpoint = *mount->current.load();
        entry.mounts.push_back({endpoint.name, endpoint.plugin, mount->path});
      }
      all.push_back(std::move(entry));
    }
  }
  const std::lock_guard lock(view);
  listening = std::move(all);
}

Listener* Broker::Running::find_listener(std::string_view name) const {
  for (const auto& listener : shared->listeners) {
    if (listener->name == name && !listener->gone) return listener.get();
  }
  return nullptr;
}

/// What used the old table has ended its turn when this comes back.
void Broker::Running::set_table(Listener& listener, std::unique_ptr<const ListenerTable> next) {
  listener.table.store(next.get(), std::memory_order_release);
  static_cast<void>(ask_workers([](Worker&) { return 0; }));
  listener.owned_table = std::move(next);
}

void Broker::Running::mount_all() {
  for (const auto& listener : shared->listeners) {
    if (listener->gone) continue;
    auto table = std::make_unique<ListenerTable>();
    table->tls = listener->owned_table->tls;
    for (const auto& wanted : config.endpoints) {
      auto* seat = find_seat(wanted.component.name);
      if (wanted.listener != listener->name || seat == nullptr || seat->current == nullptr) continue;
      const bool stays = seat->mount != nullptr && seat->listener == listener.get() && seat->mount->path == wanted.path;
      if (!stays) {
        const std::lock_guard lock(view);
        seat->previous = nullptr;  // it answers to another path
        seat->mount = std::make_shared<Mount>();
        seat->mount->path = wanted.path;
        seat->mount->current = seat->current->endpoint.get();
        seat->mount->drained = seat->drained;
        seat->listener = listener.get();
      }
      table->mounts.push_back(seat->mount);
    }
    std::stable_sort(table->mounts.begin(), table->mounts.end(),
                     [](const auto& a, const auto& b) { return a->path.size() > b->path.size(); });
    set_table(*listener, std::move(table));
  }
}

}  // namespace omnibroker::core
