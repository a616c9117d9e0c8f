// Any bytes as a SOWS message: reading them never fails in another way than by saying so, and what was read, written
// again, is the same message.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <nucleus/sows.hpp>
#include <string>
#include <string_view>
#include <variant>

namespace {

using namespace omnibroker::nucleus::sows;

template <class Message>
void check(const Message& message, std::string_view read) {
  std::visit(
      [&](const auto& one) {
        if constexpr (!std::is_same_v<std::decay_t<decltype(one)>, Broken>) {
          const auto written = write(one);
          // A stop, a done may have something behind them that means nothing; `last` may be any number but zero.
          const bool same = written.size() <= read.size() && read.substr(0, 1) == written.substr(0, 1) &&
                            read.substr(1, 4) == written.substr(1, 4);
          if (same) return;
          std::fprintf(stderr, "written again it is another message\n");
          std::abort();
        } else if (one.problem.empty()) {
          std::fprintf(stderr, "broken without saying why\n");
          std::abort();
        }
      },
      message);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view message(reinterpret_cast<const char*>(data), size);
  const auto request = read_request(message);
  check(request, message);
  if (const auto* call = std::get_if<Call>(&request); call != nullptr && write(*call) != message) std::abort();
  check(read_response(message), message);
  return 0;
}
