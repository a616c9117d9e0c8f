#pragma once

#include "client.hpp"

#include <ostream>
#include <string>
#include <vector>

/// The root of a Nucleus, where one is running for these tests (`tests/integration/nucleus/client_test.py`); or
/// nothing.
inline std::string nucleus() {
  const char* const url = std::getenv("OMNICLIENT_TEST_NUCLEUS");
  return url == nullptr ? "" : url;
}

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
    if (kind == "mem:") return "mem://server/base";
    if (kind == "omniverse:") return nucleus() + library.folder().filename().string();
    return kind + (library.folder() / "files").string();
  }
};

inline std::ostream& operator<<(std::ostream& out, const Place& place) { return out << place.name; }

inline std::vector<Place> places() {
  if (!nucleus().empty()) return {{"Nucleus", "omniverse:", true, true, true, true, true, true}};
  return {
      {"File", "file:"},
      {"RawPath", ""},
      {"Memory", "mem:", true, true, true, true, true, true},
  };
}

/// A test that runs against each of them, in a folder that is there and empty.
class AtEachPlace : public testing::TestWithParam<Place> {
 protected:
  AtEachPlace() {
    if (place.keeps_deleted) client::create_folder(base);  // On a server, where nothing is at first.
  }
  std::string at(const std::string& path) const { return base + "/" + path; }

  const Place place = GetParam();
  client::Library library;
  const std::string base = place.base(library);
};
