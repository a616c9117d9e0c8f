#pragma once

#include <omnibroker/abi.h>

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <vector>

namespace omnibroker::core {

/// Where in a file something stands; both counted from 1. Line 0: no place in a file.
struct SourcePosition {
  std::string file;
  int line = 0;
  int column = 0;
};

/// The values of one component's options, owned, in the shape that crosses the boundary.
///
/// Threads: a value; cheap to copy (shared), immutable once built.
class ConfigValues {
 public:
  /// Collects the values in the order of the component type's options.
  class Builder {
   public:
    void add_integer(omnibroker_option_type type, std::int64_t value, bool is_default);
    void add_number(double value, bool is_default);
    void add_text(omnibroker_option_type type, std::string value, bool is_default);
    void add_items(omnibroker_option_type type, std::vector<std::string> items, bool is_default);
    ConfigValues build() &&;

   private:
    friend class ConfigValues;
    struct Storage;
    std::shared_ptr<Storage> storage_;
    Storage& storage();
  };

  ConfigValues() = default;

  /// Lives as long as any copy of this object.
  const omnibroker_config* raw() const;
  /// Whether the values are the same, wherever they come from.
  bool same_values(const ConfigValues& other) const {
    return raw()->count == other.raw()->count && differing(other).empty();
  }
  /// The places of the values that are not the same. Both are of one component type.
  std::vector<std::size_t> differing(const ConfigValues& other) const;

 private:
  std::shared_ptr<const Builder::Storage> storage_;
};

}  // namespace omnibroker::core
