#include "components.hpp"

#include "config/wording.hpp"

namespace omnibroker::tools {

std::string instead_of(std::string_view name, const std::vector<const core::ComponentConfig*>& components) {
  std::vector<std::string_view> names;
  for (const auto* component : components) names.emplace_back(component->name);
  const auto meant = core::did_you_mean(name, names);
  if (!meant.empty() || names.empty()) return meant;
  return "; there is " + core::listing(names);
}

}  // namespace omnibroker::tools
