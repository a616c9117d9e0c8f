#include "content_address.hpp"

#include "nucleus.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>

namespace omnibroker::plugins::nucleus {
namespace {

constexpr std::chrono::hours kLifetime{1};
constexpr std::string_view kSignature = "&signature=";

std::int64_t now() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '.' || c == '/';
}

std::string encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (is_plain(c)) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      ((out += '%') += digits[byte >> 4]) += digits[byte & 15];
    }
  }
  return out;
}

/// Of what `encoded` has written, under a signature.
std::string decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned byte = static_cast<unsigned char>(text[i]);
    if (text[i] == '%' && i + 2 < text.size()) {
      std::from_chars(text.data() + i + 1, text.data() + i + 3, byte, 16);
      i += 2;
    }
    out += static_cast<char>(byte);
  }
  return out;
}

std::string_view parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const auto one = query.substr(0, query.find('&'));
    if (one.starts_with(name) && one.size() > name.size() && one[name.size()] == '=')
      return one.substr(name.size() + 1);
    query.remove_prefix(std::min(one.size() + 1, query.size()));
  }
  return {};
}

template <class Number>
Number parsed(std::string_view text) {
  Number value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

}  // namespace

std::string ContentAddress::query(const Nucleus& nucleus) const {
  const auto until = now() + std::chrono::duration_cast<std::chrono::seconds>(kLifetime).count();
  auto made = "path=" + encoded(path) + "&branch=" + encoded(branch) + "&etag=" + std::to_string(etag) +
              "&object=" + std::to_string(object_id) + "&number=" + std::to_string(number) + "&user=" + encoded(user) +
              "&until=" + std::to_string(until);
  const auto signature = nucleus.sign("content " + made);
  return (made += kSignature) += signature;
}

std::optional<ContentAddress> ContentAddress::read(const Nucleus& nucleus, std::string_view query) {
  const auto cut = query.rfind(kSignature);
  if (cut == std::string_view::npos) return std::nullopt;
  const auto said = query.substr(0, cut);
  if (!same_secret(nucleus.sign("content " + std::string(said)), query.substr(cut + kSignature.size())))
    return std::nullopt;
  if (parsed<std::int64_t>(parameter(said, "until")) < now()) return std::nullopt;
  const auto value = [&](std::string_view name) { return parsed<std::uint64_t>(parameter(said, name)); };
  ContentAddress address;
  address.user = decoded(parameter(said, "user"));
  address.path = decoded(parameter(said, "path"));
  address.branch = decoded(parameter(said, "branch"));
  address.etag = value("etag");
  address.object_id = value("object");
  address.number = value("number");
  return address;
}

store::Result<store::Read> ContentAddress::open(const store::Store& store) const {
  const store::Actor actor{user, {}};
  if (object_id == 0) {
    store::ReadQuery query;
    if (number == 0) query.etag = etag;  // of a checkpoint it would be looked for beside a head, which may be deleted
    return store.read(actor, {path, branch, number}, query);
  }
  auto read = store.read_object(actor, path, {object_id, number - 1, 1});
  if (!read) return read.error();
  if (read->object_id != object_id || read->updates.empty() || read->updates.front().sequence != number) {
    return store::Error{store::Code::InvalidEtag, path + " does not have this update any more"};
  }
  store::Entry entry;
  entry.path = path;
  entry.hash = std::to_string(object_id) + "-" + std::to_string(number);
  return store::Read{std::move(entry), std::move(read->updates.front().content)};
}

}  // namespace omnibroker::plugins::nucleus
