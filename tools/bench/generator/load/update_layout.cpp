#include "update_layout.hpp"

#include <array>
#include <cstdio>
#include <cstring>

namespace omnibroker::load {

Result<UpdateLayout> UpdateLayout::of_size(std::size_t size, std::string_view run) {
  if (size < kLeast || size > kMost) {
    return Error{ErrorCode::InvalidArgument, "A message has from " + std::to_string(kLeast) + " to " +
                                                 std::to_string(kMost) + " bytes, not " + std::to_string(size)};
  }
  UpdateLayout layout;
  layout.run_ = run;
  layout.size_ = size;
  const auto text = layout.update(0);
  const auto behind = [&](std::string_view key) { return text.find(key) + key.size(); };
  layout.prim_at_ = behind("/World/Bench/");
  layout.mark_at_ = behind("\"run\":\"");
  layout.number_at_ = behind("\"number\":");
  layout.time_at_ = behind("\"sent\":");
  std::memcpy(&layout.mark_, text.data() + layout.mark_at_, sizeof(layout.mark_));
  return layout;
}

std::string UpdateLayout::update(std::uint64_t prim) const {
  std::array<char, 256> text{};
  const auto east = static_cast<unsigned>(prim * 7919 % 1'000'000'000);
  std::snprintf(text.data(), text.size(),
                R"({"type":"coordinate_update","prim_path":"/World/Bench/%05u","latitude":37.%09u,)"
                R"("longitude":126.%09u,"height":31.25,"metadata":{"run":"%.8s","number":%llu,"sent":%llu,"pad":")",
                static_cast<unsigned>(prim), 520'912'345u, east, run_.c_str(), static_cast<unsigned long long>(kBase),
                static_cast<unsigned long long>(kBase));
  std::string whole = text.data();
  constexpr std::string_view end = R"("}})";
  if (whole.size() + end.size() < size_) whole.append(size_ - whole.size() - end.size(), 'x');
  return whole.append(end);
}

}  // namespace omnibroker::load
