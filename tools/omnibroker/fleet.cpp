#include "fleet.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <numbers>

namespace omnibroker::tools {
namespace {

constexpr Geographic kSite{37.5209, 126.9390};  // a park by the Han river in Seoul: flat, and empty at night
constexpr double kSiteRadius = 250;             // metres in which tracks have their centres
constexpr int kCorners = 360;

constexpr double kAcceleration = 0.8;  // metres per second squared
constexpr double kDrain = 0.02;        // percent per second of driving
constexpr double kCharge = 1.5;        // percent per second on the dock
constexpr double kEmpty = 15;
constexpr double kFull = 98;

constexpr double degrees(double radians) { return radians * 180 / std::numbers::pi; }
constexpr double radians(double degrees) { return degrees * std::numbers::pi / 180; }

double between(std::mt19937_64& random, double least, double most) {
  return std::uniform_real_distribution<double>(least, most)(random);
}

double distance(const Local& a, const Local& b) { return std::hypot(b.east - a.east, b.north - a.north); }

double heading(const Local& from, const Local& to) {
  const double angle = degrees(std::atan2(to.east - from.east, to.north - from.north));
  return angle < 0 ? angle + 360 : angle;
}

std::string name_of(std::uint64_t number) {
  constexpr std::array<const char*, 4> models = {"Husky", "Jackal", "Carter", "Spot"};
  std::array<char, 48> name{};
  std::snprintf(name.data(), name.size(), "/World/%s_%02llu", models[(number - 1) % models.size()],
                static_cast<unsigned long long>((number - 1) / models.size() + 1));
  return name.data();
}

std::string now_as_text() {
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch());
  const std::time_t seconds = static_cast<std::time_t>(now.count() / 1000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 40> text{};
  const auto size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(text.data() + size, text.size() - size, ".%03dZ", static_cast<int>(now.count() % 1000));
  return text.data();
}

}  // namespace

Geographic geographic(const Local& place) {
  // Small distances: the ellipsoid's radii of curvature at the site, along the meridian and across it.
  constexpr double equator = 6'378'137.0;
  constexpr double eccentricity2 = 6.694379990141e-3;
  const double sine = std::sin(radians(kSite.latitude));
  const double across = equator / std::sqrt(1 - eccentricity2 * sine * sine);
  const double along = across * (1 - eccentricity2) / (1 - eccentricity2 * sine * sine);
  return {kSite.latitude + degrees(place.north / along),
          kSite.longitude + degrees(place.east / (across * std::cos(radians(kSite.latitude))))};
}

Track::Track(std::mt19937_64& random) {
  const double bearing = between(random, 0, 2 * std::numbers::pi);
  const double away = kSiteRadius * std::sqrt(between(random, 0, 1));  // even over the area
  const Local centre{away * std::sin(bearing), away * std::cos(bearing)};
  const double radius = between(random, 15, 60);
  const double oval = between(random, 0, 0.25), oval_turn = between(random, 0, 2 * std::numbers::pi);
  const double dent = between(random, 0, 0.15), dent_turn = between(random, 0, 2 * std::numbers::pi);
  const double way = between(random, 0, 1) < 0.5 ? -1 : 1;

  double length = 0;
  for (int i = 0; i <= kCorners; ++i) {
    const double angle = way * 2 * std::numbers::pi * (i % kCorners) / kCorners;
    const double reach = radius * (1 + oval * std::cos(2 * angle + oval_turn) + dent * std::cos(3 * angle + dent_turn));
    const Local corner{centre.east + reach * std::sin(angle), centre.north + reach * std::cos(angle)};
    if (!corners_.empty()) length += distance(corners_.back(), corner);
    corners_.push_back(corner);
    distance_.push_back(length);
  }
}

Track::Spot Track::at(double metres) const {
  const double within = metres - std::floor(metres / length()) * length();
  const auto behind = std::upper_bound(distance_.begin() + 1, distance_.end() - 1, within);
  const auto i = static_cast<std::size_t>(behind - distance_.begin());
  const double part = (within - distance_[i - 1]) / (distance_[i] - distance_[i - 1]);
  const Local &from = corners_[i - 1], &to = corners_[i];
  const Local& next = corners_[i + 1 < corners_.size() ? i + 1 : 1];
  const double turn = std::remainder(heading(to, next) - heading(from, to), 360.0);
  return {{std::lerp(from.east, to.east, part), std::lerp(from.north, to.north, part)},
          heading(from, to),
          std::abs(turn) / distance(from, to)};
}

Robot::Robot(std::uint64_t number, std::mt19937_64& random)
    : prim_path_(name_of(number)),
      track_(random),
      cruise_(between(random, 0.5, 2.5)),
      ground_(between(random, 28, 34)),
      battery_(between(random, 40, kFull)),
      metres_(between(random, 0, track_.length())) {}

void Robot::advance_to(double seconds) {
  const double span = std::max(0.0, seconds - seconds_);
  seconds_ = seconds;
  if (charging_) {
    speed_ = 0;
    battery_ = std::min(kFull, battery_ + kCharge * span);
    charging_ = battery_ < kFull;
    return;
  }
  const double allowed = cruise_ / (1 + track_.at(metres_).bend / 8);
  const double change = kAcceleration * span;
  speed_ = std::clamp(allowed, speed_ - change, speed_ + change);
  metres_ += speed_ * span;
  battery_ = std::max(0.0, battery_ - kDrain * span);
  charging_ = battery_ <= kEmpty;
}

std::string Robot::coordinate_update() const {
  const auto spot = track_.at(metres_);
  const auto place = geographic(spot.place);
  const double height = ground_ + 0.4 * std::sin(spot.place.east / 17) + 0.3 * std::cos(spot.place.north / 23);
  std::array<char, 384> text{};
  const int size =
      std::snprintf(text.data(), text.size(),
                    R"({"type":"coordinate_update","timestamp":"%s","prim_path":"%s","latitude":%.9f,"longitude":%.9f,)"
                    R"("height":%.2f,"metadata":{"speed":%.2f,"heading":%.1f,"battery":%.0f}})",
                    now_as_text().c_str(), prim_path_.c_str(), place.latitude, place.longitude, height, speed_,
                    spot.heading, battery_);
  return {text.data(), static_cast<std::size_t>(size)};
}

}  // namespace omnibroker::tools
