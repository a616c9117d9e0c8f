#include "engine/settings.hpp"

#include "engine/log.hpp"

#include <charconv>
#include <cstdlib>
#include <fstream>

namespace omniclient {
namespace {

std::string trimmed(const std::string& text) {
  const auto begin = text.find_first_not_of(" \t\r");
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

}  // namespace

std::filesystem::path settings_folder() {
  const char* config = std::getenv("XDG_CONFIG_HOME");
  if (config != nullptr && *config == '/') return std::filesystem::path(config) / "omniclient";
  const char* home = std::getenv("HOME");
  if (home != nullptr && *home == '/') return std::filesystem::path(home) / ".config" / "omniclient";
  return {};
}

std::filesystem::path in_settings_folder(const char* name) {
  const auto folder = settings_folder();
  return folder.empty() ? folder : folder / name;
}

void Settings::reload() {
  std::map<std::string, std::string> values;
  const auto file = in_settings_folder("settings.conf");
  std::ifstream lines(file);
  std::string line;
  for (int number = 1; std::getline(lines, line); ++number) {
    line = trimmed(line);
    if (line.empty() || line.front() == '#') continue;
    const auto equals = line.find('=');
    if (equals == std::string::npos || trimmed(line.substr(0, equals)).empty()) {
      log::warning("settings", {file.string(), ":", std::to_string(number), ": expected `key = value`"});
      continue;
    }
    values[trimmed(line.substr(0, equals))] = trimmed(line.substr(equals + 1));
  }
  std::lock_guard lock(mutex_);
  values_ = std::move(values);
}

std::optional<std::string> Settings::get(const std::string& key) const {
  std::lock_guard lock(mutex_);
  const auto found = values_.find(key);
  return found == values_.end() ? std::nullopt : std::optional(found->second);
}

std::int64_t Settings::number(const std::string& key, std::int64_t otherwise) const {
  const auto text = get(key);
  if (!text) return otherwise;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error == std::errc() && end == text->data() + text->size()) return value;
  log::warning("settings", {key, " is not a whole number; ", std::to_string(otherwise), " is used"});
  return otherwise;
}

void Settings::set(const std::string& key, std::int64_t value) {
  std::lock_guard lock(mutex_);
  values_[key] = std::to_string(value);
}

}  // namespace omniclient
