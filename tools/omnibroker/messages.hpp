#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace omnibroker::tools {

/// The gateway's messages as these clients see them (docs: the gateway's contract). What a message does not have is
/// empty.
struct Message {
  std::string type;
  std::string original_type, status;      ///< ack
  std::string error_code, error_message;  ///< error
  std::string prim_path;                  ///< coordinate_update, select_object
  double latitude = 0, longitude = 0, height = 0;
  std::vector<std::pair<std::string, std::string>> metadata;  ///< Names and values as they are written.
};

/// Nothing where `text` is not a JSON object.
std::optional<Message> read_message(const std::string& text);

std::string register_message(const std::string& client_type);
std::string select_message(const std::string& prim_path);

}  // namespace omnibroker::tools
