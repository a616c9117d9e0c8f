// The one file with Poco::Util: options are parsed by its OptionProcessor, so `--rate 10`, `--rate=10`, `-r 10` and
// unmistakable beginnings (`--rat`) all work, and `--` ends the options.
#include "options.hpp"

#include <charconv>
#include <cmath>
#include <iterator>
#include <system_error>

#include <Poco/Exception.h>
#include <Poco/Util/Option.h>
#include <Poco/Util/OptionException.h>
#include <Poco/Util/OptionProcessor.h>
#include <Poco/Util/OptionSet.h>

namespace omnibroker::tools {
namespace {

Error wrong(std::string sentence) { return {ErrorCode::InvalidArgument, std::move(sentence)}; }

Poco::Util::OptionSet option_set(const Manual& manual) {
  Poco::Util::OptionSet set;
  for (const auto& option : manual.options) {
    Poco::Util::Option entry(option.name, option.letter, option.doc, /*required=*/false);
    if (!option.value.empty()) entry.argument(option.value, /*required=*/true);
    entry.repeatable(true);
    set.addOption(entry);
  }
  set.addOption(Poco::Util::Option("help", "h", "Show this."));
  return set;
}

std::string unknown_option(const Manual& manual, const std::string& given) {
  const auto name = given.substr(0, given.find('='));
  std::vector<std::string> known = {"--help"};
  for (const auto& option : manual.options) known.push_back("--" + option.name);
  return "unknown option " + name + suggestion(name, known);
}

std::string word_problem(const Manual& manual, std::size_t count) {
  if (count < manual.least_words) return "something is missing: omnibroker " + manual.name + " " + manual.usage;
  if (manual.most_words == 0) return "takes no words, only options";
  return "too many words: omnibroker " + manual.name + " " + manual.usage;
}

}  // namespace

const std::string* Arguments::last(std::string_view option) const {
  const auto end = values_.upper_bound(option);
  return values_.find(option) == values_.end() ? nullptr : &std::prev(end)->second;
}

std::string Arguments::text(std::string_view option, std::string_view fallback) const {
  const auto* given = last(option);
  return given == nullptr ? std::string(fallback) : *given;
}

std::vector<std::string> Arguments::all(std::string_view option) const {
  std::vector<std::string> values;
  const auto [first, last] = values_.equal_range(option);
  for (auto it = first; it != last; ++it) values.push_back(it->second);
  return values;
}

Result<double> Arguments::number(std::string_view option, double fallback, double least, double most) const {
  const auto* found = last(option);
  if (found == nullptr) return fallback;
  const auto& given = *found;
  double value = 0;
  const auto [end, failure] = std::from_chars(given.data(), given.data() + given.size(), value);
  const bool is_number = failure == std::errc() && end == given.data() + given.size() && std::isfinite(value);
  if (is_number && value >= least && value <= most) return value;

  const auto shown = [](double bound) {
    auto digits = std::to_string(bound);
    digits.erase(digits.find_last_not_of('0') + 1);
    if (digits.back() == '.') digits.pop_back();
    return digits;
  };
  return wrong("--" + std::string(option) + " must be a number from " + shown(least) + " to " + shown(most) + ", not " +
               given);
}

Result<std::uint64_t> Arguments::count(std::string_view option, std::uint64_t fallback, std::uint64_t least,
                                       std::uint64_t most) const {
  const auto* found = last(option);
  if (found == nullptr) return fallback;
  const auto& given = *found;
  std::uint64_t value = 0;
  const auto [end, failure] = std::from_chars(given.data(), given.data() + given.size(), value);
  if (failure == std::errc() && end == given.data() + given.size() && value >= least && value <= most) return value;
  return wrong("--" + std::string(option) + " must be a whole number from " + std::to_string(least) + " to " +
               std::to_string(most) + ", not " + given);
}

Result<Arguments> parse_arguments(const Manual& manual, const std::vector<std::string>& given) {
  Arguments arguments;
  const auto set = option_set(manual);
  Poco::Util::OptionProcessor processor(set);
  std::string current;
  try {
    for (const auto& argument : given) {
      current = argument;
      std::string name;
      std::string value;
      if (!processor.process(argument, name, value)) {
        arguments.words_.push_back(argument);
      } else if (!name.empty()) {
        arguments.values_.emplace(name, value);
      }
    }
    processor.checkRequired();
  } catch (const Poco::Util::UnknownOptionException&) {
    return wrong(unknown_option(manual, current));
  } catch (const Poco::Util::AmbiguousOptionException&) {
    return wrong("more than one option begins with " + current);
  } catch (const Poco::Util::MissingArgumentException&) {
    return wrong(current + " needs a value");
  } catch (const Poco::Util::UnexpectedArgumentException&) {
    return wrong(current.substr(0, current.find('=')) + " takes no value");
  } catch (const Poco::Exception& failure) {
    return wrong(current + ": " + failure.displayText());
  }
  if (arguments.has("help")) return arguments;
  const auto words = arguments.words_.size();
  if (words < manual.least_words || words > manual.most_words) return wrong(word_problem(manual, words));
  return arguments;
}

}  // namespace omnibroker::tools
