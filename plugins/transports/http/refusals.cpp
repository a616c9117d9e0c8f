#include "refusals.hpp"

namespace omnibroker::plugins::http {
namespace {

struct CodeStatus {
  std::string_view code;
  unsigned status;
};

constexpr CodeStatus kMessageRefusals[] = {
    {"INVALID_JSON", 400},          {"INVALID_MESSAGE_FORMAT", 400},
    {"UNKNOWN_MESSAGE_TYPE", 400},  {"UNSUPPORTED_CLIENT_TYPE", 400},
    {"CLIENT_NOT_REGISTERED", 401}, {"UNAUTHORIZED", 403},
    {"REGISTRATION_FAILED", 409},   {"RATE_LIMIT_EXCEEDED", 429},
    {"RESOURCE_EXHAUSTED", 429},    {"INTERNAL_ERROR", 500},
    {"UNAVAILABLE", 503},
};

constexpr CodeStatus kRequestRefusals[] = {
    {"BAD_REQUEST", 400},
    {"CLIENT_NOT_REGISTERED", 401},
    {"FORBIDDEN", 403},
    {"NOT_FOUND", 404},
    {"METHOD_NOT_ALLOWED", 405},
    {"REQUEST_TIMEOUT", 408},
    {"CONTENT_TOO_LARGE", 413},
    {"URI_TOO_LONG", 414},
    {"UNSUPPORTED_MEDIA_TYPE", 415},
    {"EXPECTATION_FAILED", 417},
    {"UPGRADE_REQUIRED", 426},
    {"RESOURCE_EXHAUSTED", 429},
    {"HEADERS_TOO_LARGE", 431},
    {"INTERNAL_ERROR", 500},
    {"NOT_IMPLEMENTED", 501},
    {"UNAVAILABLE", 503},
    {"TIMEOUT", 504},
    {"HTTP_VERSION_NOT_SUPPORTED", 505},
};

}  // namespace

unsigned status_of_code(std::string_view code) {
  for (const auto& known : kMessageRefusals) {
    if (known.code == code) return known.status;
  }
  return 422;
}

std::string_view code_of_status(std::uint32_t status) {
  for (const auto& known : kRequestRefusals) {
    if (known.status == status) return known.code;
  }
  return status >= 500 ? "INTERNAL_ERROR" : "BAD_REQUEST";
}

}  // namespace omnibroker::plugins::http
