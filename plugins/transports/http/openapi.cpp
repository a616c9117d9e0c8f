#include "openapi.hpp"

#include "json_text.hpp"

namespace omnibroker::plugins::http {

std::string openapi_document(std::string_view mount) {
  constexpr std::string_view written = R"("url": "/api")";
  std::string document(openapi_resource());
  if (const auto at = document.find(written); at != std::string::npos) {
    document.replace(at, written.size(), R"("url": )" + json_text(mount));
  }
  return document;
}

}  // namespace omnibroker::plugins::http
