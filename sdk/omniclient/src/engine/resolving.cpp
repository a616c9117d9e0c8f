#include "engine/resolving.hpp"

#include "engine/base_urls.hpp"

namespace omniclient {

std::vector<Target> candidates_for(Engine& engine, const std::string& path,
                                   const std::vector<std::string>& search_paths) {
  std::vector<Target> candidates{engine.target(path.c_str())};
  const Url alone = break_url(path);
  if (!alone.raw || path.empty() || path.front() == '/') return candidates;
  auto places = search_paths;
  for (auto& place : engine.search_paths()) places.push_back(std::move(place));
  const Url base = base_urls::current();
  for (auto& place : places) {
    if (place.empty() || place.back() != '/') place += '/';  // What is looked for is in it, and not beside it.
    candidates.push_back(engine.target(combine(combine(base, place), path)));
  }
  return candidates;
}

void Resolving::find(std::function<void(Answer)> done) { ask(0, eOmniClientResult_ErrorNotFound, std::move(done)); }

void Resolving::ask(std::size_t index, OmniClientResult so_far, std::function<void(Answer)> done) {
  if (index == candidates_.size()) return done({so_far, {}, ""});
  const auto& candidate = candidates_[index];
  if (candidate.provider == nullptr) return ask(index + 1, candidate.problem, std::move(done));
  const auto attempt = [this, &candidate](Done<EntryReply> attempted) {
    candidate.provider->stat(operation_, candidate.url, eOmniClientListIncludeOption_DefaultNotDeleted,
                             std::move(attempted));
  };
  const auto answered = [this, index, so_far, done = std::move(done)](const EntryReply& reply) {
    if (reply.result == eOmniClientResult_Ok) return done({reply.result, reply.entry, candidates_[index].text});
    if (reply.passing) return done({reply.result, {}, ""});
    // A place that could not be asked says more than those that do not have it.
    const bool missing = reply.result == eOmniClientResult_ErrorNotFound;
    ask(index + 1, missing ? so_far : reply.result, done);
  };
  retries_.run<EntryReply>(operation_, attempt, [self = shared_from_this(), answered](EntryReply reply) {
    self->loop_.post([self, answered, reply = std::move(reply)] { answered(reply); });
  });
}

void Resolving::watch(std::function<void(Answer)> first, std::function<void(OmniClientListEvent, Answer)> change) {
  first_ = std::move(first);
  change_ = std::move(change);
  known_.resize(candidates_.size());
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    const auto learn_later = [self = shared_from_this(), i](EntryReply reply, OmniClientListEvent event) {
      self->loop_.post(
          [self, i, reply = std::move(reply), event]() mutable { self->learn(i, std::move(reply), event); });
    };
    const auto& candidate = candidates_[i];
    if (candidate.provider == nullptr) {
      learn_later(failed<EntryReply>(candidate.problem), eOmniClientListEvent_Unknown);
      continue;
    }
    const OnChange changed = [learn_later](OmniClientResult result, OmniClientListEvent event, Entry entry) {
      learn_later({{result}, std::move(entry)}, event);
    };
    const auto attempt = [self = shared_from_this(), &candidate, changed](Done<EntryReply> attempted) {
      candidate.provider->watch(self->operation_, candidate.url, eOmniClientListIncludeOption_DefaultNotDeleted,
                                std::move(attempted), changed);
    };
    retries_.run<EntryReply>(operation_, attempt, [learn_later](EntryReply reply) {
      learn_later(std::move(reply), eOmniClientListEvent_Unknown);
    });
  }
}

namespace {

bool is_failure(OmniClientResult result) {
  return result != eOmniClientResult_Ok && result != eOmniClientResult_OkNotYetFound &&
         result != eOmniClientResult_ErrorNotFound;
}

}  // namespace

Resolving::Answer Resolving::best() const {
  for (std::size_t i = 0; i < candidates_.size(); ++i) {
    const auto& known = known_[i];
    if (known && known->result == eOmniClientResult_Ok) return {known->result, known->entry, candidates_[i].text};
    if (known && known->passing) return {known->result, {}, ""};
  }
  Answer nowhere;
  for (const auto& known : known_) {
    // A place that could not be asked says more than those that do not have it.
    if (known && is_failure(known->result)) nowhere.result = known->result;
  }
  return nowhere;
}

void Resolving::learn(std::size_t index, EntryReply reply, OmniClientListEvent event) {
  const bool gone = event == eOmniClientListEvent_Deleted || event == eOmniClientListEvent_Obliterated;
  if (gone) reply.result = eOmniClientResult_ErrorNotFound;
  known_[index] = std::move(reply);
  for (const auto& known : known_) {
    if (!known) return;
  }
  auto answer = best();
  if (!told_) {
    told_ = answer;
    if (answer.result == eOmniClientResult_ErrorNotFound) answer.result = eOmniClientResult_OkNotYetFound;
    return first_(std::move(answer));
  }
  if (is_failure(answer.result)) return change_(eOmniClientListEvent_Unknown, std::move(answer));
  const bool elsewhere = answer.url != told_->url;
  if (!elsewhere && answer.entry == told_->entry) return;
  // What is found somewhere else than before is new to whoever looks for it.
  auto what = eOmniClientListEvent_Updated;
  if (answer.url.empty()) {
    what = eOmniClientListEvent_Deleted;
  } else if (elsewhere) {
    what = eOmniClientListEvent_Created;
  } else if (event != eOmniClientListEvent_Unknown) {
    what = event;
  }
  auto told = *std::exchange(told_, answer);
  if (what != eOmniClientListEvent_Deleted) return change_(what, std::move(answer));
  told.result = eOmniClientResult_Ok;
  change_(what, std::move(told));
}

}  // namespace omniclient
