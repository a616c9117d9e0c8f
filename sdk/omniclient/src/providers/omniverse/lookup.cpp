#include "providers/omniverse/lookup.hpp"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <exception>
#include <mutex>
#include <netdb.h>
#include <pthread.h>
#include <sys/socket.h>
#include <thread>
#include <utility>

#include <boost/asio/ip/tcp.hpp>

namespace omniclient::omniverse {
namespace {

Lookup::Found ask(const std::string& host, int flags) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = flags;
  addrinfo* all = nullptr;
  Lookup::Found found;
  if (const int error = ::getaddrinfo(host.c_str(), nullptr, &hints, &all); error != 0) {
    found.problem = error == EAI_SYSTEM ? std::strerror(errno) : ::gai_strerror(error);
    return found;
  }
  for (const addrinfo* one = all; one != nullptr; one = one->ai_next) {
    char text[NI_MAXHOST];
    if (::getnameinfo(one->ai_addr, one->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST) == 0) {
      found.addresses.emplace_back(text);
    }
  }
  ::freeaddrinfo(all);
  if (found.addresses.empty()) found.problem = "the name has no address";
  return found;
}

}  // namespace

/// What the thread has, too. Whoever comes when nobody listens any more finds nothing.
struct Lookup::State {
  std::mutex mutex;
  Loop* loop;
  Done done;

  /// On the loop's thread.
  void tell(const Found& found) {
    std::unique_lock lock(mutex);
    const auto told = std::exchange(done, nullptr);
    lock.unlock();
    if (told) told(found);
  }

  static void tell_later(const std::shared_ptr<State>& state, Found found) {
    const std::lock_guard lock(state->mutex);
    if (state->loop != nullptr) state->loop->post([state, found = std::move(found)] { state->tell(found); });
  }
};

Lookup::Lookup(Loop& loop, const std::string& host, std::chrono::milliseconds limit, Done done, Ask ask_thread)
    : state_(new State{{}, &loop, std::move(done)}) {
  auto number = ask(host, AI_NUMERICHOST);
  if (number.problem.empty()) {  // It is an address already.
    State::tell_later(state_, std::move(number));
    return;
  }
  timer_ = loop.after(limit, [state = state_] { state->tell({{}, "the name was not looked up in time"}); });
  try {
    std::thread([state = state_, host, asked = std::move(ask_thread)] {
      pthread_setname_np(pthread_self(), "omni lookup");
      Found found;
      try {
        found = asked(host);
      } catch (const std::exception& problem) {
        found.problem = problem.what();
      }
      State::tell_later(state, std::move(found));
    }).detach();
  } catch (const std::exception& problem) {
    State::tell_later(state_, {{}, problem.what()});
  }
}

Lookup::~Lookup() {
  Done gone;
  const std::lock_guard lock(state_->mutex);
  state_->loop = nullptr;
  gone.swap(state_->done);
}

Lookup::Found Lookup::ask_system(const std::string& host) { return ask(host, 0); }

std::vector<boost::asio::ip::tcp::endpoint> endpoints_of(const Lookup::Found& found, const std::string& port) {
  std::uint16_t number = 0;
  std::from_chars(port.data(), port.data() + port.size(), number);
  std::vector<boost::asio::ip::tcp::endpoint> endpoints;
  for (const auto& address : found.addresses) {
    boost::system::error_code error;
    const auto made = boost::asio::ip::make_address(address, error);
    if (!error) endpoints.emplace_back(made, number);
  }
  return endpoints;
}

}  // namespace omniclient::omniverse
