#include "engine/loop.hpp"

#include "engine/log.hpp"

#include <atomic>
#include <exception>
#include <pthread.h>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

namespace omniclient {
namespace {

namespace asio = boost::asio;

class AsioTimer final : public Loop::Timer {
 public:
  AsioTimer(asio::io_context& context, std::chrono::milliseconds delay, std::function<void()> function)
      : state_(std::make_shared<State>(context, std::move(function))) {
    state_->timer.expires_after(delay);
    state_->timer.async_wait([state = state_](const boost::system::error_code& error) {
      if (!error && !state->cancelled) state->function();
    });
  }
  /// The timer itself is not safe from two threads, so cancelling it is left to the loop.
  ~AsioTimer() override {
    state_->cancelled = true;
    asio::post(state_->timer.get_executor(), [state = state_] { state->timer.cancel(); });
  }

 private:
  struct State {
    State(asio::io_context& context, std::function<void()> call) : timer(context), function(std::move(call)) {}
    asio::steady_timer timer;
    std::function<void()> function;
    std::atomic<bool> cancelled{false};
  };
  std::shared_ptr<State> state_;
};

class AsioWatch final : public Loop::Watch {
 public:
  AsioWatch(asio::io_context& context, int descriptor, std::function<void()> function)
      : state_(std::make_shared<State>(context, descriptor, std::move(function))) {
    asio::post(context, [state = state_] { next(state); });
  }
  ~AsioWatch() override {
    state_->ended = true;
    state_->descriptor.release();  // Ends the waiting; the descriptor itself stays open.
  }

 private:
  struct State {
    State(asio::io_context& context, int number, std::function<void()> call)
        : descriptor(context, number), function(std::move(call)) {}
    asio::posix::stream_descriptor descriptor;
    std::function<void()> function;
    bool ended = false;
  };

  static void next(const std::shared_ptr<State>& state) {
    if (state->ended) return;
    state->descriptor.async_wait(asio::posix::stream_descriptor::wait_read,
                                 [state](const boost::system::error_code& error) {
                                   if (error || state->ended) return;
                                   state->function();
                                   next(state);
                                 });
  }

  std::shared_ptr<State> state_;
};

}  // namespace

struct Loop::Implementation {
  asio::io_context context{1};
  asio::executor_work_guard<asio::io_context::executor_type> work{context.get_executor()};
  std::thread thread;
};

Loop::Loop() : implementation_(std::make_unique<Implementation>()) {
  implementation_->thread = std::thread([context = &implementation_->context] {
    pthread_setname_np(pthread_self(), "omni loop");
    for (;;) {
      try {
        context->run();
        return;
      } catch (const std::exception& problem) {
        log::error("loop", {"A step was given up: ", problem.what()});
      }
    }
  });
}

Loop::~Loop() { stop(); }

void Loop::post(std::function<void()> function) { asio::post(implementation_->context, std::move(function)); }

std::unique_ptr<Loop::Timer> Loop::after(std::chrono::milliseconds delay, std::function<void()> function) {
  return std::make_unique<AsioTimer>(implementation_->context, delay, std::move(function));
}

std::unique_ptr<Loop::Watch> Loop::when_readable(int descriptor, std::function<void()> function) {
  return std::make_unique<AsioWatch>(implementation_->context, descriptor, std::move(function));
}

boost::asio::io_context& Loop::context() { return implementation_->context; }

void Loop::stop() {
  implementation_->work.reset();
  implementation_->context.stop();
  if (implementation_->thread.joinable()) implementation_->thread.join();
}

}  // namespace omniclient
