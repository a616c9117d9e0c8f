// Any bytes as a ConnLib message, as a list entry in JSON, and as a channel's payload: nothing is refused but by saying
// so, and what was read, written again, says the same.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <nucleus/channel_frames.hpp>
#include <nucleus/connlib.hpp>
#include <nucleus/types.hpp>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace omnibroker::nucleus;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto message = connlib::read(bytes);
  if (connlib::write(message) != bytes) std::abort();
  const auto json = nlohmann::json::parse(message.json, nullptr, /*allow_exceptions=*/false);
  if (!json.is_discarded()) {
    const auto written = to_json(entry_of(json));
    if (to_json(entry_of(written)) != written) std::abort();
  }
  const auto frame = channel::read(bytes);
  if (frame && channel::write(*frame) != bytes) std::abort();
  return 0;
}
