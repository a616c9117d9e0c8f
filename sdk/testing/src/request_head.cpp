#include "request_head.hpp"

#include <cstdlib>

#include <omnibroker/result.hpp>
#include <omnibroker/transport.hpp>

namespace omnibroker::testing::detail {
namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      decoded.push_back(static_cast<char>(std::strtoul(std::string(text.substr(i + 1, 2)).c_str(), nullptr, 16)));
      i += 2;
    } else {
      decoded.push_back(text[i]);
    }
  }
  return decoded;
}

}  // namespace

RequestHead::Outcome RequestHead::parse(std::string_view bytes) {
  const auto end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos) return Outcome::Incomplete;
  size_ = end + 4;

  auto lines = bytes.substr(0, end + 2);
  const auto take_line = [&] {
    const auto length = lines.find("\r\n");
    const auto line = lines.substr(0, length);
    lines.remove_prefix(length + 2);
    return line;
  };
  const auto request_line = take_line();
  const auto first_space = request_line.find(' ');
  const auto last_space = request_line.rfind(' ');
  const auto version = request_line.substr(last_space == std::string_view::npos ? 0 : last_space + 1);
  if (first_space == last_space || (version != "HTTP/1.1" && version != "HTTP/1.0")) return Outcome::NotAHead;

  http_minor_ = version.back() == '1' ? 1 : 0;
  method_ = request_line.substr(0, first_space);
  target_ = request_line.substr(first_space + 1, last_space - first_space - 1);
  const auto question = target_.find('?');
  path_ = percent_decoded(std::string_view(target_).substr(0, question));
  query_ = question == std::string::npos ? std::string() : target_.substr(question + 1);
  while (!lines.empty()) {
    const auto line = take_line();
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return Outcome::NotAHead;
    fields_.emplace_back(std::string(line.substr(0, colon)), std::string(trimmed(line.substr(colon + 1))));
  }
  return Outcome::Complete;
}

std::optional<std::string_view> RequestHead::find(std::string_view name) const {
  for (const auto& [key, value] : fields_) {
    if (Request::equal_ignoring_case(key, name)) return value;
  }
  return std::nullopt;
}

const omnibroker_request* RequestHead::raw(std::string_view mount) {
  mount_ = mount;
  headers_.clear();
  pointers_.clear();
  for (const auto& [name, value] : fields_) headers_.push_back({text(name), text(value)});
  for (const auto& header : headers_) pointers_.push_back(&header);

  raw_ = {};
  raw_.struct_size = sizeof(raw_);
  raw_.http_minor = http_minor_;
  raw_.method = text(method_);
  raw_.target = text(target_);
  raw_.path = text(path_);
  raw_.query = text(query_);
  raw_.mount = text(mount_);
  raw_.headers = pointers_.data();
  raw_.header_count = pointers_.size();
  const Request request(&raw_);
  const auto length = find("Content-Length");
  raw_.content_length = length ? std::strtoll(std::string(*length).c_str(), nullptr, 10) : -1;
  raw_.chunked = request.header_has_token("Transfer-Encoding", "chunked") ? 1 : 0;
  raw_.keep_alive = http_minor_ == 1 ? !request.header_has_token("Connection", "close")
                                     : request.header_has_token("Connection", "keep-alive");
  raw_.upgrade = find("Upgrade") && request.header_has_token("Connection", "upgrade") ? 1 : 0;
  return &raw_;
}

}  // namespace omnibroker::testing::detail
