#include "config/interpolation.hpp"

#include "config/utf8.hpp"
#include "config/wording.hpp"

#include <cctype>
#include <utility>

namespace omnibroker::core {
namespace {

Error problem(std::string sentence) { return {ErrorCode::InvalidArgument, std::move(sentence)}; }

bool is_name(std::string_view name) {
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name[0])) != 0) return false;
  for (const char c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && c != '_') return false;
  }
  return true;
}

/// `inside` is what stands between the braces.
Result<std::string> value_of(std::string_view inside, const Environment& environment) {
  const auto dash = inside.find(":-");
  const auto name = std::string(inside.substr(0, dash));
  if (!is_name(name)) {
    return problem(shown("${" + std::string(inside) + "}") +
                   " is not ${NAME} or ${NAME:-default}; write $${ for a literal ${");
  }
  std::string value;
  const bool known = environment && environment(name, value);
  if (valid_utf8_prefix(value) != value.size()) return problem("the variable " + name + " is not UTF-8");
  if (dash == std::string_view::npos) {
    if (!known) return problem("the variable " + name + " is not set; ${" + name + ":-default} gives it a default");
    return value;
  }
  const auto fallback = inside.substr(dash + 2);
  if (fallback.find("${") != std::string_view::npos) return problem("a default cannot contain ${ itself");
  return known && !value.empty() ? value : std::string(fallback);
}

class Interpolation {
 public:
  Interpolation(const Environment& environment, Findings& findings) : environment_(environment), findings_(findings) {}

  // A tree's height is bounded when it is read, and so is this recursion.
  void walk(Node& node, const Place& place) {
    if (node.kind == Node::Kind::Scalar && node.text.find("${") != std::string::npos) replace(node, place);
    for (std::size_t i = 1; i <= node.items.size(); ++i) walk(node.items[i - 1], place.item(i));
    for (auto& entry : node.entries) walk(entry.value, place.child(entry));
  }

 private:
  void replace(Node& node, const Place& place) {
    node.is_broken = true;
    if (exhausted_) return;
    auto replaced = interpolate(node.text, environment_);
    if (!replaced) return findings_.error(node.mark, place.path, replaced.error().message);
    total_ += replaced->size();
    if (total_ > kMaxInterpolatedBytes) {
      exhausted_ = true;
      return findings_.error(node.mark, place.path, "the file grows by more than 1MiB when its variables are replaced");
    }
    node.text = std::move(replaced).value();
    node.is_broken = false;
  }

  const Environment& environment_;
  Findings& findings_;
  std::size_t total_ = 0;
  bool exhausted_ = false;
};

}  // namespace

Result<std::string> interpolate(std::string_view text, const Environment& environment) {
  std::string result;
  while (true) {
    const auto begin = text.find("${");
    if (begin == std::string_view::npos) return result + std::string(text);
    if (begin > 0 && text[begin - 1] == '$') {
      result += std::string(text.substr(0, begin - 1)) + "${";
      text.remove_prefix(begin + 2);
      continue;
    }
    const auto end = text.find('}', begin);
    if (end == std::string_view::npos) return problem("${ without its }; write $${ for a literal ${");
    auto value = value_of(text.substr(begin + 2, end - begin - 2), environment);
    if (!value) return value;
    result += std::string(text.substr(0, begin)) + *value;
    if (result.size() > kMaxInterpolatedBytes) return problem("longer than 1MiB when its variables are replaced");
    text.remove_prefix(end + 1);
  }
}

void interpolate(const Place& place, Node& node, const Environment& environment, Findings& findings) {
  Interpolation(environment, findings).walk(node, place);
}

}  // namespace omnibroker::core
