#include "event_stream.hpp"

#include "json_text.hpp"

#include <string>

namespace omnibroker::plugins::http {
namespace {

std::string_view name_of(ShutdownReason reason) {
  switch (reason) {
    case ShutdownReason::GoingAway: return "going_away";
    case ShutdownReason::Restart: return "restart";
    case ShutdownReason::Policy: return "policy";
    case ShutdownReason::TooSlow: return "too_slow";
    case ShutdownReason::Idle: return "idle";
    case ShutdownReason::Kicked: return "kicked";
    case ShutdownReason::Fault: return "fault";
  }
  return "fault";
}

std::string base64(std::string_view bytes) {
  constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    const auto group = bytes.substr(at, 3);
    unsigned bits = 0;
    for (std::size_t i = 0; i < 3; ++i)
      bits = bits << 8 | (i < group.size() ? static_cast<unsigned char>(group[i]) : 0u);
    for (std::size_t i = 0; i < 4; ++i) text += i <= group.size() ? alphabet[bits >> (18 - 6 * i) & 63] : '=';
  }
  return text;
}

/// One `data` line for each line of the text; the receiver puts them together again with line feeds between.
void write_data(std::string_view text, const Sink& out) {
  while (true) {
    const auto end = text.find_first_of("\r\n");
    out.append("data: ");
    out.append(text.substr(0, end));
    out.append("\n");
    if (end == std::string_view::npos) break;
    text.remove_prefix(text.substr(end).starts_with("\r\n") ? end + 2 : end + 1);
  }
  out.append("\n");
}

}  // namespace

EventStream::EventStream(const Lent& lent, Connection connection, std::chrono::milliseconds keep_alive)
    : lent_(&lent), connection_(connection), keep_alive_(keep_alive) {
  lent_->streams.add(1);
  connection_.set_timer(keep_alive_);
}

EventStream::~EventStream() { lent_->streams.add(-1); }

std::size_t EventStream::receive(std::span<std::uint8_t> bytes) {
  return bytes.size();  // the answer has no end, so no request can follow it
}

void EventStream::timer() {
  connection_.write(": keep-alive\n\n");
  connection_.set_timer(keep_alive_);
}

void EventStream::shutdown(ShutdownReason reason, std::string_view sentence) {
  std::string bye = R"(event: bye
data: {"reason":)" + json_text(name_of(reason)) +
                    R"(,"message":)" + json_text(sentence) + "}\n\n";
  connection_.write(bye);
  connection_.close(Flush::Yes);
}

// A client that reads events and sends nothing has no other way to say that it leaves.
void EventStream::end_of_input() { connection_.close(Flush::No); }

void write_event(const omnibroker_payload& payload, const Sink& out) {
  const auto bytes = view(payload.bytes);
  if (payload.encoding == OMNIBROKER_TEXT_PAYLOAD) return write_data(bytes, out);
  out.append("event: binary\n");  // a stream is text: what is not goes in base64, and says so
  write_data(base64(bytes), out);
}

}  // namespace omnibroker::plugins::http
