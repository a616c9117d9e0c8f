#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <omnibroker/result.hpp>

namespace omnibroker::core {

/// What is said between a broker and the process of an isolated component. Both ends are the same executable, so there
/// are no versions. docs/decisions/0007 has the table of what each carries.
enum class FrameKind : std::uint8_t {
  // To the component
  Hello = 1,  ///< Who it is, which library: the first frame.
  Step,       ///< A step of the lifecycle.
  Handle,     ///< A message for a handler.
  Deliver,    ///< A message for a bridge.
  Reply,      ///< The direct answer to what a bridge has published.
  Told,       ///< The answer to Ask.
  LogLevel,   ///< The least that is written from now on.
  AskHealth,
  // To the broker
  StepDone = 32,
  Handled,  ///< A message's decision.
  PutOff,   ///< A message's decision comes later.
  Taken,    ///< A bridge has taken what was delivered.
  Log,      ///< A line.
  AddMetric,
  Ask,  ///< A question that the broker alone can answer; its sender waits.
  Health,
};

/// Writes one frame to the end of a buffer: its size, its kind, then fields one after the other. The size is filled in
/// by the destructor.
class FrameWriter {
 public:
  FrameWriter(std::string& out, FrameKind kind) : out_(out), begin_(out.size()) {
    out_.append(sizeof(std::uint32_t), '\0');
    out_.push_back(static_cast<char>(kind));
  }
  FrameWriter(const FrameWriter&) = delete;
  FrameWriter& operator=(const FrameWriter&) = delete;
  ~FrameWriter() {
    const auto size = static_cast<std::uint32_t>(out_.size() - begin_ - sizeof(std::uint32_t));
    std::memcpy(out_.data() + begin_, &size, sizeof size);
  }

  FrameWriter& number(std::uint64_t value) { return raw(&value, sizeof value); }
  FrameWriter& integer(std::int64_t value) { return raw(&value, sizeof value); }
  FrameWriter& real(double value) { return raw(&value, sizeof value); }
  FrameWriter& flag(bool value) { return out_.push_back(value ? 1 : 0), *this; }
  FrameWriter& text(std::string_view value) { return number(value.size()).raw(value.data(), value.size()); }
  FrameWriter& texts(const std::vector<std::string>& values) {
    number(values.size());
    for (const auto& value : values) text(value);
    return *this;
  }

 private:
  FrameWriter& raw(const void* bytes, std::size_t size) {
    out_.append(static_cast<const char*>(bytes), size);
    return *this;
  }

  std::string& out_;
  const std::size_t begin_;
};

/// Reads the fields of one frame in their order. What is not there reads as nothing, and `whole()` says so: nothing
/// that the other side sends is trusted.
class FrameReader {
 public:
  explicit FrameReader(std::string_view body) : rest_(body) {}

  std::uint64_t number() { return fixed<std::uint64_t>(); }
  std::int64_t integer() { return fixed<std::int64_t>(); }
  double real() { return fixed<double>(); }
  bool flag() { return fixed<char>() != 0; }
  /// A view into the frame.
  std::string_view text();
  /// At most `most`; more is a frame that is not whole.
  std::vector<std::string> texts(std::size_t most);

  /// Whether everything that was asked for was there, and nothing is left.
  bool whole() const { return !failed_ && rest_.empty(); }

 private:
  template <class T>
  T fixed() {
    T value{};
    if (failed_ || rest_.size() < sizeof value) {
      failed_ = true;
      return value;
    }
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_.remove_prefix(sizeof value);
    return value;
  }

  std::string_view rest_;
  bool failed_ = false;
};

/// Puts frames together from bytes as they come.
///
/// Lifecycle: the body of a frame is valid until the next call. Threads: one.
class FrameInput {
 public:
  /// Beyond every message that the broker takes, with what surrounds it.
  static constexpr std::size_t kLargest = 128 * 1024 * 1024;

  struct Frame {
    FrameKind kind;
    std::string_view body;
  };

  void append(std::string_view bytes);
  /// Nothing while the next frame is not complete. InvalidArgument for a size that no frame has; it stays so.
  Result<std::optional<Frame>> next();

 private:
  std::string bytes_;
  std::size_t taken_ = 0;
};

}  // namespace omnibroker::core
