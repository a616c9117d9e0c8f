#include "responder.hpp"

#include <algorithm>

namespace omnibroker::plugins::http {

Lent::Lent(Host lender)
    : host(lender),
      sessions(host.table<omnibroker_host_session_v1>(OMNIBROKER_HOST_SESSION)),
      clients(host.table<omnibroker_host_clients_v1>(OMNIBROKER_HOST_CLIENTS)),
      clock(host.table<omnibroker_host_clock_v1>(OMNIBROKER_HOST_CLOCK)),
      requests(host.counter("http_requests_total", "Requests that were given to the transport.")),
      client_errors(host.counter("http_client_errors_total", "Requests that were answered with a 4xx status.")),
      server_errors(host.counter("http_server_errors_total", "Requests that were answered with a 5xx status.")),
      over_limit(host.counter("http_over_limit_total", "Requests refused over a limit: 408, 413, 429.")),
      streams(host.gauge("http_event_streams", "Event streams that are open.")) {}

std::int64_t Lent::unix_seconds() const { return clock == nullptr ? 0 : clock->unix_ns(host.raw()) / 1'000'000'000; }

std::uint64_t Lent::max_body() const {
  const auto body = host.limit("max_body");
  const auto message = host.limit("max_message");
  return body == 0 || message == 0 ? std::max(body, message) : std::min(body, message);
}

Responder::Responder(const Lent& lent, Connection connection, const Request& request, const Origins& origins)
    : lent_(&lent),
      connection_(connection),
      shape_{request.method() == "HEAD", request.keep_alive(), request.http_minor(), origins.headers_for(request)} {}

void Responder::finish(const Response& response, RequestBody body) {
  if (finished_) return;
  finished_ = true;
  if (body == RequestBody::Left) shape_.keep_alive = false;
  count(response.status);
  connection_.write(serialize(response, shape_, Framing::Length, lent_->unix_seconds()));
  connection_.end_request(shape_.keep_alive ? KeepAlive::Yes : KeepAlive::No);
}

void Responder::begin_stream(const Response& response) {
  if (finished_) return;
  finished_ = true;
  shape_.keep_alive = false;
  connection_.write(serialize(response, shape_, Framing::UntilClose, lent_->unix_seconds()));
  if (shape_.head_only) connection_.end_request(KeepAlive::No);
}

void Responder::invite_body() { connection_.write("HTTP/1.1 100 Continue\r\n\r\n"); }

void Responder::count(unsigned status) const {
  if (status >= 500) lent_->server_errors.add();
  if (status >= 400 && status < 500) lent_->client_errors.add();
  if (status == 408 || status == 413 || status == 429) lent_->over_limit.add();
}

}  // namespace omnibroker::plugins::http
