#include "engine/engine.hpp"

#include "engine/base_urls.hpp"
#include "engine/log.hpp"
#include "providers/file/file_provider.hpp"
#include "providers/http/http_provider.hpp"
#include "providers/memory/memory_provider.hpp"
#include "providers/omniverse/omniverse_provider.hpp"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <pthread.h>

namespace omniclient {

struct Engine::Current {
  std::mutex mutex;
  std::shared_ptr<Engine> engine;
  std::shared_ptr<Engine> stopping;
  std::condition_variable stopped;
  bool shut_down = false;
};

/// Never destroyed: threads of a program that ends without omniClientShutdown may still look at it. A process that was
/// forked gets a state of its own, since it has none of the threads of the other one: there, nothing has begun yet.
Engine::Current& Engine::current() {
  static std::atomic<Current*> instance{new Current};
  static const int watched = pthread_atfork(
      [] {
        instance.load()->mutex.lock();
        log::before_fork();
      },
      [] {
        log::after_fork(log::Process::Same);
        instance.load()->mutex.unlock();
      },
      [] {
        log::after_fork(log::Process::Forked);
        auto* const fresh = new Current;
        fresh->shut_down = instance.load()->shut_down;
        instance = fresh;
      });
  (void)watched;  // It fails only where there is no memory; then forked processes may not use the library.
  return *instance;
}

namespace {

constexpr std::size_t kFileThreads = 4;

bool is_switched_on(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && std::string_view(value) == "1";
}

}  // namespace

void Engine::wait_until_stopped(Current& state, std::unique_lock<std::mutex>& lock) {
  while (state.stopping && !state.stopping->calls().inside_a_call()) state.stopped.wait(lock);
}

std::shared_ptr<Engine> Engine::get() {
  auto& state = current();
  const log::Hold until_unlocked;  // Whoever reads the log may call this.
  std::lock_guard lock(state.mutex);
  if (!state.engine && !state.shut_down) {
    state.engine.reset(new Engine);
    state.engine->start();
  }
  return state.engine;
}

std::shared_ptr<Engine> Engine::get_until_stopped() {
  auto& state = current();
  std::lock_guard lock(state.mutex);
  return state.engine ? state.engine : state.stopping;
}

void Engine::initialize() {
  auto& state = current();
  {
    std::unique_lock lock(state.mutex);
    wait_until_stopped(state, lock);
    state.shut_down = false;
  }
  get();
}

void Engine::shut_down() {
  auto& state = current();
  std::shared_ptr<Engine> engine;
  {
    std::unique_lock lock(state.mutex);
    state.shut_down = true;
    wait_until_stopped(state, lock);
    if (!state.engine || state.stopping) return;
    engine.swap(state.engine);
    state.stopping = engine;
  }
  engine->stop();
  {
    std::lock_guard lock(state.mutex);
    state.stopping.reset();
  }
  state.stopped.notify_all();
}

Engine::Engine() : bookmarks_(in_settings_folder("bookmarks")), pool_(kFileThreads) {
  const ProviderHost host{loop_,
                          pool_,
                          credentials_,
                          [this](const char* key, std::int64_t otherwise) { return settings_.number(key, otherwise); },
                          [this](const std::string& server, OmniClientConnectionStatus status) {
                            registrations_.connection_status(server, status);
                          },
                          [this] { return connecting([](const Connecting& now) { return now; }); }};
  providers_["file"] = make_file_provider(host);
  providers_["http"] = make_http_provider(host);
  providers_["https"] = make_http_provider(host);
  providers_["omniverse"] = make_omniverse_provider(host);
  if (is_switched_on("OMNICLIENT_MEMORY_PROVIDER")) providers_["mem"] = make_memory_provider(host);
}

Engine::~Engine() = default;

void Engine::start() {
  log_route_ = log::set_route([engine = weak_from_this()](std::function<void()> line) {
    if (const auto running = engine.lock()) running->calls_.post(std::move(line));
  });
  calls_.start(shared_from_this());
  log::verbose("engine", {"Started ", OMNICLIENT_BUILD_STRING});
}

void Engine::stop() {
  log::verbose("engine", {"Stopping"});
  // Nothing new comes from providers; then everybody who waits for an answer gets one; then nobody is called any more.
  loop_.stop();
  calls_.cancel_all();  // So that a large file that is being written does not hold this up.
  pool_.stop();
  for (const auto& [scheme, provider] : providers_) provider->stop();
  live_.stop();
  retries_.stop();
  log::end_route(log_route_);
  calls_.finish();
}

Provider* Engine::provider_of(const Url& url) const {
  const auto found = providers_.find(url.raw ? "file" : url.scheme.value_or(""));
  return found == providers_.end() ? nullptr : found->second.get();
}

Target Engine::target(const char* reference) {
  if (reference == nullptr || (*reference == '\0' && base_urls::top() == nullptr)) {
    Target target;
    target.problem = eOmniClientResult_ErrorBadRequest;
    return target;
  }
  return target(combine(base_urls::current(), reference));
}

Target Engine::target(const Url& absolute) {
  Target target;
  target.url = aliases_.replaced(absolute);
  target.text = make_url(target.url);
  const auto path = target.url.path.value_or("");
  if (target.url.raw && !path.empty() && path.front() != '/') {  // Relative to a folder that has gone.
    target.problem = eOmniClientResult_ErrorNotFound;
    return target;
  }
  target.provider = provider_of(target.url);
  if (target.provider == nullptr) target.problem = eOmniClientResult_ErrorNotSupported;
  return target;
}

void Engine::add_search_path(const std::string& path) {
  std::lock_guard lock(mutex_);
  search_paths_.insert(search_paths_.begin(), path);
}

void Engine::remove_search_path(const std::string& path) {
  std::lock_guard lock(mutex_);
  const auto found = std::find(search_paths_.begin(), search_paths_.end(), path);
  if (found != search_paths_.end()) search_paths_.erase(found);
}

std::vector<std::string> Engine::search_paths() const {
  std::lock_guard lock(mutex_);
  return search_paths_;
}

}  // namespace omniclient
