#include "sows.hpp"

#include <cassert>
#include <limits>
#include <optional>

namespace omnibroker::nucleus::sows {
namespace {

constexpr char kStop = 0x00, kCall = 0x01;
constexpr char kError = 0x00, kResult = 0x01, kDone = 0x05;

/// Takes numbers and texts off the front of a message; nothing where it is too short.
class Reader {
 public:
  explicit Reader(std::string_view message) : left_(message) {}

  template <class Number>
  std::optional<Number> number() {
    if (left_.size() < sizeof(Number)) return std::nullopt;
    Number value = 0;
    for (std::size_t i = sizeof(Number); i-- > 0;) {
      value = static_cast<Number>(value << (sizeof(Number) > 1 ? 8 : 0) | static_cast<std::uint8_t>(left_[i]));
    }
    left_.remove_prefix(sizeof(Number));
    return value;
  }
  std::optional<std::string_view> text(std::size_t size) {
    if (left_.size() < size) return std::nullopt;
    const auto taken = left_.substr(0, size);
    left_.remove_prefix(size);
    return taken;
  }
  std::optional<std::string_view> until_zero() {
    const auto end = left_.find('\0');
    if (end == std::string_view::npos) return std::nullopt;
    const auto taken = left_.substr(0, end);
    left_.remove_prefix(end + 1);
    return taken;
  }
  std::string_view rest() const { return left_; }

 private:
  std::string_view left_;
};

Broken cut() { return {"The message ends before it is whole"}; }
Broken unknown(char type) {
  return {"The message has the unknown type " + std::to_string(static_cast<std::uint8_t>(type))};
}

void put(std::string& out, std::uint64_t value, std::size_t bytes) {
  for (std::size_t i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xFF);
}

std::string begin(char type, std::uint32_t id) {
  std::string out(1, type);
  put(out, id, 4);
  return out;
}

void put_text(std::string& out, std::string_view text) {
  assert(text.size() <= std::numeric_limits<std::uint32_t>::max());
  put(out, text.size(), 4);
  out += text;
}

}  // namespace

Request read_request(std::string_view message) {
  Reader reader(message);
  const auto type = reader.text(1);
  if (!type) return Broken{"The message is empty"};
  if (type->front() != kStop && type->front() != kCall) return unknown(type->front());
  const auto id = reader.number<std::uint32_t>();
  if (!id) return cut();
  if (type->front() == kStop) return Stop{*id};
  const auto method = reader.until_zero();
  if (!method) return cut();
  const auto size = reader.number<std::uint32_t>();
  if (!size) return cut();
  const auto params = reader.text(*size);
  if (!params) return cut();
  return Call{*id, *method, *params, reader.rest()};
}

Response read_response(std::string_view message) {
  Reader reader(message);
  const auto type = reader.text(1);
  if (!type) return Broken{"The message is empty"};
  const char kind = type->front();
  if (kind != kError && kind != kResult && kind != kDone) return unknown(kind);
  const auto id = reader.number<std::uint32_t>();
  if (!id) return cut();
  if (kind == kDone) return Done{*id};
  if (kind == kError) {
    const auto code = reader.number<std::uint16_t>();
    if (!code) return cut();
    return Failure{*id, *code, reader.rest()};
  }
  const auto last = reader.number<std::uint8_t>();
  if (!last) return cut();
  const auto size = reader.number<std::uint32_t>();
  if (!size) return cut();
  const auto result = reader.text(*size);
  if (!result) return cut();
  return Result{*id, *last != 0, *result, reader.rest()};
}

std::string write(const Call& call) {
  assert(call.method.find('\0') == std::string_view::npos);
  auto out = begin(kCall, call.id);
  out.append(call.method) += '\0';
  put_text(out, call.params);
  return out.append(call.blob);
}

std::string write(const Stop& stop) { return begin(kStop, stop.id); }

std::string write(const Failure& failure) {
  auto out = begin(kError, failure.id);
  put(out, failure.code, 2);
  return out.append(failure.message);
}

std::string write(const Result& result) {
  auto out = begin(kResult, result.id);
  put(out, result.last ? 1 : 0, 1);
  put_text(out, result.result);
  return out.append(result.blob);
}

std::string write(const Done& done) { return begin(kDone, done.id); }

}  // namespace omnibroker::nucleus::sows
