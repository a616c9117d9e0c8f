#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace omniclient {

/// Live updates that wait for the program to process them, held back so that they come as evenly as they were made.
///
/// An update is due `min(max, constant + multiple * average latency)` after it was sent. Those of one URL are given out
/// in the order in which they arrived, so an update waits for the ones before it. Pure: it is told the time. At most
/// kMaxUpdates wait.
class LiveQueue {
 public:
  using Time = std::chrono::microseconds;  ///< Since 1970, as servers count.
  static constexpr std::size_t kMaxUpdates = 65536;

  struct Delay {
    std::chrono::milliseconds constant{10};
    std::uint32_t multiple = 2;
    std::chrono::milliseconds max{1000};
  };
  void configure(Delay delay) { delay_ = delay; }

  /// False where there is no room. `sent` is the server's time; 0 where it is not known, which is due at once. `owner`
  /// is who reads; `ready` whether it may be called at the moment.
  bool add(const std::string& url, Time sent, Time now, std::function<void()> call, const void* owner = nullptr,
           std::function<bool()> ready = nullptr);
  /// Drops what an owner has not been given yet.
  void remove(const void* owner);

  /// Takes out what is due. With `url`: what was sent up to `until`, due or not, and of that URL alone.
  std::vector<std::function<void()>> take(Time now);
  std::vector<std::function<void()>> take(const std::string& url, Time until);

  /// When the next one will be; nothing where none waits.
  std::optional<Time> next_due() const;
  std::size_t size() const { return updates_.size(); }

 private:
  struct Update {
    std::string url;
    Time sent;
    Time due;
    std::function<void()> call;
    const void* owner;
    std::function<bool()> ready;
  };

  template <class Wanted>
  std::vector<std::function<void()>> take_first_of_each(const Wanted& wanted);

  Delay delay_;
  std::optional<Time> latency_;
  std::deque<Update> updates_;
};

}  // namespace omniclient
