#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace omnibroker::tools {

/// A place in metres from the site's centre.
struct Local {
  double east = 0;
  double north = 0;
};

/// A place on the Earth, in degrees (WGS 84).
struct Geographic {
  double latitude = 0;
  double longitude = 0;
};
Geographic geographic(const Local& place);

/// A closed path that a robot patrols: a rounded loop with dents, no two the same.
class Track {
 public:
  explicit Track(std::mt19937_64& random);

  double length() const { return distance_.back(); }

  struct Spot {
    Local place;
    double heading = 0;  ///< Degrees clockwise from north.
    double bend = 0;     ///< How sharply the path turns here, in degrees per metre.
  };
  /// The spot `metres` behind the start; goes round for ever.
  Spot at(double metres) const;

 private:
  std::vector<Local> corners_;    // the first one again at the end
  std::vector<double> distance_;  // from the start to each corner
};

/// One robot on its track. It slows in bends, its battery runs down, and it stands while it charges.
class Robot {
 public:
  Robot(std::uint64_t number, std::mt19937_64& random);

  const std::string& prim_path() const { return prim_path_; }

  /// Moves on to `seconds` since the start of the simulation.
  void advance_to(double seconds);

  /// Its coordinate_update, stamped with the present time.
  std::string coordinate_update() const;

 private:
  std::string prim_path_;
  Track track_;
  double cruise_;  // metres per second where the path is straight
  double ground_;  // metres above the ellipsoid
  double battery_;
  double metres_;
  double speed_ = 0;
  double seconds_ = 0;
  bool charging_ = false;
};

}  // namespace omnibroker::tools
