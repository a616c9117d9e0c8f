#pragma once

#include "config/broker_reader.hpp"

#include <string>

namespace omnibroker::core {

/// Checks what no section can see alone: that names refer to something, that nothing is claimed twice, that files are
/// there; adds what is wrong, and what is legal and probably not meant, to `findings`.
void check_relations(const ReadBroker& broker, Findings& findings);

/// The title of a role that has none: `web_ui` is `Web UI`. Words of up to two letters are written in capitals.
std::string title_of(const std::string& role);

/// The role that stands for "also who has not registered" in `from`.
inline constexpr const char* kAnyone = "anyone";

/// The whole configuration, once its relations have been checked.
BrokerConfig assemble(ReadBroker broker);

}  // namespace omnibroker::core
