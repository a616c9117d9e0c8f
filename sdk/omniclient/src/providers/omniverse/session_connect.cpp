// How a connection is made: discovery, login, the API; and how it is made again.
#include "OmniClientVersion.h"
#include "engine/log.hpp"
#include "providers/omniverse/session.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>

namespace omniclient::omniverse {
using Json = nlohmann::json;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

namespace {

/// The ids of what is sent before anything else.
constexpr int kAuthorize = 1, kObjects = 2, kVersioning = 3;

milliseconds random_up_to(milliseconds most) {
  static thread_local std::minstd_rand generator{std::random_device{}()};
  return milliseconds(
      std::uniform_int_distribution<milliseconds::rep>(0, std::max<milliseconds::rep>(most.count(), 0))(generator));
}

OmniClientConnectionStatus connection_status(wire::AuthStatus status) {
  switch (status) {
    case wire::AuthStatus::UsernameRequired: return eOmniClientConnectionStatus_NoUsername;
    case wire::AuthStatus::ConnectionError:
    case wire::AuthStatus::InternalError:
    case wire::AuthStatus::UnknownError:
    case wire::AuthStatus::NotSupported: return eOmniClientConnectionStatus_AuthError;
    default: return eOmniClientConnectionStatus_AuthFailed;
  }
}

std::string user_agent(const Connecting& told) {
  std::string text = "omniclient/" OMNICLIENT_BUILD_STRING;
  for (const auto* part : {&told.product_name, &told.product_version, &told.product_extra}) {
    if (!part->empty()) text += " " + *part;
  }
  return text;
}

Json own_capabilities() {
  auto methods = Json::object();
  for (const char* name : {"Connection", "ServerFeatures"}) {
    for (const auto& method : wire::find_interface("omni1.idl.ts", name)->methods) {
      methods[std::string(method.name)] = method.version;
    }
  }
  return methods;
}

}  // namespace

milliseconds Session::connect_limit() const {
  return milliseconds(std::max<std::int64_t>(1, host_.setting("omniverse.connect_ms", 10000)));
}

milliseconds Session::retry_limit() const { return milliseconds(host_.setting("omniverse.retry_ms", 120000)); }

void Session::begin() {
  retrying_ = false;
  state_ = State::Connecting;
  if (server_.empty()) {
    host_.loop.post([weak = weak_from_this()] {  // Nobody is called from inside of `call`.
      const auto self = weak.lock();
      if (!self || self->state_ != State::Connecting) return;
      self->connect_failed(eOmniClientConnectionStatus_InvalidHost, "the URL names no server", false);
    });
    return;
  }
  tell(eOmniClientConnectionStatus_Connecting);
  attempt();
}

void Session::attempt() {
  state_ = State::Connecting;
  token_is_new_ = false;
  rejected_ = 0;
  if (services_) return authenticate();
  const auto port = std::to_string(host_.setting("omniverse.discovery_port", 3333));
  discovery_ = std::make_unique<Discovery>(
      host_.loop, discovery_addresses(server_, port_, port), is_near(server_), connect_limit(),
      [this](std::optional<Services> services, const Problem& problem) {
        discovery_.reset();
        if (!services) {
          return connect_failed(eOmniClientConnectionStatus_ConnectError, "discovery: " + problem.text, true);
        }
        services_ = std::move(services);
        authenticate();
      });
}

void Session::authenticate() {
  if (!identity_.access_token.empty()) return open_api();
  if (identity_.refresh_token.empty()) return log_in();
  login_ = std::make_unique<Login>(host_.loop, services_->auth, connect_limit(), identity_.refresh_token,
                                   [this](wire::AuthStatus status, Identity identity, const Problem* problem) {
                                     logged_in(status, std::move(identity), problem, true);
                                   });
}

void Session::log_in() {
  asking_ = std::make_shared<Operation>();
  host_.credentials.ask(asking_, name_, [this](const omniclient::Credentials::Answer& answer) {
    using Kind = omniclient::Credentials::Answer::Kind;
    asking_.reset();
    switch (answer.kind) {
      case Kind::None:
        return connect_failed(eOmniClientConnectionStatus_NoUsername,
                              "nobody says who signs in: set OMNI_USER and OMNI_PASS, or register an auth callback",
                              false);
      case Kind::Abort:
        return connect_failed(eOmniClientConnectionStatus_AuthAbort, "the program wants no connection", false);
      case Kind::Token:
        identity_ = {{}, answer.token, {}};
        token_is_new_ = true;
        return open_api();
      case Kind::Password: break;
    }
    login_ =
        std::make_unique<Login>(host_.loop, services_->auth, connect_limit(), Account{answer.username, answer.password},
                                [this](wire::AuthStatus status, Identity identity, const Problem* problem) {
                                  logged_in(status, std::move(identity), problem, false);
                                });
  });
}

void Session::logged_in(wire::AuthStatus status, Identity identity, const Problem* problem, bool refreshed) {
  if (problem != nullptr) {
    const auto text = "authentication: " + problem->text;
    login_.reset();
    return connect_failed(eOmniClientConnectionStatus_ConnectError, text, true);
  }
  login_.reset();
  if (status != wire::AuthStatus::Ok || identity.access_token.empty()) {
    identity_ = {};
    if (refreshed) return log_in();
    return connect_failed(connection_status(status), "the login is refused: " + std::string(wire::name(status)), false);
  }
  if (refreshed && identity.refresh_token.empty()) identity.refresh_token = identity_.refresh_token;
  identity_ = std::move(identity);
  token_is_new_ = true;
  open_api();
}

void Session::open_api() {
  // Names what is connected: these functions come after another connection has been begun only by mistake.
  socket_ =
      Socket::connect(host_.loop, services_->api, connect_limit(),
                      {[this] {
                         send_setup(kAuthorize, "authorize_token",
                                    {{"token", identity_.access_token},
                                     {"version", 4},
                                     {"client_capabilities", own_capabilities()},
                                     {"userAgent", user_agent(host_.connecting())},
                                     {"slowDown", true}});
                       },
                       [this](std::string_view message) { received(message); },
                       [this](const Problem& problem) {
                         if (state_ == State::Connected) return lost(problem);
                         connect_failed(eOmniClientConnectionStatus_ConnectError, "the API: " + problem.text, true);
                       }});
  timer_ = host_.loop.after(2 * connect_limit(), [this] {
    connect_failed(eOmniClientConnectionStatus_ConnectError, "the API does not answer in time", true);
  });
}

void Session::send_setup(int id, std::string_view command, const Json& params) {
  Json message = params;
  message["command"] = command;
  message["id"] = id;
  socket_->send(message.dump(-1, ' ', false, Json::error_handler_t::replace), Socket::Kind::Text);
}

void Session::set_up(std::uint64_t id, const Json& fields) {
  if (id == kAuthorize) return welcomed(fields);
  const bool ok = wire::status_of(wire::text_of(fields, "status")) == wire::Status::Ok;
  if (id == kObjects) welcome_.omni_objects = ok;
  if (id == kVersioning) {
    const auto enabled = fields.find("enabled");
    welcome_.checkpoints = ok && (enabled == fields.end() || *enabled == true);
  }
  if ((id != kObjects && id != kVersioning) || --probes_ > 0) return;
  timer_.reset();
  state_ = State::Connected;
  was_connected_ = true;
  retrying_ = false;
  log::verbose("omniverse", {name_, ": connected as ", welcome_.username, ", ", welcome_.connection_id});
  tell(eOmniClientConnectionStatus_Connected);
  const auto self = shared_from_this();
  for (const auto& then : std::exchange(waiting_, {})) then(true);
  pump();
}

void Session::welcomed(const Json& fields) {
  const auto status = wire::status_of(wire::text_of(fields, "status"));
  const bool rejected = status == wire::Status::TokenExpired || status == wire::Status::Unauthenticated;
  // It was good once, or was not for long: there may be another one.
  const bool expired = status == wire::Status::TokenExpired && !identity_.refresh_token.empty() && ++rejected_ < 4;
  if (expired || (rejected && !token_is_new_)) {
    socket_.reset();
    timer_.reset();
    identity_.access_token.clear();
    return authenticate();
  }
  if (rejected || status == wire::Status::Denied) {
    return connect_failed(eOmniClientConnectionStatus_AuthFailed, "the server refuses the access token", false);
  }
  if (status != wire::Status::Ok) {
    const bool may_pass = status == wire::Status::SlowDown || status == wire::Status::Timeout;
    return connect_failed(
        may_pass ? eOmniClientConnectionStatus_ConnectError : eOmniClientConnectionStatus_ServerIncompatible,
        "authorize_token: " + std::string(wire::name(status)), may_pass);
  }
  welcome_ = {};
  welcome_.version = wire::text_of(fields, "version");
  welcome_.version.erase(std::remove(welcome_.version.begin(), welcome_.version.end(), '"'), welcome_.version.end());
  welcome_.username = wire::text_of(fields, "username");
  welcome_.session_token = wire::text_of(fields, "token");
  welcome_.connection_id = wire::text_of(fields, "connection_id");
  welcome_.connection_signature = wire::text_of(fields, "connection_id_signature");
  welcome_.lft_address = wire::text_of(fields, "lft_address");
  welcome_.lft_threshold = wire::number_of(fields, "lft_threshold", welcome_.lft_threshold);
  constexpr std::uint64_t kLeastPart = 64 * 1024, kMostPart = 24 * 1024 * 1024;
  welcome_.part_size =
      std::clamp(wire::number_of(fields, "multipart_chunk_size", welcome_.part_size), kLeastPart, kMostPart);
  const auto methods = fields.find("server_capabilities");
  welcome_.undelete = methods != fields.end() && methods->is_object() && methods->contains("undelete");
  welcome_.max_in_flight = wire::number_of(fields, "max_in_flight_requests");
  const auto backoff = wire::number_of(fields, "backoff_time_ms", 1000);
  welcome_.backoff = milliseconds(std::clamp<std::uint64_t>(backoff, 1, 60000));
  probes_ = 2;
  send_setup(kObjects, "omni_objects2", Json::object());
  send_setup(kVersioning, "versioning", Json::object());
}

void Session::leave_connection() {
  if (asking_) std::exchange(asking_, nullptr)->cancel();
  discovery_.reset();
  login_.reset();
  socket_.reset();
  timer_.reset();
}

void Session::connect_failed(OmniClientConnectionStatus status, const std::string& problem, bool may_pass) {
  const auto self = shared_from_this();
  log::warning("omniverse", {name_, ": cannot connect: ", problem});
  leave_connection();
  if (may_pass) services_.reset();  // It may be elsewhere by now.
  if (may_pass && retrying_) return pause();
  give_up(status);
}

void Session::give_up(OmniClientConnectionStatus status) {
  leave_connection();
  state_ = was_connected_ ? State::Idle : State::Failed;
  retrying_ = false;
  tell(status);
  answer_all_gone();
}

void Session::pause() {
  state_ = State::Pausing;
  ++attempts_;
  const auto retries = retry_limit();
  const auto wait = milliseconds(100) * attempts_ * attempts_ + random_up_to(milliseconds(100) * attempts_);
  if (steady_clock::now() + wait - lost_at_ > retries) return give_up(eOmniClientConnectionStatus_ConnectError);
  timer_ = host_.loop.after(wait, [this] {
    if (attempts_ == 1) tell(eOmniClientConnectionStatus_Connecting);
    attempt();
  });
}

void Session::lost(const Problem& problem) {
  const auto self = shared_from_this();
  log::info("omniverse", {name_, ": the connection is lost: ", problem.text});
  leave_connection();
  state_ = State::Pausing;
  retrying_ = true;
  attempts_ = 0;
  lost_at_ = steady_clock::now();
  tell(eOmniClientConnectionStatus_Disconnected);
  interrupt_all();
  if (pending_.empty() && waiting_.empty()) {
    state_ = State::Idle;
    return;
  }
  pause();
}

void Session::reconnect() {
  if (state_ == State::Connected || state_ == State::Connecting) return;
  if (state_ == State::Pausing) {
    timer_.reset();
    return attempt();
  }
  services_.reset();
  begin();
}

void Session::sign_out() {
  const auto self = shared_from_this();
  leave_connection();
  renewal_.reset();
  identity_ = {};
  const bool told = state_ != State::Failed && state_ != State::Idle;
  state_ = State::Failed;  // Whoever is told must not connect again at once.
  was_connected_ = false;
  if (told) tell(eOmniClientConnectionStatus_SignedOut);
  answer_all_gone();
  for (const auto& done : std::exchange(renewing_, {})) done(eOmniClientResult_ErrorConnection, {});
  state_ = State::Idle;
}

void Session::close() {
  leave_connection();
  renewal_.reset();
  auto pending = std::exchange(pending_, {});
  auto waiting = std::exchange(waiting_, {});
  auto renewing = std::exchange(renewing_, {});
  auto later = std::exchange(later_, {});
}

}  // namespace omniclient::omniverse
