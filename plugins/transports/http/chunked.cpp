#include "chunked.hpp"

#include <algorithm>
#include <string_view>

namespace omnibroker::plugins::http {
namespace {

int hexadecimal(std::uint8_t byte) {
  if (byte >= '0' && byte <= '9') return byte - '0';
  if (byte >= 'a' && byte <= 'f') return byte - 'a' + 10;
  if (byte >= 'A' && byte <= 'F') return byte - 'A' + 10;
  return -1;
}

bool is_control(std::uint8_t byte) { return (byte < 0x20 && byte != '\t') || byte == 0x7F; }

bool is_token(std::uint8_t byte) {
  if ((byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z')) return true;
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return marks.find(static_cast<char>(byte)) != std::string_view::npos;
}

}  // namespace

std::size_t ChunkedDecoder::feed(std::span<const std::uint8_t> bytes, std::vector<std::uint8_t>& content) {
  std::size_t taken = 0;
  while (taken < bytes.size() && state_ == State::More) {
    if (expect_ != Expect::Content) {
      take(bytes[taken++]);
      continue;
    }
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(remaining_, bytes.size() - taken));
    const auto piece = bytes.subspan(taken, size);
    content.insert(content.end(), piece.begin(), piece.end());
    taken += size;
    remaining_ -= size;
    if (remaining_ == 0) expect_ = Expect::ContentReturn;
  }
  return taken;
}

void ChunkedDecoder::take(std::uint8_t byte) {
  switch (expect_) {
    case Expect::SizeDigit:
    case Expect::BeforeExtension:
    case Expect::Extension: return take_size(byte);
    case Expect::SizeLineFeed: return end_size_line(byte);
    case Expect::Content: return;  // `feed` takes content by the piece
    case Expect::ContentReturn: return expect_only(byte, '\r', Expect::ContentLineFeed);
    case Expect::ContentLineFeed: digits_ = 0; return expect_only(byte, '\n', Expect::SizeDigit);
    case Expect::TrailerStart:
    case Expect::TrailerName:
    case Expect::TrailerValue: return take_trailer(byte);
    case Expect::TrailerLineFeed: return expect_only(byte, '\n', Expect::TrailerStart);
    case Expect::LastLineFeed:
      expect_only(byte, '\n', Expect::LastLineFeed);
      if (state_ == State::More) state_ = State::Done;
  }
}

void ChunkedDecoder::take_size(std::uint8_t byte) {
  if (expect_ == Expect::SizeDigit) {
    if (const int digit = hexadecimal(byte); digit >= 0) {
      remaining_ = (digits_ == 0 ? 0 : remaining_ * 16) + static_cast<std::uint64_t>(digit);
      if (++digits_ > kMaxSizeDigits) state_ = State::Malformed;
      return;
    }
    if (digits_ == 0) {
      state_ = State::Malformed;
      return;
    }
  }
  const bool within = expect_ == Expect::Extension;
  if (byte == '\r' && expect_ != Expect::BeforeExtension) {
    expect_ = Expect::SizeLineFeed;
  } else if (byte == ';') {
    ignore(byte);
    expect_ = Expect::Extension;
  } else if (!within && (byte == ' ' || byte == '\t')) {
    ignore(byte);
    expect_ = Expect::BeforeExtension;
  } else if (within) {
    ignore(byte);
  } else {
    state_ = State::Malformed;
  }
}

void ChunkedDecoder::end_size_line(std::uint8_t byte) {
  expect_only(byte, '\n', remaining_ == 0 ? Expect::TrailerStart : Expect::Content);
  if (state_ != State::More) return;
  decoded_ += remaining_;
  if (decoded_ > limit_) state_ = State::TooLarge;
}

void ChunkedDecoder::take_trailer(std::uint8_t byte) {
  if (byte == '\r' && expect_ != Expect::TrailerName) {
    expect_ = expect_ == Expect::TrailerStart ? Expect::LastLineFeed : Expect::TrailerLineFeed;
    return;
  }
  ignore(byte);
  if (expect_ == Expect::TrailerValue) return;
  if (is_token(byte)) {
    expect_ = Expect::TrailerName;
  } else if (byte == ':' && expect_ == Expect::TrailerName) {
    expect_ = Expect::TrailerValue;
  } else {
    state_ = State::Malformed;
  }
}

void ChunkedDecoder::expect_only(std::uint8_t byte, std::uint8_t wanted, Expect next) {
  if (byte == wanted) {
    expect_ = next;
  } else {
    state_ = State::Malformed;
  }
}

void ChunkedDecoder::ignore(std::uint8_t byte) {
  if (is_control(byte) || ++ignored_ > kMaxIgnored) state_ = State::Malformed;
}

}  // namespace omnibroker::plugins::http
