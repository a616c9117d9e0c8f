#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

/// A second, slow and simple reading of one compressed message (RFC 1951, and RFC 7692, 7.2.2): bit by bit, with no
/// tables. What the transport's decompressor makes of the same bytes is compared with it.
class SecondInflate {
 public:
  enum class Outcome { Whole, TooLarge, Broken };
  struct Result {
    Outcome outcome = Outcome::Broken;
    std::string message;
  };

  static Result of(const std::string& payload, std::size_t limit) {
    if (payload.empty()) return {Outcome::Whole, ""};
    SecondInflate reading(payload, limit);
    try {
      reading.blocks();
      return {Outcome::Whole, reading.out_};
    } catch (const Outcome& outcome) {
      return {outcome, ""};
    }
  }

 private:
  SecondInflate(const std::string& payload, std::size_t limit)
      : bytes_(payload + std::string("\x00\x00\xFF\xFF", 4)), own_bits_(payload.size() * 8), limit_(limit) {}

  [[noreturn]] static void broken() { throw Outcome::Broken; }

  unsigned bit() {
    if (at_ == bytes_.size() * 8) broken();
    const auto byte = static_cast<unsigned char>(bytes_[at_ / 8]);
    return byte >> (at_++ % 8) & 1u;
  }
  unsigned number(unsigned bits) {
    unsigned value = 0;
    for (unsigned i = 0; i < bits; ++i) value |= bit() << i;
    return value;
  }
  void put(char byte) {
    if (at_ > own_bits_) broken();  // what is not sent carries nothing
    if (out_.size() == limit_) throw Outcome::TooLarge;
    out_.push_back(byte);
  }

  /// A message ends where it was sent to its end between two blocks, or where the bytes that are not sent end so.
  void blocks() {
    do {
      const bool final = bit() != 0;
      block(number(2));
      if (final) at_ = (at_ + 7) / 8 * 8;
    } while (at_ != own_bits_ && at_ != bytes_.size() * 8);
  }
  void block(unsigned kind) {
    if (kind == 3) broken();
    if (kind == 0) return stored();
    std::vector<unsigned> symbols(288, 8), distances(30, 5);
    if (kind == 1) {
      for (std::size_t i = 144; i < 256; ++i) symbols[i] = 9;
      for (std::size_t i = 256; i < 280; ++i) symbols[i] = 7;
    } else {
      read_codes(symbols, distances);
    }
    compressed(symbols, distances);
  }
  void stored() {
    at_ = (at_ + 7) / 8 * 8;
    const unsigned size = number(16);
    if (number(16) != (size ^ 0xFFFFu)) broken();
    for (unsigned i = 0; i < size; ++i) {
      const auto byte = number(8);
      put(static_cast<char>(byte));
    }
  }

  /// One symbol of the canonical code with these lengths.
  unsigned symbol(const std::vector<unsigned>& lengths) {
    unsigned code = 0;
    unsigned first = 0;  // the first code of the present length
    for (unsigned length = 1; length <= 15; ++length) {
      code = code << 1 | bit();
      first <<= 1;
      for (unsigned i = 0; i < lengths.size(); ++i) {
        if (lengths[i] != length) continue;
        if (code == first) return i;
        ++first;
      }
    }
    broken();
  }
  /// No code is given twice, and none is left over, but where there is one alone.
  static void check(const std::vector<unsigned>& lengths, bool may_be_few) {
    unsigned taken = 0;
    unsigned longest = 0;
    for (const unsigned length : lengths) {
      if (length != 0) taken += 1u << (15 - length);
      longest = longest < length ? length : longest;
    }
    if (taken > 1u << 15 || (taken < 1u << 15 && !(may_be_few && longest <= 1))) broken();
  }
  void read_codes(std::vector<unsigned>& symbols, std::vector<unsigned>& distances) {
    constexpr std::array<std::size_t, 19> order{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    const unsigned symbol_count = 257 + number(5);
    const unsigned distance_count = 1 + number(5);
    const unsigned order_count = 4 + number(4);
    if (symbol_count > 286 || distance_count > 30) broken();
    std::vector<unsigned> of_lengths(19, 0);
    for (unsigned i = 0; i < order_count; ++i) of_lengths[order[i]] = number(3);
    check(of_lengths, false);
    std::vector<unsigned> lengths;
    while (lengths.size() < symbol_count + distance_count) {
      const unsigned what = symbol(of_lengths);
      if (what == 16 && lengths.empty()) broken();
      const unsigned length = what < 16 ? what : what == 16 ? lengths.back() : 0;
      const unsigned times = what < 16 ? 1 : what == 16 ? 3 + number(2) : what == 17 ? 3 + number(3) : 11 + number(7);
      lengths.insert(lengths.end(), times, length);
    }
    if (lengths.size() > symbol_count + distance_count || lengths[256] == 0) broken();
    symbols.assign(lengths.begin(), lengths.begin() + symbol_count);
    distances.assign(lengths.begin() + symbol_count, lengths.end());
    check(symbols, true);
    check(distances, true);
  }
  void compressed(const std::vector<unsigned>& symbols, const std::vector<unsigned>& distances) {
    while (true) {
      const unsigned what = symbol(symbols);
      if (what == 256) return;
      if (what < 256) {
        put(static_cast<char>(what));
        continue;
      }
      if (what > 285) broken();
      const unsigned size = what == 285 ? 258 : 3 + value(what - 257, 4);
      const unsigned back = 1 + value(symbol(distances), 2);
      if (back > out_.size()) broken();
      for (unsigned i = 0; i < size; ++i) put(out_[out_.size() - back]);
    }
  }
  /// Codes of lengths and distances stand for steps that double after each `group` of them.
  unsigned value(unsigned code, unsigned group) {
    if (code < 2 * group) return code;
    const unsigned extra = code / group - 1;
    return ((group + code % group) << extra) + number(extra);
  }

  const std::string bytes_;
  const std::size_t own_bits_;  // those that were sent
  const std::size_t limit_;
  std::size_t at_ = 0;
  std::string out_;
};
