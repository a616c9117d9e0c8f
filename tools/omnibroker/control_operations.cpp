#include "control_operations.hpp"

#include "broker/broker.hpp"
#include "components.hpp"
#include "config/wording.hpp"
#include "control_reports.hpp"
#include "plugin/catalog.hpp"
#include "telemetry/log.hpp"
#include "trial.hpp"

#include <array>
#include <filesystem>
#include <optional>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <omnibroker/version.hpp>

namespace omnibroker::tools {
namespace {

using core::PlannedStep;
using Json = ControlOperations::Json;

/// For everything that the child does: it reads the configuration, loads the plugin, makes and prepares the component.
constexpr std::chrono::seconds kTrial{15};

Error wrong(std::string sentence) { return {ErrorCode::InvalidArgument, std::move(sentence)}; }

Result<std::string> text_of(const Poco::JSON::Object& request, const std::string& member) {
  const auto value = request.get(member);
  if (value.isString() && !value.extract<std::string>().empty()) return value.extract<std::string>();
  return wrong("The command needs \"" + member + "\", a text");
}

/// Empty where it is not given.
Result<std::string> optional_text_of(const Poco::JSON::Object& request, const std::string& member) {
  return request.has(member) ? text_of(request, member) : Result<std::string>(std::string());
}

/// Nothing where the request asks for none.
Result<std::optional<core::Canary>> canary_of(const Poco::JSON::Object& request) {
  if (!request.has("canary_percent")) {
    if (request.has("for_ms")) return wrong("\"for_ms\" goes with \"canary_percent\"");
    return std::optional<core::Canary>();
  }
  const auto percent = request.get("canary_percent");
  const auto lasting = request.has("for_ms") ? request.get("for_ms") : Poco::Dynamic::Var(60'000);
  if (!percent.isNumeric() || percent.convert<double>() < 0.1 || percent.convert<double>() > 100) {
    return wrong("\"canary_percent\" must be a number from 0.1 to 100");
  }
  constexpr Poco::Int64 kLongest = 24 * 3'600'000;
  if (!lasting.isInteger() || lasting.convert<Poco::Int64>() < 1 || lasting.convert<Poco::Int64>() > kLongest) {
    return wrong("\"for_ms\" must be a whole number of milliseconds, of at most a day");
  }
  return std::optional(
      core::Canary{percent.convert<double>(), std::chrono::milliseconds(lasting.convert<Poco::Int64>())});
}

Result<std::chrono::milliseconds> over_of(const Poco::JSON::Object& request) {
  constexpr Poco::Int64 kLongest = 24 * 3'600'000;
  const auto over = request.has("over_ms") ? request.get("over_ms") : Poco::Dynamic::Var(30'000);
  if (over.isInteger() && over.convert<Poco::Int64>() >= 0 && over.convert<Poco::Int64>() <= kLongest) {
    return std::chrono::milliseconds(over.convert<Poco::Int64>());
  }
  return wrong("\"over_ms\" must be a whole number of milliseconds, of at most a day");
}

std::string absolute(const std::string& file) {
  std::error_code failed;
  const auto path = std::filesystem::absolute(file, failed);
  return failed ? file : path.lexically_normal().string();
}

std::string mistakes_of(const core::LoadedConfig& loaded) {
  std::string mistakes;
  for (const auto& error : loaded.errors) mistakes += (mistakes.empty() ? "" : "\n") + error.to_string();
  return mistakes;
}

Error only_by_restart(const core::Plan& plan) {
  std::string list;
  for (const auto& one : plan.only_by_restart) list += (list.empty() ? "" : "; ") + one;
  return {ErrorCode::Conflict, "Only a restart can change " + list};
}

Error nothing_changed(const Error& error) {
  const bool is_list = error.message.find('\n') != std::string::npos;
  return {error.code, (is_list ? "Nothing was changed:\n" : "Nothing was changed: ") + error.message};
}

}  // namespace

struct ControlOperations::Entry {
  const char* command;
  Result<Json> (ControlOperations::*perform)(const Request& request, const Progress& progress);
  bool is_change;
};

const ControlOperations::Entry* ControlOperations::find(const std::string& command) {
  static constexpr std::array<Entry, 10> entries{{{"status", &ControlOperations::status, false},
                                                  {"generations", &ControlOperations::generations, false},
                                                  {"sessions", &ControlOperations::sessions, false},
                                                  {"plan", &ControlOperations::plan, false},
                                                  {"apply", &ControlOperations::apply, true},
                                                  {"swap", &ControlOperations::swap, true},
                                                  {"rollback", &ControlOperations::rollback, true},
                                                  {"drain", &ControlOperations::drain, true},
                                                  {"disconnect", &ControlOperations::disconnect, true},
                                                  {"log-level", &ControlOperations::set_log_level, true}}};
  for (const auto& entry : entries) {
    if (command == entry.command) return &entry;
  }
  return nullptr;
}

ControlOperations::ControlOperations(core::Broker& broker, const std::string& file,
                                     std::vector<std::filesystem::path> files, core::TypeLookup find_type,
                                     core::Log& log, core::Metrics& metrics, std::string socket, int waker,
                                     const core::Catalog& catalog, SafeMode safe_mode)
    : broker_(broker),
      find_type_(std::move(find_type)),
      log_(log),
      metrics_(metrics),
      file_(absolute(file)),
      applied_file_(file_),
      socket_(std::move(socket)),
      waker_(waker),
      catalog_(catalog),
      safe_mode_(std::move(safe_mode)),
      files_(std::move(files)) {}

std::vector<std::filesystem::path> ControlOperations::files() const {
  std::vector<std::filesystem::path> all;
  {
    const std::lock_guard lock(files_mutex_);
    all = files_;
  }
  for (const auto& report : catalog_.reports()) all.push_back(report.file);
  return all;
}

bool ControlOperations::is_change(const std::string& command) {
  const auto* entry = find(command);
  return entry != nullptr && entry->is_change;
}

Result<Json> ControlOperations::perform(const std::string& command, const Request& request, const Progress& progress) {
  const auto* entry = find(command);
  if (entry == nullptr) return Error{ErrorCode::Unsupported, "There is no command " + core::shown(command)};
  return (this->*entry->perform)(request, progress);
}

Result<Json> ControlOperations::status(const Request&, const Progress&) {
  const auto up = std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - since_);
  const auto config = broker_.config();
  const auto workers = config.workers != 0 ? config.workers : std::max(1u, std::thread::hardware_concurrency());
  auto result = new_object();
  result->set("version", std::string(OMNIBROKER_SDK_VERSION));
  result->set("pid", static_cast<int>(::getpid()));
  result->set("configuration", file_);
  result->set("control", socket_);
  result->set("uptime_s", static_cast<Poco::Int64>(up.count()));
  result->set("workers", workers);
  result->set("log_level", std::string(level_name(level_of(log_))));
  result->set("draining", broker_.is_draining());
  result->set("crash_reports", safe_mode_.folder.string());
  result->set("safe_mode", safe_mode_json(safe_mode_));
  result->set("listeners", listeners_json(broker_.listening()));
  result->set("components", components_json(config, broker_.generations()));
  result->set("sessions", session_counts_json(broker_.sessions()));
  result->set("counters", counters_json(metrics_));
  return result;
}

Result<Json> ControlOperations::generations(const Request&, const Progress&) {
  auto result = new_object();
  result->set("generations", generations_json(broker_.generations()));
  return result;
}

Result<Json> ControlOperations::sessions(const Request&, const Progress&) {
  auto result = new_object();
  result->set("sessions", sessions_json(broker_.sessions()));
  return result;
}

std::string ControlOperations::file_of(const Request& request) const {
  return request.has("config") ? absolute(request.getValue<std::string>("config")) : file_;
}

/// In a child first: reading a configuration loads the plugins that it names.
Result<core::BrokerConfig> ControlOperations::read_whole(const std::string& file) {
  if (auto status = try_in_child({file, {}, {}}, kTrial, waker_); !status) return status.error();
  auto loaded = core::load_config(file, find_type_);
  if (!loaded.errors.empty()) return wrong(mistakes_of(loaded));
  if (file == file_) {
    const std::lock_guard lock(files_mutex_);
    files_ = loaded.files;
  }
  // What has crashed again and again stays out until its library is another one.
  if (auto left_out = apply_safe_mode(loaded.config, catalog_, safe_mode_.folder); !left_out) return left_out.error();
  return std::move(loaded.config);
}

Result<Json> ControlOperations::plan(const Request& request, const Progress&) {
  if (const auto given = optional_text_of(request, "config"); !given) return given.error();
  const std::unique_lock lock(changing_, std::try_to_lock);  // what is compared must stand still
  if (!lock.owns_lock()) return Error{ErrorCode::Unavailable, "A change is going on, try again later"};
  const auto next = read_whole(file_of(request));
  if (!next) return next.error();
  return plan_json(broker_.plan(next.value()));
}

Result<Json> ControlOperations::apply(const Request& request, const Progress& progress) {
  if (const auto given = optional_text_of(request, "config"); !given) return given.error();
  std::unique_lock lock(changing_, std::defer_lock);
  const bool waits = request.optValue("wait", false);
  if (waits) lock.lock();
  if (!waits && !lock.try_lock()) return Error{ErrorCode::Unavailable, "Another change is going on, try again later"};
  const auto file = file_of(request);
  auto next = read_whole(file);
  if (!next) return nothing_changed(next.error());
  const auto plan = broker_.plan(next.value());
  if (!plan.only_by_restart.empty()) return nothing_changed(only_by_restart(plan));
  for (const auto& step : plan.steps) {
    const bool is_component = find_component(next.value(), step.name) != nullptr;
    const bool is_made = step.kind == PlannedStep::Kind::Add || step.kind == PlannedStep::Kind::Replace ||
                         step.kind == PlannedStep::Kind::Reconfigure;
    if (!is_component || !is_made) continue;
    if (auto status = try_in_child({file, step.name, {}}, kTrial, waker_); !status) {
      const auto& said = status.error().message;
      const bool is_named = said.starts_with(step.name + ": ");
      return nothing_changed(Error{status.error().code, (is_named ? "" : step.name + ": ") + said});
    }
  }
  const auto report = broker_.apply(std::move(next).value(), progress);
  if (!report) return nothing_changed(report.error());
  applied_file_ = file;
  return apply_json(report.value(), broker_.generations());
}

Result<Json> ControlOperations::swap(const Request& request, const Progress& progress) {
  const auto name = text_of(request, "name");
  if (!name) return name.error();
  const auto plugin = optional_text_of(request, "plugin");
  if (!plugin) return plugin.error();
  if (auto status = is_component(name.value()); !status) return nothing_changed(status.error());
  const auto canary = canary_of(request);
  if (!canary) return nothing_changed(canary.error());
  const std::unique_lock lock(changing_, std::try_to_lock);
  if (!lock.owns_lock()) return Error{ErrorCode::Unavailable, "Another change is going on, try again later"};

  if (auto status = try_in_child({applied_file_, name.value(), plugin.value()}, kTrial, waker_); !status) {
    return nothing_changed(status.error());
  }
  const auto component = read_component(name.value(), plugin.value());
  if (!component) return nothing_changed(component.error());
  return outcome(broker_.swap(component.value(), progress, canary.value()), progress);
}

Status ControlOperations::is_component(const std::string& name) const {
  const auto config = broker_.config();
  if (find_component(config, name) != nullptr) return {};
  return Error{ErrorCode::NotFound,
               "There is no component " + core::shown(name) + instead_of(name, components_of(config))};
}

/// From the file as it is now, which may have been changed since the start.
Result<core::ComponentConfig> ControlOperations::read_component(const std::string& name,
                                                                const std::string& plugin) const {
  core::PluginOverride instead;
  if (!plugin.empty()) instead = {name, plugin};
  const auto loaded = core::load_config(applied_file_, find_type_, core::process_environment(), instead);
  if (!loaded.errors.empty()) return wrong(mistakes_of(loaded));
  const auto* wanted = find_component(loaded.config, name);
  if (wanted == nullptr) return Error{ErrorCode::NotFound, applied_file_ + " has no " + name + " any more"};
  const auto config = broker_.config();
  const auto* there = find_endpoint(loaded.config, name);
  const auto* here = find_endpoint(config, name);
  if (there != nullptr && here != nullptr && (there->listener != here->listener || there->path != here->path)) {
    return Error{ErrorCode::Conflict, name + " has another listener or path in " + applied_file_ +
                                          " than it runs with: `apply` changes these"};
  }
  return *wanted;
}

Result<Json> ControlOperations::rollback(const Request& request, const Progress& progress) {
  const auto name = text_of(request, "name");
  if (!name) return name.error();
  if (auto status = is_component(name.value()); !status) return nothing_changed(status.error());
  const std::unique_lock lock(changing_, std::try_to_lock);
  if (!lock.owns_lock()) return Error{ErrorCode::Unavailable, "Another change is going on, try again later"};
  return outcome(broker_.rollback(name.value(), progress), progress);
}

/// Only its begin is a change that others wait for: while clients are told to go, everything else can be done.
Result<Json> ControlOperations::drain(const Request& request, const Progress& progress) {
  const auto name = optional_text_of(request, "name");
  if (!name) return name.error();
  const auto over = over_of(request);
  if (!over) return nothing_changed(over.error());
  if (request.has("undo") && !request.get("undo").isBoolean()) return wrong("\"undo\" must be true or false");
  const bool is_undo = request.optValue("undo", false);
  if (is_undo && request.has("over_ms")) return wrong("\"over_ms\" does not go with \"undo\"");
  if (auto status = name.value().empty() ? Status() : is_component(name.value()); !status) {
    return nothing_changed(status.error());
  }
  std::unique_lock lock(changing_, std::try_to_lock);
  if (!lock.owns_lock()) return Error{ErrorCode::Unavailable, "Another change is going on, try again later"};
  if (is_undo) {
    if (auto status = broker_.undo_drain(name.value()); !status) return nothing_changed(status.error());
    return undone_json(name.value(), broker_.listening());
  }
  auto begun = broker_.begin_drain(name.value(), over.value());
  if (!begun) return nothing_changed(begun.error());
  lock.unlock();
  const auto report = broker_.await_drain(*begun.value(), progress);
  if (!report) return report.error();
  return drain_json(report.value());
}

Result<Json> ControlOperations::outcome(const Result<core::SwapReport>& report, const Progress& progress) const {
  if (!report) return nothing_changed(report.error());
  const auto& done = report.value();
  progress(done.moved, done.moved + done.staying);
  return report_json(done, broker_.generations());
}

Result<Json> ControlOperations::disconnect(const Request& request, const Progress&) {
  const auto client = text_of(request, "client_id");
  if (!client) return client.error();
  if (!broker_.disconnect(client.value())) {
    return Error{ErrorCode::NotFound, "There is no client " + core::shown(client.value())};
  }
  auto result = new_object();
  result->set("client_id", client.value());
  return result;
}

Result<Json> ControlOperations::set_log_level(const Request& request, const Progress&) {
  const auto given = text_of(request, "level");
  if (!given) return given.error();
  const auto level = level_named(given.value());
  if (!level) return wrong("The level must be debug, info, warn or error, not " + core::shown(given.value()));
  auto result = new_object();
  result->set("level", std::string(level_name(*level)));
  result->set("before", std::string(level_name(level_of(log_))));
  log_.set_level(*level);
  return result;
}

}  // namespace omnibroker::tools
