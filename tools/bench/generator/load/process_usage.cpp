#include "process_usage.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <sys/resource.h>
#include <unistd.h>

namespace omnibroker::load {
namespace {

/// User and system time from /proc/PID/stat: fields 14 and 15, counted behind the name, which may hold anything.
std::chrono::nanoseconds cpu_in(const std::string& stat) {
  std::istringstream fields(stat.substr(std::min(stat.rfind(')') + 2, stat.size())));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  std::int64_t user = 0, system = 0;
  fields >> user >> system;
  return std::chrono::nanoseconds((user + system) * (1'000'000'000 / sysconf(_SC_CLK_TCK)));
}

std::uint64_t shared_size_in(std::ifstream& rollup) {
  std::string word;
  std::uint64_t kib = 0;
  while (rollup >> word) {
    if (word == "Pss:") rollup >> kib;
  }
  return kib;
}

}  // namespace

Result<ProcessUsage> usage_of(std::int64_t pid) {
  const auto folder = "/proc/" + std::to_string(pid);
  std::ifstream stat(folder + "/stat"), rollup(folder + "/smaps_rollup");
  const std::string line{std::istreambuf_iterator<char>(stat), {}};
  if (line.empty()) return Error{ErrorCode::NotFound, "No process has the number " + std::to_string(pid)};
  return ProcessUsage{cpu_in(line), shared_size_in(rollup)};
}

std::chrono::nanoseconds own_cpu() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto span = [](const timeval& time) {
    return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
  };
  return span(usage.ru_utime) + span(usage.ru_stime);
}

Status allow_files(std::uint64_t count) {
  const auto needed = count + 64;  // and what every program has open
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur >= needed) return {};
  const rlimit wanted{needed, std::max<rlim_t>(needed, limit.rlim_max)};  // only root may raise the hard limit
  if (::setrlimit(RLIMIT_NOFILE, &wanted) == 0) return {};
  return Error{ErrorCode::ResourceExhausted, "This needs " + std::to_string(needed) + " open files, and the limit is " +
                                                 std::to_string(limit.rlim_max) + " (ulimit -Hn)"};
}

}  // namespace omnibroker::load
