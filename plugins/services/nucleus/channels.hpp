#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace omnibroker::plugins::nucleus {

/// Who is in which channel. What is said there reaches every member, the speaker included, in one order for all;
/// nothing is kept.
///
/// Payloads go through as they are. Of those in our own framing (<nucleus/channel_frames.hpp>) it knows who has
/// introduced himself that way: when such a member goes, the others get a Left frame.
/// Threads: any.
class Channels {
 public:
  using Payload = std::shared_ptr<const std::string>;

  /// Its functions are called with the channel held: quick, and without calling back.
  class Member {
   public:
    Member() = default;
    Member(const Member&) = delete;
    Member& operator=(const Member&) = delete;
    virtual ~Member() = default;
    /// The id of its connection.
    virtual const std::string& connection() const = 0;
    /// False: it does not read, and is no member any more.
    virtual bool hear(const Payload& payload) = 0;
    /// There is no such channel any more.
    virtual void end() = 0;
  };

  /// Paths have no '/' at their end. `joined` is called before the member hears anything.
  void join(const std::string& path, std::shared_ptr<Member> member, const std::function<void()>& joined);
  void leave(const std::string& path, const Member* member);
  /// False: it says that it comes from another connection.
  bool say(const std::string& path, const std::string& connection, Payload payload);
  /// The channel has gone.
  void remove(const std::string& path);

 private:
  struct Place {
    std::shared_ptr<Member> member;
    bool framed = false;  ///< It has spoken in our framing.
  };
  using Places = std::vector<Place>;

  void tell(Places& places, const Payload& payload, std::vector<Place>& gone);
  void part(const std::string& path, Places& places, std::vector<Place> gone);

  std::mutex mutex_;
  std::unordered_map<std::string, Places> channels_;  // guarded by mutex_
};

}  // namespace omnibroker::plugins::nucleus
