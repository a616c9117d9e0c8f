#include <fstream>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <omnibroker/plugin.hpp>

namespace {

using namespace omnibroker;

/// Joins another system; here it is a file, which gets every message of the bridge's role as a line.
///
/// What the other system says goes in with `publish(host_, json)`, from any thread.
///
/// `deliver` comes from a worker, which must not wait: messages are collected, and written by work that the host runs
/// where waiting is allowed. What is collected is bounded; what does not fit is counted and dropped.
class Sample final : public Bridge {
 public:
  struct Config {
    std::string file;
    std::uint32_t most_waiting = 10'000;
  };
  static const ConfigSpec<Config>& spec() {
    static const auto spec =
        ConfigSpec<Config>{}
            .field("file", &Config::file, "The file that messages are added to.")
            .required()
            .field("most_waiting", &Config::most_waiting, "How many messages may wait to be written.");
    return spec;
  }

  Sample(Host host, Config config)
      : host_(host),
        executor_(host.table<omnibroker_host_executor_v1>(OMNIBROKER_HOST_EXECUTOR)),
        config_(std::move(config)),
        dropped_(host.counter("dropped_total", "Messages that could not be written in time.")) {}

  Status prepare() override {
    file_.open(config_.file, std::ios::app);
    if (!file_) return Error{ErrorCode::Unavailable, "The file " + config_.file + " cannot be opened"};
    return {};
  }
  Status stop() override {
    write_all();  // nothing of ours is queued any more when the host calls this
    file_.close();
    return {};
  }

  void deliver(const omnibroker_payload& payload) override {
    {
      const std::lock_guard lock(mutex_);
      if (waiting_.size() >= config_.most_waiting) return dropped_.add();
      waiting_.emplace_back(view(payload.bytes));
      if (std::exchange(asked_, true)) return;
    }
    const auto work = [](void* self) { static_cast<Sample*>(self)->write_all(); };
    if (executor_->run_blocking(host_.raw(), work, this) == OMNIBROKER_OK) return;
    const std::lock_guard lock(mutex_);
    asked_ = false;  // the next message asks again
  }
  void reply(const omnibroker_reply& reply) override {
    if (reply.refused != 0) host_.log().warn("A published message was refused", {{"code", view(reply.code)}});
  }

 private:
  void write_all() {
    std::vector<std::string> lines;
    {
      const std::lock_guard lock(mutex_);
      lines.swap(waiting_);
      asked_ = false;
    }
    const std::lock_guard lock(file_mutex_);
    for (const auto& line : lines) file_ << line << '\n';
    file_.flush();
  }

  Host host_;
  const omnibroker_host_executor_v1* executor_;
  Config config_;
  Metric dropped_;
  std::mutex mutex_;
  std::vector<std::string> waiting_;  // guarded by mutex_
  bool asked_ = false;                // guarded by mutex_: work is queued that will write
  std::mutex file_mutex_;
  std::ofstream file_;  // guarded by file_mutex_, but for prepare and stop
};

}  // namespace

OMNIBROKER_PLUGIN("sample", "0.1.0", "Keeps messages in a file.",
                  component<Sample>("sample", "Adds every message of its role to a file."))
