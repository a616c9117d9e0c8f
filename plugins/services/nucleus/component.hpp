#pragma once

#include "nucleus.hpp"
#include "pool.hpp"

#include <memory>
#include <string>

#include <omnibroker/host.hpp>

namespace omnibroker::plugins::nucleus {

/// A component's share in the Nucleus of its data folder, and its threads.
///
/// It is opened by `start` rather than by `prepare`, which a broker also does in a process of its own to try things
/// out: there the folder is open already, in the broker. Lifecycle: that of the component. Threads: the component's
/// lifecycle; what it lends is for any.
class Share {
 public:
  explicit Share(const Host& host) : host_(host), pool_(host) {}
  Share(const Share&) = delete;
  Share& operator=(const Share&) = delete;
  ~Share() { close(); }

  Status open(const std::string& folder, std::uint64_t quota) {
    store::Options options;
    options.quota = quota;
    auto opened = Nucleus::open(folder, options);
    if (!opened) return opened.error();
    nucleus_ = std::move(*opened);
    nucleus_->add_pool(pool_);
    return {};
  }
  void close() {
    if (!nucleus_) return;
    nucleus_->remove_pool(pool_);
    pool_.drop_waiting();
    nucleus_->store().settle();  // what waits there will be answered with what the component has
    Nucleus::let_go(std::move(nucleus_));
  }

  Nucleus& nucleus() { return *nucleus_; }
  Pool& pool() { return pool_; }
  const Host& host() const { return host_; }

 private:
  const Host host_;
  Pool pool_;
  std::shared_ptr<Nucleus> nucleus_;
};

}  // namespace omnibroker::plugins::nucleus
