#include "receiver.hpp"

#include <algorithm>
#include <charconv>

namespace omnibroker::load {
namespace {

/// The value of a text field of a JSON message, as far as an answer of a server needs it.
std::string field(std::string_view json, std::string_view name) {
  const auto key = "\"" + std::string(name) + "\"";
  auto at = json.find(key);
  if (at == std::string_view::npos) return {};
  at = json.find('"', at + key.size());
  if (at == std::string_view::npos) return {};
  return std::string(json.substr(at + 1, json.find('"', at + 1) - at - 1));
}

std::string close_text(std::string_view payload) {
  if (payload.size() < 2) return "closed without a code";
  const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(payload[i]); };
  const auto code = std::to_string(byte(0) << 8 | byte(1));
  return "closed with " + code + (payload.size() > 2 ? ": " + std::string(payload.substr(2)) : "");
}

/// How long the first line or message of the NATS protocol in `text` is; 0 where it is not whole.
std::size_t protocol_size(std::string_view text) {
  const auto line = text.find("\r\n");
  if (line == std::string_view::npos) return 0;
  if (!text.starts_with("MSG ")) return line + 2;
  const auto last = text.rfind(' ', line);
  std::size_t payload = 0;
  std::from_chars(text.data() + last + 1, text.data() + line, payload);
  const auto whole = line + 2 + payload + 2;
  return whole <= text.size() ? whole : 0;
}

}  // namespace

std::size_t Receiver::read(std::string_view bytes, std::uint64_t now, Probe* probe, std::vector<Notice>& notices) {
  if (broken_) return bytes.size();
  return wire_->dialect() == Dialect::Gateway ? read_gateway(bytes, now, probe, notices)
                                              : read_nats(bytes, now, probe, notices);
}

std::size_t Receiver::pass_updates(std::string_view bytes, std::uint64_t now, Probe* probe) {
  const auto& layout = wire_->layout();
  const auto head = wire_->arrival_head();
  const auto step = wire_->arrival_size();
  const auto kept = wire_->arrival_word_mask();
  const auto wanted = wire_->arrival_word();
  const auto mark = layout.mark();
  const auto mark_at = head.size() + layout.mark_at();

  const char* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= step && (word_at(at) & kept) == wanted && word_at(at + mark_at) == mark; at += step, left -= step) {
    ++updates_;
    if (probe != nullptr) probe->see(at + head.size(), now);
  }
  return bytes.size() - left;
}

std::size_t Receiver::read_gateway(std::string_view bytes, std::uint64_t now, Probe* probe,
                                   std::vector<Notice>& notices) {
  std::size_t consumed = 0;
  for (;;) {
    consumed += pass_updates(bytes.substr(consumed), now, probe);
    const auto rest = bytes.substr(consumed);
    const auto head = read_frame_head(rest);
    if (!head) return consumed;
    if (head->wrong || head->payload_size > kLargestOther) {
      broken_ = true;
      notices.push_back({Notice::Kind::Broken, "sent a frame that breaks RFC 6455, or is larger than 1 MiB"});
      return bytes.size();
    }
    if (rest.size() < head->head_size + head->payload_size) return consumed;
    const auto payload = rest.substr(head->head_size, head->payload_size);
    if (!take_control(*head, payload, notices)) take_text(payload, notices);
    consumed += head->head_size + head->payload_size;
  }
}

bool Receiver::take_control(const FrameHead& head, std::string_view payload, std::vector<Notice>& notices) {
  switch (head.opcode) {
    case Opcode::Ping: notices.push_back({Notice::Kind::Ping, std::string(payload)}); return true;
    case Opcode::Pong: return true;
    case Opcode::Close: notices.push_back({Notice::Kind::Closed, close_text(payload)}); return true;
    default: return false;
  }
}

void Receiver::take_text(std::string_view payload, std::vector<Notice>& notices) {
  const auto type = field(payload.substr(0, 256), "type");
  if (type == "ack") notices.push_back({Notice::Kind::Greeted, {}});
  if (type != "error") return;  // somebody else's message
  auto code = field(payload, "error_code");
  const auto sentence = field(payload, "error_message");
  notices.push_back({Notice::Kind::Refused, code + (sentence.empty() ? "" : ": " + sentence)});
}

std::size_t Receiver::read_nats(std::string_view bytes, std::uint64_t now, Probe* probe, std::vector<Notice>& notices) {
  std::size_t consumed = 0;
  while (consumed < bytes.size()) {
    const auto rest = bytes.substr(consumed);
    if (frame_left_ == 0) {
      const auto used = begin_frame(rest, notices);
      if (used == 0) return consumed;
      consumed += used;
      continue;
    }
    const auto text = rest.substr(0, std::min<std::uint64_t>(rest.size(), frame_left_));
    const auto used = split_.empty() ? read_protocol(text, now, probe, notices) : join_split(text, now, probe, notices);
    consumed += used;
    frame_left_ -= used;
    if (broken_) return bytes.size();
    if (used != 0) continue;
    if (text.size() < frame_left_) return consumed;
    split_ = text;  // what is left goes on in the next frame
    consumed += text.size();
    frame_left_ = 0;
  }
  return consumed;
}

std::size_t Receiver::begin_frame(std::string_view bytes, std::vector<Notice>& notices) {
  const auto head = read_frame_head(bytes);
  if (!head) return 0;
  if (head->wrong) {
    broken_ = true;
    notices.push_back({Notice::Kind::Broken, "sent a frame that breaks RFC 6455"});
    return bytes.size();
  }
  if (head->opcode < Opcode::Close) {
    frame_left_ = head->payload_size;
    return head->head_size;
  }
  const auto whole = head->head_size + head->payload_size;
  if (bytes.size() < whole) return 0;
  take_control(*head, bytes.substr(head->head_size, head->payload_size), notices);
  return whole;
}

std::size_t Receiver::read_protocol(std::string_view text, std::uint64_t now, Probe* probe,
                                    std::vector<Notice>& notices) {
  std::size_t consumed = 0;
  for (;;) {
    consumed += pass_updates(text.substr(consumed), now, probe);
    const auto rest = text.substr(consumed);
    const auto size = protocol_size(rest);
    if (size == 0) {
      broken_ = rest.size() > kLargestOther;
      if (broken_) notices.push_back({Notice::Kind::Broken, "sent a protocol line larger than 1 MiB"});
      return consumed;
    }
    const auto line = rest.substr(0, rest.find("\r\n"));
    if (line == "PONG") notices.push_back({Notice::Kind::Greeted, {}});
    if (line == "PING") notices.push_back({Notice::Kind::NatsPing, {}});
    if (line.starts_with("-ERR")) notices.push_back({Notice::Kind::Refused, std::string(line.substr(5))});
    consumed += size;
  }
}

std::size_t Receiver::join_split(std::string_view text, std::uint64_t now, Probe* probe, std::vector<Notice>& notices) {
  // Rare: byte by byte until what was split is whole, so that nothing behind it is taken along.
  std::size_t taken = 0;
  while (taken < text.size() && protocol_size(split_) == 0) split_.push_back(text[taken++]);
  if (protocol_size(split_) == 0) return taken;
  const auto whole = std::move(split_);
  split_.clear();
  read_protocol(whole, now, probe, notices);
  return taken;
}

}  // namespace omnibroker::load
