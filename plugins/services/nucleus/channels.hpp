#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace omnibroker::plugins::nucleus {

/// Who is in which channel. What is said there reaches every member, the speaker included, in one order for all;
/// nothing is kept.
///
/// Payloads go through as they are. Of those in our own framing (<nucleus/channel_frames.hpp>) it knows who has
/// introduced himself that way: when such a member goes, the others get a Left frame.
///
/// Before a member hears anything he is asked whether he may, if rights have changed since he was asked last.
/// Threads: any, on threads that may block for moments; but `gone` and what it says.
class Channels {
 public:
  using Payload = std::shared_ptr<const std::string>;

  enum class End { Deleted, AccessLost };

  /// Its functions are called with the channel held: quick, and without calling back.
  class Member {
   public:
    Member() = default;
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;
    virtual ~Member() = default;
    /// The id of its connection.
    virtual const std::string& connection() const = 0;
    /// Whether he has the right to.
    virtual bool may_hear() = 0;
    /// False: it does not read, and is no member any more.
    virtual bool hear(const Payload& payload) = 0;
    /// He is no member any more.
    virtual void end(End why) = 0;
  };

  /// Paths have no '/' at their end. `since`: the newest change of the store that the member knows of. `joined` is
  /// called before the member hears anything.
  void join(const std::string& path, std::shared_ptr<Member> member, std::uint64_t since,
            const std::function<void()>& joined);
  void leave(const std::string& path, const Member* member);
  /// False: it says that it comes from another connection.
  bool say(const std::string& path, const std::string& connection, Payload payload);
  /// The channel has gone, by this change of the store: those who have joined before it are told by `look_after`. Does
  /// not wait for anybody, so it may be called by the store's listener.
  void gone(const std::string& path, std::uint64_t transaction);
  /// Rights are others now; from here on nobody hears anything before he has been asked. Does not wait either.
  void rights_changed() { ++rights_; }
  /// Tells members what has become of them.
  void look_after();

 private:
  struct Place {
    std::shared_ptr<Member> member;
    std::uint64_t since = 0;
    std::uint64_t rights = 0;  ///< When it was asked last whether it may hear.
    bool framed = false;       ///< It has spoken in our framing.
  };
  using Places = std::vector<Place>;

  bool may_hear(Place& place);
  /// Asks those of a path (empty: of all) who have not been asked since rights have changed; with nothing held, since
  /// they ask the store.
  void ask(const std::string& path);
  void tell(Places& places, const Payload& payload, std::vector<Place>& gone);
  static void end(const Place& place, End why);
  void part(const std::string& path, Places& places, std::vector<Place> gone);

  std::mutex mutex_;
  std::unordered_map<std::string, Places> channels_;  // guarded by mutex_
  std::atomic<std::uint64_t> rights_{0};
  std::mutex gone_mutex_;                                    // held for moments only, and with nothing else
  std::vector<std::pair<std::string, std::uint64_t>> gone_;  // guarded by gone_mutex_
};

}  // namespace omnibroker::plugins::nucleus
