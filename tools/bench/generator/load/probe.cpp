#include "probe.hpp"

#include <algorithm>
#include <utility>

namespace omnibroker::load {

Probe::Probe(const UpdateLayout& layout, Numbering numbering, LatencyHistogram* latencies, const MeasuredSpan& span)
    : layout_(layout), numbering_(numbering), latencies_(latencies), span_(span), next_(numbering.prims) {
  for (std::uint64_t prim = 0; prim < numbering.prims; ++prim) next_[prim] = numbering.first(prim);
}

void Probe::see(const char* update, std::uint64_t now) {
  const auto prim = read_digits(update + layout_.prim_at(), UpdateLayout::kPrimDigits);
  const auto number = read_digits(update + layout_.number_at(), UpdateLayout::kDigits) - UpdateLayout::kBase;
  const auto sent = read_digits(update + layout_.time_at(), UpdateLayout::kDigits) - UpdateLayout::kBase;
  if (latencies_ != nullptr && sent >= span_.begin && sent < span_.end) latencies_->record(now - std::min(now, sent));

  if (prim >= next_.size()) {
    ++strange_;
    return;
  }
  const auto stride = numbering_.stride(prim);
  auto& next = next_[prim];
  if ((number + stride - numbering_.first(prim)) % stride != 0) {
    ++strange_;
  } else if (number >= next) {
    lost_ += (number - next) / stride;
    next = number + stride;
  } else {
    ++(number + stride == next ? duplicated_ : reordered_);
  }
  if (missing_ != 0) tick_off(prim, number);
}

void Probe::await(std::vector<std::uint64_t> numbers) {
  awaited_ = std::move(numbers);
  missing_ = 0;
  for (std::size_t prim = 0; prim < awaited_.size(); ++prim) {
    const bool seen = awaited_[prim] == 0 || awaited_[prim] < next_[prim];
    if (seen) awaited_[prim] = 0;
    if (!seen) ++missing_;
  }
}

void Probe::tick_off(std::uint64_t prim, std::uint64_t number) {
  auto& awaited = awaited_[prim];
  if (awaited == 0 || number < awaited) return;
  awaited = 0;
  --missing_;
}

}  // namespace omnibroker::load
