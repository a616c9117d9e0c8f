#include "publication.hpp"

#include <algorithm>
#include <array>

namespace omnibroker::load {
namespace {

constexpr std::size_t kLargeSend = 64 * 1024;

}  // namespace

Publication::Publication(const Wire& wire, Numbering numbering, std::uint64_t publisher)
    : numbering_(numbering), mask_(fresh_mask()), digits_(UpdateLayout::kDigits, '0') {
  const auto payload_size = wire.publication(publisher).size();
  number_at_ = wire.update_in_publication() + wire.layout().number_at();
  time_at_ = wire.update_in_publication() + wire.layout().time_at();
  frame_size_ = client_frame(Opcode::Text, wire.publication(publisher), mask_).size();
  head_size_ = frame_size_ - payload_size;

  const auto objects = numbering.stride(publisher);
  const auto rounds = std::max<std::size_t>(1, kLargeSend / (objects * frame_size_));
  frames_ = objects * rounds;
  block_.reserve(frames_ * frame_size_);
  for (auto prim = publisher; prim < numbering.prims; prim += numbering.publishers) {
    block_ += client_frame(Opcode::Text, wire.publication(prim), mask_);
  }
  const auto once = block_;
  for (std::size_t round = 1; round < rounds; ++round) block_ += once;
  write_digits(digits_.data(), digits_.size(), UpdateLayout::kBase);
}

std::uint64_t Publication::stamp(std::uint64_t count, std::uint64_t now) {
  if (stamped_ == frames_ && unsent().empty()) stamped_ = out_ = 0;
  const auto begun = std::min<std::uint64_t>(count, frames_ - stamped_);
  std::array<char, UpdateLayout::kDigits> time{}, masked_time{};
  write_digits(time.data(), time.size(), UpdateLayout::kBase + now);
  write_masked(masked_time.data(), time_at_, time.data());
  for (std::uint64_t i = 0; i < begun; ++i) {
    char* const payload = block_.data() + stamped_ * frame_size_ + head_size_;
    renew_number();
    write_masked(payload + number_at_, number_at_, digits_.data());
    std::copy(masked_time.begin(), masked_time.end(), payload + time_at_);
    ++stamped_;
  }
  return begun;
}

std::uint64_t Publication::newest_of(std::uint64_t prim) const {
  const auto first = numbering_.first(prim), stride = numbering_.stride(prim);
  return newest_ < first ? 0 : first + (newest_ - first) / stride * stride;
}

void Publication::renew_number() {
  ++newest_;
  for (std::size_t i = digits_.size(); i-- > 0;) {
    if (digits_[i] != '9') {
      ++digits_[i];
      return;
    }
    digits_[i] = '0';
  }
}

void Publication::write_masked(char* to, std::size_t offset, const char* digits) const {
  for (std::size_t i = 0; i < UpdateLayout::kDigits; ++i) {
    to[i] = static_cast<char>(digits[i] ^ mask_[(offset + i) % 4]);
  }
}

}  // namespace omnibroker::load
