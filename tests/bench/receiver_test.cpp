#include "load/receiver.hpp"

#include <functional>

#include <gtest/gtest.h>

namespace omnibroker::load {
namespace {

Wire wire_of(Dialect dialect) { return {dialect, UpdateLayout::of_size(240, "0a1b2c3d").value()}; }

std::string frame(std::string_view payload, int first_byte = 0x81) {
  std::string bytes(1, static_cast<char>(first_byte));
  if (payload.size() < 126) {
    bytes.push_back(static_cast<char>(payload.size()));
  } else {
    bytes.push_back(126);
    bytes.push_back(static_cast<char>(payload.size() >> 8));
    bytes.push_back(static_cast<char>(payload.size() & 0xff));
  }
  return bytes.append(payload);
}

std::string update(const Wire& form, std::uint64_t number) {
  auto text = form.layout().update(0);
  write_digits(text.data() + form.layout().number_at(), UpdateLayout::kDigits, UpdateLayout::kBase + number);
  return text;
}

std::string message(const Wire& form, std::uint64_t number) {
  return "MSG bench.updates 1 240\r\n" + update(form, number) + "\r\n";
}

/// What a receiver made of a stream.
struct Found {
  std::uint64_t updates = 0, lost = 0;
  std::vector<std::pair<Notice::Kind, std::string>> notices;
  bool operator==(const Found&) const = default;
};

/// Gives `bytes` in pieces of `step`, with what was not consumed again in front.
Found receive(const Wire& form, const std::string& bytes, std::size_t step) {
  const MeasuredSpan span;
  Probe probe(form.layout(), {1, 1}, nullptr, span);
  Receiver receiver(form);
  std::vector<Notice> notices;
  std::string rest;
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    rest += bytes.substr(at, step);
    rest.erase(0, receiver.read(rest, 0, &probe, notices));
  }
  Found found{receiver.updates(), probe.lost(), {}};
  for (auto& notice : notices) found.notices.emplace_back(notice.kind, notice.text);
  return found;
}

/// However the stream is cut, the same is found.
void expect(const Wire& form, const std::string& bytes, const Found& expected) {
  for (std::size_t step = 1; step <= bytes.size(); ++step) ASSERT_EQ(receive(form, bytes, step), expected) << step;
}

using Kind = Notice::Kind;

TEST(Receiver, CountsUpdatesHoweverTheStreamIsCut) {
  const auto form = wire_of(Dialect::Gateway);
  std::string bytes;
  for (std::uint64_t number = 1; number <= 5; ++number) bytes += frame(update(form, number));

  expect(form, bytes, {5, 0, {}});
}

TEST(Receiver, FindsWhatStandsBetweenUpdates) {
  const auto form = wire_of(Dialect::Gateway);
  const auto bytes = frame(R"({"type":"ack","original_type":"client_register","status":"success"})") +
                     frame(update(form, 1)) + frame("are you there", 0x89) + frame(update(form, 2)) +
                     frame(R"({"type":"error","error_code":"UNAUTHORIZED","error_message":"Not you"})") +
                     frame("", 0x8a) + frame(update(form, 3)) +
                     frame(
                         "\x03\xf0"
                         "too fast",
                         0x88);

  expect(form, bytes,
         {3,
          0,
          {{Kind::Greeted, ""},
           {Kind::Ping, "are you there"},
           {Kind::Refused, "UNAUTHORIZED: Not you"},
           {Kind::Closed, "closed with 1008: too fast"}}});
}

TEST(Receiver, PassesOverWhatOthersSend) {
  const auto form = wire_of(Dialect::Gateway);
  const Wire other(Dialect::Gateway, UpdateLayout::of_size(240, "ffffffff").value());
  const auto bytes = frame(update(other, 9)) + frame(update(form, 1)) + frame(std::string(500, 'x')) +
                     frame(R"({"type":"coordinate_update","prim_path":"/World/Husky_01"})") + frame(update(form, 2));

  expect(form, bytes, {2, 0, {}});
}

TEST(Receiver, ShowsTheProbeEveryUpdate) {
  const auto form = wire_of(Dialect::Gateway);

  expect(form, frame(update(form, 1)) + frame(update(form, 4)), {2, 2, {}});
}

TEST(Receiver, StopsAtAFrameThatNoServerMaySend) {
  const auto form = wire_of(Dialect::Gateway);
  const auto masked = std::string("\x81\x80") + "abcd";

  const auto found = receive(form, frame(update(form, 1)) + masked + frame(update(form, 2)), 1);

  EXPECT_EQ(found.updates, 1u);
  ASSERT_EQ(found.notices.size(), 1u);
  EXPECT_EQ(found.notices[0].first, Kind::Broken);
}

TEST(Receiver, ReadsManyNatsMessagesOfOneFrame) {
  const auto form = wire_of(Dialect::Nats);
  const auto bytes = frame("INFO {\"server_id\":\"X\"}\r\n", 0x82) + frame("PONG\r\n", 0x82) +
                     frame(message(form, 1) + message(form, 2) + "PING\r\n" + message(form, 3), 0x82) +
                     frame("-ERR 'Slow Consumer'\r\n", 0x82) + frame("ho", 0x89);

  expect(form, bytes,
         {3, 0, {{Kind::Greeted, ""}, {Kind::NatsPing, ""}, {Kind::Refused, "'Slow Consumer'"}, {Kind::Ping, "ho"}}});
}

TEST(Receiver, JoinsNatsMessagesThatGoOnInTheNextFrame) {
  const auto form = wire_of(Dialect::Nats);
  const auto text = message(form, 1) + message(form, 2) + "PING\r\n" + message(form, 3);

  for (std::size_t cut = 1; cut < text.size(); ++cut) {
    const auto bytes = frame(text.substr(0, cut), 0x82) + frame(text.substr(cut), 0x82) + frame(message(form, 4), 0x82);
    const Found expected{4, 0, {{Kind::NatsPing, ""}}};
    for (const std::size_t step : {std::size_t{1}, std::size_t{7}, cut, bytes.size()}) {
      ASSERT_EQ(receive(form, bytes, step), expected) << cut << ' ' << step;
    }
  }
}

}  // namespace
}  // namespace omnibroker::load
