#pragma once

#include <string>
#include <string_view>

namespace omnibroker::core {

struct Listener;

/// A whole HTTP response of the broker's own, where no component answers: at a path without a mount, to a head that is
/// none, while stopping. Its body is in the words of the listener's first transport that has some (`refusal` of its
/// table), or else the sentence as plain text. Threads: a worker's.
std::string refusal_response(const Listener& listener, unsigned status, std::string_view sentence, bool keep_alive,
                             bool with_body);

}  // namespace omnibroker::core
