#pragma once

#include "config/broker_config.hpp"
#include "session/position.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace omnibroker::core {

/// A range of positions, both ends inclusive.
struct Box {
  std::array<double, 3> low{};
  std::array<double, 3> high{};
  std::uint32_t dimensions = 2;

  bool contains(const Position& position) const;
  bool operator==(const Box&) const = default;
};

/// Which messages of one type: by the glob of their key, by where they are, and how often of each key.
struct Filter {
  std::string glob;        ///< Empty: every key.
  std::vector<Box> boxes;  ///< In any of them; none: everywhere.
  std::chrono::nanoseconds min_interval{0};

  bool operator==(const Filter&) const = default;
  bool takes_key(std::string_view key) const;
  bool takes_position(const Position& position) const;
  bool takes(std::string_view key, const Position& position) const {
    return takes_key(key) && takes_position(position);
  }
};

/// Whether `text` matches: `*` any run of characters but `/`, `**` any run, `?` one character but `/`.
bool glob_matches(std::string_view glob, std::string_view text);

/// What a session wants of each route: everything, until it has subscribed to something of it.
///
/// Sessions whose selections say the same share an audience; `text` is what is compared.
/// Threads: immutable once made.
class Selection {
 public:
  struct OfRoute {
    std::vector<Filter> filters;        ///< Any of them; none: nothing.
    std::optional<SlowClients> policy;  ///< In place of the route's.
  };
  struct Verdict {
    bool takes = false;
    /// It would be taken, but for where the object is.
    bool elsewhere = false;
    std::chrono::nanoseconds min_interval{0};
  };

  /// Everything.
  Selection() = default;
  /// By route; empty: everything of it.
  explicit Selection(std::vector<std::optional<OfRoute>> routes);

  Verdict judge(std::size_t route, std::string_view key, const Position& position) const;
  bool takes(std::size_t route, std::string_view key, const Position& position) const {
    return judge(route, key, position).takes;
  }
  /// Whether messages of a route have to be remembered by key: for an interval, or to see an object leave a box.
  bool remembers(std::size_t route) const;
  SlowClients policy(std::size_t route, SlowClients of_route) const;
  bool everything() const { return text_.empty(); }
  /// Equal for equal selections; empty for everything.
  const std::string& text() const { return text_; }

 private:
  const OfRoute* of(std::size_t route) const {
    return route < routes_.size() && routes_[route] ? &*routes_[route] : nullptr;
  }

  std::vector<std::optional<OfRoute>> routes_;
  std::string text_;
};

}  // namespace omnibroker::core
