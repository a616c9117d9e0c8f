#include "config/values.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

#include <omnibroker/result.hpp>

namespace omnibroker::core {

/// Everything that a value's views point to lives here, in containers that never move what they hold.
struct ConfigValues::Builder::Storage {
  std::deque<omnibroker_value> values;
  std::deque<std::string> texts;
  std::deque<std::vector<omnibroker_text>> items;
  std::vector<const omnibroker_value*> pointers;
  omnibroker_config config{};

  omnibroker_text keep(std::string value) { return text(texts.emplace_back(std::move(value))); }

  omnibroker_value& add(omnibroker_option_type type, bool is_default) {
    auto& value = values.emplace_back();
    value.struct_size = sizeof(omnibroker_value);
    value.type = type;
    value.is_default = is_default ? 1 : 0;
    return value;
  }
};

ConfigValues::Builder::Storage& ConfigValues::Builder::storage() {
  if (storage_ == nullptr) storage_ = std::make_shared<Storage>();
  return *storage_;
}

void ConfigValues::Builder::add_integer(omnibroker_option_type type, std::int64_t value, bool is_default) {
  storage().add(type, is_default).integer = value;
}

void ConfigValues::Builder::add_number(double value, bool is_default) {
  storage().add(OMNIBROKER_OPTION_NUMBER, is_default).number = value;
}

void ConfigValues::Builder::add_text(omnibroker_option_type type, std::string value, bool is_default) {
  auto& added = storage().add(type, is_default);
  added.text = storage().keep(std::move(value));
}

void ConfigValues::Builder::add_items(omnibroker_option_type type, std::vector<std::string> items, bool is_default) {
  auto& added = storage().add(type, is_default);
  auto& views = storage().items.emplace_back();
  for (auto& item : items) views.push_back(storage().keep(std::move(item)));
  added.items = views.data();
  added.item_count = views.size();
}

ConfigValues ConfigValues::Builder::build() && {
  auto& built = storage();
  for (const auto& value : built.values) built.pointers.push_back(&value);
  built.config = {sizeof(omnibroker_config), static_cast<std::uint32_t>(built.pointers.size()), built.pointers.data()};
  ConfigValues values;
  values.storage_ = std::move(storage_);
  return values;
}

std::vector<std::size_t> ConfigValues::differing(const ConfigValues& other) const {
  const auto view = [](omnibroker_text text) {
    return std::string_view(text.data == nullptr ? "" : text.data, text.size);
  };
  const auto same = [&](const omnibroker_value& x, const omnibroker_value& y) {
    return x.type == y.type && x.integer == y.integer && x.number == y.number && view(x.text) == view(y.text) &&
           std::equal(x.items, x.items + x.item_count, y.items, y.items + y.item_count,
                      [&](const auto& m, const auto& n) { return view(m) == view(n); });
  };
  std::vector<std::size_t> found;
  const auto* a = raw();
  const auto* b = other.raw();
  for (std::size_t i = 0; i < std::min(a->count, b->count); ++i) {
    if (!same(*a->values[i], *b->values[i])) found.push_back(i);
  }
  return found;
}

const omnibroker_config* ConfigValues::raw() const {
  static const omnibroker_config empty{sizeof(omnibroker_config), 0, nullptr};
  return storage_ == nullptr ? &empty : &storage_->config;
}

}  // namespace omnibroker::core
