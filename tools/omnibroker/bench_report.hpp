#pragma once

#include "load/run.hpp"

#include <string>

namespace omnibroker::tools {

/// What a run found, in some lines for people.
std::string bench_summary(const load::Settings& settings, const load::Outcome& outcome);

/// The same and more as one JSON object, for programs.
std::string bench_json(const load::Settings& settings, const load::Outcome& outcome);

}  // namespace omnibroker::tools
