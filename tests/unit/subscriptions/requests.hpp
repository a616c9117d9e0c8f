#pragma once

#include "handled.hpp"

#include <string>

#include <gtest/gtest.h>

/// A request of this type for coordinate updates, with more members: `,"id":"a"`.
inline std::string request(const char* type, const std::string& more = {}) {
  return R"({"type":")" + std::string(type) + R"(","message_type":"coordinate_update")" + more + "}";
}

inline std::string invalid(const std::string& sentence) { return "INVALID_MESSAGE_FORMAT: " + sentence; }
