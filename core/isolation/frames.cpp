#include "isolation/frames.hpp"

namespace omnibroker::core {

std::string_view FrameReader::text() {
  const auto size = number();
  if (failed_ || size > rest_.size()) {
    failed_ = true;
    return {};
  }
  const auto value = rest_.substr(0, static_cast<std::size_t>(size));
  rest_.remove_prefix(value.size());
  return value;
}

std::vector<std::string> FrameReader::texts(std::size_t most) {
  std::vector<std::string> values;
  const auto count = number();
  if (count > most) failed_ = true;
  for (std::uint64_t i = 0; i < count && !failed_; ++i) values.emplace_back(text());
  return values;
}

void FrameInput::append(std::string_view bytes) {
  bytes_.erase(0, taken_);
  taken_ = 0;
  bytes_.append(bytes);
}

Result<std::optional<FrameInput::Frame>> FrameInput::next() {
  using Next = std::optional<Frame>;
  const std::string_view rest = std::string_view(bytes_).substr(taken_);
  std::uint32_t size = 0;
  if (rest.size() < sizeof size) return Next();
  std::memcpy(&size, rest.data(), sizeof size);
  if (size == 0 || size > kLargest) {
    return Error{ErrorCode::InvalidArgument, "a frame of " + std::to_string(size) + " bytes"};
  }
  if (rest.size() - sizeof size < size) return Next();
  taken_ += sizeof size + size;
  return Next(Frame{static_cast<FrameKind>(rest[sizeof size]), rest.substr(sizeof size + 1, size - 1)});
}

}  // namespace omnibroker::core
