#pragma once

#include "broker/broker.hpp"
#include "safe_mode.hpp"
#include "telemetry/log.hpp"
#include "telemetry/metrics.hpp"

#include <optional>
#include <string_view>
#include <vector>

#include <Poco/JSON/Array.h>
#include <Poco/JSON/Object.h>

namespace omnibroker::tools {

// What a running broker knows of itself, as the JSON that goes over the control socket.

/// An empty object that keeps its members in the order in which they are set.
Poco::JSON::Object::Ptr new_object();

Poco::JSON::Array::Ptr listeners_json(const std::vector<core::Broker::Listening>& listening);
/// Every component of the configuration, with its generation where it runs.
Poco::JSON::Array::Ptr components_json(const core::BrokerConfig& config,
                                       const std::vector<core::GenerationInfo>& generations);
Poco::JSON::Array::Ptr generations_json(const std::vector<core::GenerationInfo>& generations);
/// By role, then by client.
Poco::JSON::Array::Ptr sessions_json(std::vector<core::SessionInfo> sessions);
/// What is left out, and why; empty where nothing is.
Poco::JSON::Array::Ptr safe_mode_json(const SafeMode& safe_mode);
/// How many there are, and how many of each role.
Poco::JSON::Object::Ptr session_counts_json(const std::vector<core::SessionInfo>& sessions);
/// Every number by its name, summed up over components and reasons.
Poco::JSON::Object::Ptr counters_json(const core::Metrics& metrics);
/// What a swap or rollback has come to, with the generation that runs now.
Poco::JSON::Object::Ptr report_json(const core::SwapReport& report,
                                    const std::vector<core::GenerationInfo>& generations);

/// What a drain has come to. `name`: only where it is not the whole broker.
Poco::JSON::Object::Ptr drain_json(const core::DrainReport& report);
/// The same of one that was undone, with all addresses that the broker listens at now.
Poco::JSON::Object::Ptr undone_json(const std::string& name, const std::vector<core::Broker::Listening>& listening);

Poco::JSON::Object::Ptr plan_json(const core::Plan& plan);
/// The plan that was carried out, and what has become of each component with a new generation.
Poco::JSON::Object::Ptr apply_json(const core::ApplyReport& report,
                                   const std::vector<core::GenerationInfo>& generations);

std::string_view level_name(core::LogLevel level);
std::optional<core::LogLevel> level_named(std::string_view name);
/// The least that is written.
core::LogLevel level_of(const core::Log& log);

}  // namespace omnibroker::tools
