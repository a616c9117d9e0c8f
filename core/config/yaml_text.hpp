#pragma once

#include <string>
#include <string_view>

namespace omnibroker::core {

/// A text as a YAML scalar that reads back as the same text, also inside [ ] and { }: plain where that is safe,
/// otherwise in double quotes with escapes.
std::string yaml_scalar(std::string_view text);

/// The same as the key of a map. Variables are replaced in values alone, so a `${` in a key stays as it is.
std::string yaml_key(std::string_view text);

}  // namespace omnibroker::core
