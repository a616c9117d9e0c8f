#pragma once

#include "client.hpp"

#include <ostream>
#include <string>

/// The providers that the same tests are run against, and what each of them offers.
struct Place {
  const char* name;
  const char* scheme;
  bool keeps_deleted = false;
  bool checkpoints = false;
  bool locks = false;
  bool channels = false;
  bool live = false;
  bool access_lists = false;

  std::string base(const client::Library& library) const {
    const std::string kind = scheme;
    return kind == "mem:" ? "mem://server/base" : kind + (library.folder() / "files").string();
  }
};

inline std::ostream& operator<<(std::ostream& out, const Place& place) { return out << place.name; }

inline constexpr Place kPlaces[] = {
    {"File", "file:"},
    {"RawPath", ""},
    {"Memory", "mem:", true, true, true, true, true, true},
};

/// A test that runs against each of them, in a folder that is there and empty.
class AtEachPlace : public testing::TestWithParam<Place> {
 protected:
  AtEachPlace() {
    if (place.base(library).compare(0, 4, "mem:") == 0) client::create_folder(base);
  }
  std::string at(const std::string& path) const { return base + "/" + path; }

  const Place place = GetParam();
  client::Library library;
  const std::string base = place.base(library);
};
