#include "arguments.hpp"

#include <algorithm>
#include <charconv>

namespace omni {
namespace {

const Option& find(const std::vector<Option>& options, const std::string& name, const std::string& written) {
  const auto found = std::find_if(options.begin(), options.end(), [&](const Option& option) {
    return option.name == name || (name.size() == 1 && option.letter == name.front());
  });
  if (found == options.end()) throw WrongUsage("unknown option " + written);
  return *found;
}

}  // namespace

std::string Arguments::value(const std::string& option) const {
  const auto found = options.find(option);
  return found == options.end() ? "" : found->second;
}

std::uint64_t Arguments::count(const std::string& option) const {
  if (!has(option)) return 0;
  const auto text = value(option);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number == 0) {
    throw WrongUsage("--" + option + " takes a whole number above 0, not `" + text + "`");
  }
  return number;
}

Arguments read_arguments(const std::vector<std::string>& line, const std::vector<Option>& options, bool takes_rest) {
  Arguments read;
  const auto take = [&](const Option& option, const std::string& written, const std::string* attached,
                        std::size_t& at) {
    if (option.value.empty()) {
      if (attached != nullptr) throw WrongUsage(written + " takes no value");
      read.options[option.name];
      return;
    }
    if (attached == nullptr && at + 1 >= line.size()) throw WrongUsage(written + " needs a value: " + option.value);
    read.options[option.name] = attached != nullptr ? *attached : line[++at];
  };
  bool only_words = false;
  for (std::size_t at = 0; at < line.size(); ++at) {
    const auto& text = line[at];
    if (only_words || text.size() < 2 || text.front() != '-') {
      read.words.push_back(text);
    } else if (text == "--" && takes_rest) {
      read.rest.assign(line.begin() + static_cast<std::ptrdiff_t>(at) + 1, line.end());
      break;
    } else if (text == "--") {
      only_words = true;
    } else if (text[1] == '-') {
      const auto equals = text.find('=');
      const auto value = equals == std::string::npos ? "" : text.substr(equals + 1);
      const auto name = text.substr(2, equals == std::string::npos ? equals : equals - 2);
      take(find(options, name.size() == 1 ? "-" : name, text), "--" + name,
           equals == std::string::npos ? nullptr : &value, at);
    } else {
      for (std::size_t letter = 1; letter < text.size(); ++letter) {
        const auto& option = find(options, std::string(1, text[letter]), std::string("-") + text[letter]);
        const auto behind = text.substr(letter + 1);
        const bool attached = !option.value.empty() && !behind.empty();
        take(option, std::string("-") + text[letter], attached ? &behind : nullptr, at);
        if (!option.value.empty()) break;
      }
    }
  }
  return read;
}

}  // namespace omni
