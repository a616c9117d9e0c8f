#include "connlib.hpp"

namespace omnibroker::nucleus::connlib {

Message read(std::string_view message) {
  const auto end = message.find('\0');
  if (end == std::string_view::npos) return {message, std::nullopt};
  return {message.substr(0, end), message.substr(end + 1)};
}

std::string write(const Message& message) {
  std::string out(message.json);
  if (message.blob) (out += '\0').append(*message.blob);
  return out;
}

}  // namespace omnibroker::nucleus::connlib
