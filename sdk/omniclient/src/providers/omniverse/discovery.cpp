#include "providers/omniverse/discovery.hpp"

#include "engine/log.hpp"
#include "providers/omniverse/sows_client.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <nucleus/types.hpp>

namespace omniclient::omniverse {
namespace wire = omnibroker::nucleus;
using Json = nlohmann::json;

struct Discovery::Candidate {
  enum class State { Asked, Answered, Failed };
  Address address;
  State state = State::Asked;
  Problem problem;
  std::optional<Address> auth;
  std::optional<Address> api;
  int unanswered = 0;
  std::unique_ptr<SowsClient> client;
};

namespace {

constexpr const char* kPath = "/omni/discovery";

struct Wanted {
  const char* origin;
  const char* name;
};
constexpr std::array<Wanted, 2> kWanted = {{{"OmniAuth.idl.ts", "Credentials"}, {"omni1.idl.ts", "Connection"}}};

bool ends_with(const std::string& text, std::string_view end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

Json query(const Wanted& wanted) {
  auto capabilities = Json::object();
  if (const auto* interface = wire::find_interface(wanted.origin, wanted.name)) {
    for (const auto& method : interface->methods) capabilities[std::string(method.name)] = method.version;
  }
  return {{"query",
           {{"service_interface", {{"origin", wanted.origin}, {"name", wanted.name}, {"capabilities", capabilities}}},
            {"supported_transport",
             {{{"name", "sows"}, {"meta", {{"serializer", "json"}, {"marshaller", "bs"}, {"supports_path", "true"}}}},
              {{"name", "connlib"}, {"meta", Json::object()}}}},
            {"meta", {{"deployment", "external"}}}}},
          {"version", 2}};
}

/// The address that a reply describes.
std::optional<Address> address_in(const Json& reply) {
  const auto transport = reply.find("transport");
  if (!reply.value("found", false) || transport == reply.end() || !transport->is_object()) return std::nullopt;
  const auto params = Json::parse(wire::text_of(*transport, "params"), nullptr, false);
  if (!params.is_object()) return std::nullopt;
  Address address;
  if (const auto url = wire::text_of(params, "url"); !url.empty()) {
    return read_address(url, address) ? std::optional(address) : std::nullopt;
  }
  const auto meta = transport->find("meta");
  address.secure = meta != transport->end() && wire::text_of(*meta, "ssl") == "true";
  address.host = wire::text_of(params, "host");
  address.port = std::to_string(wire::number_of(params, "port"));
  if (const auto path = wire::text_of(params, "path"); !path.empty()) address.path = path;
  if (address.path.front() != '/') address.path.insert(0, "/");
  return address.host.empty() || address.port == "0" ? std::nullopt : std::optional(address);
}

}  // namespace

bool is_near(const std::string& host) {
  if (host == "localhost" || ends_with(host, ".localhost") || ends_with(host, ".local") || host == "[::1]") return true;
  if (host.compare(0, 3, "[fc") == 0 || host.compare(0, 3, "[fd") == 0 || host.compare(0, 4, "[fe8") == 0) return true;
  std::array<unsigned, 4> parts{};
  const char* at = host.data();
  const char* const end = at + host.size();
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto [next, error] = std::from_chars(at, end, parts[i]);
    const bool goes_on = i + 1 < parts.size();
    if (error != std::errc() || parts[i] > 255 || goes_on != (next != end) || (goes_on && *next != '.')) return false;
    at = next + 1;
  }
  return parts[0] == 127 || parts[0] == 10 || (parts[0] == 192 && parts[1] == 168) ||
         (parts[0] == 172 && parts[1] >= 16 && parts[1] < 32) || (parts[0] == 169 && parts[1] == 254);
}

std::vector<Address> discovery_addresses(const std::string& host, const std::optional<std::string>& port,
                                         const std::string& discovery_port) {
  std::vector<Address> addresses = {{true, host, port.value_or("443"), kPath},
                                    {false, host, port.value_or("80"), kPath}};
  if (!port) addresses.push_back({false, host, discovery_port, "/"});
  return addresses;
}

Discovery::Discovery(Loop& loop, const std::vector<Address>& addresses, bool near, std::chrono::milliseconds limit,
                     Done done)
    : near_(near), done_(std::move(done)) {
  for (const auto& address : addresses) {
    candidates_.push_back(std::make_unique<Candidate>());
    auto& candidate = *candidates_.back();
    candidate.address = address;
    candidate.client = std::make_unique<SowsClient>(loop, address, limit);
  }
  for (const auto& candidate : candidates_) ask(*candidate);
  // Who takes the connection and does not answer must not hold up the others for ever.
  timer_ = loop.after(limit, [this] {
    for (const auto& candidate : candidates_) {
      if (candidate->state != Candidate::State::Asked) continue;
      candidate->state = Candidate::State::Failed;
      candidate->problem = {Problem::Kind::NotReached, "it does not answer in time"};
    }
    decide();
  });
}

Discovery::~Discovery() = default;

void Discovery::ask(Candidate& candidate) {
  candidate.unanswered = static_cast<int>(kWanted.size());
  for (const auto& wanted : kWanted) {
    const bool auth = &wanted == &kWanted.front();
    candidate.client->call("DiscoverySearch.find", query(wanted),
                           [this, &candidate, auth](const Json& result, const Problem* problem) {
                             if (candidate.state != Candidate::State::Asked) return;
                             if (problem != nullptr) return failed(candidate, *problem);
                             (auth ? candidate.auth : candidate.api) = address_in(result);
                             if (--candidate.unanswered > 0) return;
                             if (!candidate.auth || !candidate.api) {
                               return failed(candidate, {Problem::Kind::NoUpgrade, "it offers no Nucleus"});
                             }
                             candidate.state = Candidate::State::Answered;
                             decide();
                           });
  }
}

void Discovery::failed(Candidate& candidate, const Problem& problem) {
  log::verbose("omniverse", {"Discovery at ", candidate.address.text(), ": ", problem.text});
  candidate.state = Candidate::State::Failed;
  candidate.problem = problem;
  decide();
}

void Discovery::decide() {
  if (decided_) return;
  const Candidate* taken = nullptr;
  bool may_be_secure = false, is_open = false;
  const Candidate* refused = nullptr;
  for (const auto& candidate : candidates_) {
    const bool answered = candidate->state == Candidate::State::Answered;
    if (answered && (taken == nullptr || candidate->address.secure)) taken = candidate.get();
    if (candidate->state == Candidate::State::Asked) {
      is_open = true;
      may_be_secure = may_be_secure || candidate->address.secure;
    }
    const bool bad =
        candidate->state == Candidate::State::Failed && candidate->problem.kind == Problem::Kind::BadCertificate;
    // A port that speaks no TLS at all looks like that, too; there it proves nothing but that.
    if (bad && candidate->problem.text.find("certificate") != std::string::npos) refused = candidate.get();
  }
  const auto done = done_;  // It may destroy this.
  const bool is_refused = refused != nullptr && !near_;
  const bool is_found = taken != nullptr && (near_ || taken->address.secure || !may_be_secure);
  if (!is_refused && !is_found && is_open) return;
  decided_ = true;
  timer_.reset();
  if (is_refused) return done(std::nullopt, refused->problem);
  if (is_found) {
    log::verbose("omniverse", {"Found at ", taken->address.text()});
    return done(Services{*taken->auth, *taken->api}, {});
  }
  const auto problem = candidates_.empty() ? Problem{} : candidates_.front()->problem;
  done(std::nullopt, problem);
}

}  // namespace omniclient::omniverse
