#include "config/findings.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace omnibroker::core {

SourcePosition position_of(const Mark& mark) {
  return {mark.file == nullptr ? std::string() : mark.file->name, mark.line, mark.column};
}

std::string to_string(const Mark& mark) {
  const auto name = mark.file == nullptr ? std::string() : mark.file->name;
  return name + ":" + std::to_string(mark.line) + ":" + std::to_string(mark.column);
}

std::string ConfigError::to_string() const {
  auto line = position.file;
  if (position.line > 0) line += ":" + std::to_string(position.line) + ":" + std::to_string(position.column);
  line += ": ";
  if (!path.empty()) line += path + ": ";
  return line + problem;
}

void Findings::error(const Mark& mark, std::string path, std::string problem) {
  errors_.push_back({mark, std::move(path), std::move(problem)});
}

void Findings::warning(const Mark& mark, std::string path, std::string problem) {
  warnings_.push_back({mark, std::move(path), std::move(problem)});
}

std::vector<ConfigError> Findings::sorted(std::vector<Finding> findings) {
  const auto before = [](const Finding& left, const Finding& right) {
    const int left_file = left.mark.file == nullptr ? -1 : left.mark.file->order;
    const int right_file = right.mark.file == nullptr ? -1 : right.mark.file->order;
    return std::tie(left_file, left.mark.line, left.mark.column, left.path, left.problem) <
           std::tie(right_file, right.mark.line, right.mark.column, right.path, right.problem);
  };
  std::sort(findings.begin(), findings.end(), before);
  std::vector<ConfigError> result;
  for (auto& finding : findings) {
    ConfigError error{position_of(finding.mark), std::move(finding.path), std::move(finding.problem)};
    if (result.empty() || result.back().to_string() != error.to_string()) result.push_back(std::move(error));
  }
  return result;
}

}  // namespace omnibroker::core
