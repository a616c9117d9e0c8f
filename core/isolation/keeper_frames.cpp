// What the process of an isolated component says. It may say anything: a frame is taken for nothing else than what it
// must be, and what a process may make the broker keep has a bound.

#include "isolation/keeper.hpp"

#include <utility>

namespace omnibroker::core {
namespace {

constexpr std::size_t kMostFields = 64;
constexpr std::size_t kLongestName = 200;
constexpr std::chrono::seconds kToLeave{10};  // what a process gets that has destroyed its component

}  // namespace

bool Keeper::take(const FrameInput::Frame& frame) {
  switch (frame.kind) {
    case FrameKind::StepDone: return take_step_done(FrameReader(frame.body));
    case FrameKind::Handled: return take_handled(frame.body);
    case FrameKind::PutOff: return take_put_off(FrameReader(frame.body));
    case FrameKind::Taken: return take_taken(FrameReader(frame.body));
    case FrameKind::Log: return take_line(FrameReader(frame.body));
    case FrameKind::AddMetric: return take_added(FrameReader(frame.body));
    case FrameKind::Ask: return take_question(FrameReader(frame.body));
    case FrameKind::Health: return take_health(FrameReader(frame.body));
    default: return false;
  }
}

bool Keeper::take_step_done(FrameReader frame) {
  const auto value = frame.integer();
  std::string text(frame.text());
  if (!frame.whole() || !stepping_) return false;
  const auto kind = *std::exchange(stepping_, std::nullopt);
  const bool asked = step_is_asked_for_;
  if (kind == StepKind::Destroy) {
    stop_serving();
    const auto how = process_->end(kToLeave);
    let_go();
    if (how != "exit status 0") {
      log(OMNIBROKER_LOG_WARN, "The process of an isolated component did not end cleanly", {{"how", how}});
    }
    step_is_done({value, std::move(text)});
    return true;
  }
  if (is_about_state(kind) && !asked) return true;  // late: nobody waits for it any more
  if (kind == StepKind::Reconfigure || is_about_state(kind) || value != OMNIBROKER_OK) {
    if (asked) {
      if (kind == StepKind::Reconfigure && value == OMNIBROKER_APPLIED) configuration_ = configuration_to_be_;
      step_is_done({value, std::move(text)});
      return true;
    }
    const auto reason = text.empty() ? "without a reason" : text;
    lose_process(std::string(to_string(kind)) + " failed: " + reason, std::chrono::milliseconds(0));
    return true;
  }
  reached_ = kind;
  if (kind == StepKind::Start) {
    goal_ = kind;
    serve();
  } else if (!asked) {
    const auto next = kind == StepKind::Configure ? StepKind::Prepare : StepKind::Start;
    begin_step(next, step_frame(next));
  } else if (kind == StepKind::Stop) {
    stop_serving();
  }
  if (asked) step_is_done({value, std::move(text)});
  return true;
}

/// Takes what is over out of the table. Nothing where it is not there: it has been answered without the process.
std::optional<Keeper::Call> Keeper::finish(std::uint64_t id) {
  const std::lock_guard lock(mutex_);
  const auto found = calls_.find(id);
  if (found == calls_.end()) return std::nullopt;
  const auto call = found->second;
  calls_.erase(found);
  bytes_ -= call.bytes;
  if (!call.put_off) {
    if (--at_work_ == 0) changed_.notify_all();
    progress_ = Clock::now();
  }
  return call;
}

bool Keeper::take_handled(std::string_view body) {
  std::uint64_t id = 0;
  LateDecision decision;
  if (!read(body, id, decision)) return false;
  const auto call = finish(id);
  if (call && call->token != 0) static_cast<void>(plan_.complete(call->token, std::move(decision)));
  return true;
}

bool Keeper::take_put_off(FrameReader frame) {
  const auto id = frame.number();
  if (!frame.whole()) return false;
  const std::lock_guard lock(mutex_);
  const auto found = calls_.find(id);
  if (found == calls_.end() || found->second.put_off) return false;
  found->second.put_off = true;
  found->second.put_off_at = progress_ = Clock::now();
  if (--at_work_ == 0) changed_.notify_all();
  return true;
}

bool Keeper::take_taken(FrameReader frame) {
  const auto id = frame.number();
  if (!frame.whole()) return false;
  static_cast<void>(finish(id));
  return true;
}

bool Keeper::take_line(FrameReader frame) {
  const auto level = frame.number();
  const auto sentence = frame.text();
  const auto words = frame.texts(2 * kMostFields);
  const bool is_level = level >= OMNIBROKER_LOG_DEBUG && level <= OMNIBROKER_LOG_ERROR;
  if (!frame.whole() || !is_level || words.size() % 2 != 0) return false;
  std::vector<omnibroker_field> fields;
  for (std::size_t i = 0; i < words.size(); i += 2) fields.push_back({text(words[i]), text(words[i + 1])});
  const auto* log = table<omnibroker_host_log_v1>(OMNIBROKER_HOST_LOG);
  const auto severity = static_cast<omnibroker_log_level>(level);
  if (log->enabled(&host_, severity) != 0) log->write(&host_, severity, text(sentence), fields.data(), fields.size());
  return true;
}

bool Keeper::take_added(FrameReader frame) {
  const bool is_gauge = frame.flag();
  const std::string name(frame.text());
  const std::string doc(frame.text());
  const auto amount = frame.integer();
  if (!frame.whole() || name.empty() || name.size() > kLongestName) return false;
  auto& metrics = is_gauge ? gauges_ : counters_;
  auto found = metrics.find(name);
  if (found == metrics.end()) {
    if (metrics.size() >= kMostMetrics) return false;
    const auto make = is_gauge ? metrics_table_->gauge : metrics_table_->counter;
    found = metrics.emplace(name, Metric{make(&host_, name.c_str(), doc.c_str())}).first;
  }
  found->second.sum += amount;
  add(found->second.metric, amount);
  return true;
}

bool Keeper::take_question(FrameReader frame) {
  const auto id = frame.number();
  const auto question = static_cast<Question>(frame.number());
  const std::string about(frame.text());
  if (!frame.whole()) return false;
  const auto* clients = table<omnibroker_host_clients_v1>(OMNIBROKER_HOST_CLIENTS);
  std::uint64_t number = 0;
  std::string words;
  switch (question) {
    case Question::Limit:
      number = table<omnibroker_host_limits_v1>(OMNIBROKER_HOST_LIMITS)->get(&host_, about.c_str());
      break;
    case Question::Clients: number = clients->total(&host_); break;
    case Question::RegisteredClients: number = clients->registered(&host_); break;
    case Question::ClientsWithRole: number = clients->with_role(&host_, text(about)); break;
    case Question::Metrics: metrics_table_->snapshot(&host_, StringSink(words).get()); break;
    case Question::Publish:
      number = static_cast<std::uint64_t>(
          table<omnibroker_host_publish_v1>(OMNIBROKER_HOST_PUBLISH)->publish(&host_, text(about)));
      break;
    default: return false;
  }
  FrameWriter(writing_, FrameKind::Told).number(id).number(number).text(words);
  return true;
}

bool Keeper::take_health(FrameReader frame) {
  const auto state = frame.number();
  std::string detail(frame.text());
  if (!frame.whole() || state < OMNIBROKER_HEALTHY || state > OMNIBROKER_FAILED) return false;
  const std::lock_guard lock(mutex_);
  if (serving_) health_ = {static_cast<omnibroker_health>(state), std::move(detail)};
  return true;
}

}  // namespace omnibroker::core
