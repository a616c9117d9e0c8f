// Components that do all the time what their lifecycle allows, for tests of what happens when they come and go.
#include <atomic>
#include <chrono>
#include <thread>

#include <omnibroker/plugin.hpp>

namespace {
using namespace omnibroker;

/// A handler that does what the lifecycle allows: a thread of its own from `start` to `stop`.
class Threaded final : public Handler {
 public:
  explicit Threaded(Host host) : host_(host) {}
  Status start() override {
    thread_ = std::thread([this] {
      while (!ending_.load()) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    });
    return {};
  }
  Status drain() override {
    host_.log().info("threaded drain");
    return {};
  }
  Status stop() override {
    host_.log().info("threaded stop");
    ending_ = true;
    thread_.join();
    return {};
  }
  Outcome handle(const Message&, Call&) override { return Outcome::accept(); }

 private:
  Host host_;
  std::atomic<bool> ending_{false};
  std::thread thread_;
};

/// A bridge that publishes when it starts (as one that connects to a message bus with retained messages does).
class Announces final : public Bridge {
 public:
  explicit Announces(Host host) : host_(host) {}
  Status start() override { return publish(host_, R"({"type":"announced","prim_path":"/from/bridge"})"); }
  void deliver(const omnibroker_payload&) override {}
  void reply(const omnibroker_reply& reply) override {
    host_.log().warn("bridge answered", {{"refused", reply.refused}, {"code", view(reply.code)}});
  }

 private:
  Host host_;
};

/// A periodic timer whose callback takes its time; cancelled in `stop`.
class Ticks final : public Handler {
 public:
  explicit Ticks(Host host)
      : host_(host), executor_(host.table<omnibroker_host_executor_v1>(OMNIBROKER_HOST_EXECUTOR)) {}
  Status start() override {
    executor_->after(host_.raw(), 1'000'000, tick, this);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return {};
  }
  Outcome handle(const Message&, Call&) override { return Outcome::accept(); }

 private:
  static void tick(void* context) {
    auto& self = *static_cast<Ticks*>(context);
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    self.executor_->after(self.host_.raw(), 20'000'000, tick, context);
  }
  Host host_;
  const omnibroker_host_executor_v1* executor_;
};
}  // namespace

OMNIBROKER_PLUGIN("restless", "1.0.0", "Components for tests.", component<Threaded>("threaded", "Has a thread."),
                  component<Announces>("announces", "Publishes with its start."),
                  component<Ticks>("ticks", "Has a periodic timer."))
