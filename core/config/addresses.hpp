#pragma once

#include <string>
#include <string_view>

namespace omnibroker::core {

/// What is wrong with a listener's address, or empty. It is not resolved: whether it can be bound is seen at the start.
std::string address_problem(std::string_view address);

/// Whether two listeners with this same address could not both be opened: not so for port 0, which is any free one.
bool is_exclusive(std::string_view address);

/// What is wrong with the path of a transport or service, or empty.
std::string path_problem(std::string_view path);

/// What is wrong with the name of a listener, component or role, or empty.
std::string name_problem(std::string_view name);

/// What is wrong with a message type as the name of a route, or empty.
std::string type_problem(std::string_view type);

}  // namespace omnibroker::core
