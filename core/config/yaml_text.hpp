#pragma once

#include <string>
#include <string_view>

namespace omnibroker::core {

/// A text as a YAML scalar that reads back as the same text, also inside [ ] and { }: plain where that is safe,
/// otherwise in double quotes with escapes.
std::string yaml_scalar(std::string_view text);

}  // namespace omnibroker::core
