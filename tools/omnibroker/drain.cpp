#include "command.hpp"
#include "config/units.hpp"
#include "control_client.hpp"
#include "terminal.hpp"
#include "text_table.hpp"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <unistd.h>

#include <Poco/JSON/Array.h>

namespace omnibroker::tools {
namespace {

using Poco::JSON::Object;
using std::chrono::milliseconds;

constexpr auto kOver = "30s";

/// `1,000`
std::string grouped(std::uint64_t count) {
  auto text = std::to_string(count);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3) {
    text.insert(static_cast<std::size_t>(at), ",");
  }
  return text;
}

std::string clients(std::uint64_t count) { return grouped(count) + (count == 1 ? " client" : " clients"); }

std::string span(milliseconds over) {
  if (over.count() == 0) return "at once";
  const bool is_whole = over.count() % 1000 == 0;
  return "over " + (is_whole ? span_text(std::chrono::duration_cast<std::chrono::seconds>(over))
                             : std::to_string(over.count()) + "ms");
}

std::string subject(const Object& result) {
  return result.has("name") ? printable(result.getValue<std::string>("name")) : "the broker";
}

std::string drained_text(const Object& result) {
  const auto told = result.getValue<Poco::UInt64>("told");
  const auto staying = result.getValue<Poco::UInt64>("staying");
  const auto stay = staying == 0   ? "all have gone"
                    : staying == 1 ? "1 has not gone yet"
                                   : grouped(staying) + " have not gone yet";
  const auto said = told == 0 && staying == 0
                        ? "there were no clients to tell"
                        : "told " + clients(told) + " to go " +
                              span(milliseconds(result.getValue<Poco::Int64>("over_ms"))) + "; " + stay;
  return subject(result) + "  " + said + "\n";
}

std::string undone_text(const Object& result) {
  std::string addresses;
  for (const auto& one : *result.getArray("listening")) addresses += (addresses.empty() ? "" : ", ") + one.toString();
  if (!result.has("name")) return "the broker  listens again at " + printable(addresses) + "\n";
  return subject(result) + "  is not drained any more" +
         (addresses.empty() ? ", but the broker is: nothing listens" : "") + "\n";
}

ControlClient::Progress told_progress() {
  if (!is_terminal(STDERR_FILENO)) return {};
  return [](std::size_t told, std::size_t of) {
    std::fprintf(stderr, "\rtold %s of %s to go\033[K", grouped(told).c_str(), clients(of).c_str());
    std::fflush(stderr);
  };
}

int drain(const Arguments& arguments) {
  auto request = new_request("drain");
  if (!arguments.words().empty()) request.set("name", arguments.words().front());
  if (arguments.has("undo") && !arguments.has("over")) {
    request.set("undo", true);
    return ask_broker(arguments, request, undone_text);
  }
  const auto text = arguments.text("over", kOver);
  const auto over = core::parse_duration(text);
  std::string mistake;
  if (!over || *over > std::chrono::hours(24)) {
    mistake = "--over takes a time like 30s, of at most a day, not " + printable(text);
  }
  if (arguments.has("undo")) mistake = "--over does not go with --undo";
  if (!mistake.empty()) {
    std::fprintf(stderr, "omnibroker: drain: %s\nomnibroker drain --help tells more\n", mistake.c_str());
    return kWrongUsage;
  }
  const auto time = std::chrono::ceil<milliseconds>(*over);
  request.set("over_ms", static_cast<Poco::Int64>(time.count()));
  return ask_broker(arguments, request, drained_text, told_progress(), ControlClient::kPatience + time);
}

}  // namespace

Command drain_command() {
  return {{.name = "drain",
           .purpose = "take a broker, or one transport of it, out of use",
           .usage = "[NAME]",
           .text = "Without NAME: the broker stops listening at once, so that a load balancer sees it and\n"
                   "another broker can take its addresses, and tells its clients to go, evenly over a time.\n"
                   "It runs on until it is stopped.\n\n"
                   "With the NAME of a transport or service (transports.realtime): requests for it are\n"
                   "answered 503, its clients are told to go, and everything else stays as it is.\n\n"
                   "The command ends when all have gone, or a few seconds after the last one was told. An\n"
                   "interrupt (Ctrl-C) ends the command, not the drain; the same command again, with\n"
                   "another --over, tells the rest in that time.\n",
           .options = {control_option(),
                       {"over", "o", "TIME", "In what time the clients are told to go (30s); 0: at once."},
                       {"undo", "u", "", "Take it back: who has not been told to go stays."},
                       json_option()},
           .examples = {{"omnibroker drain --over 2m", "before an update of the machine"},
                        {"omnibroker drain transports.realtime", "this transport alone"},
                        {"omnibroker drain --undo", "it serves again"}},
           .exit_codes = {kDone, kRefused, kWrongUsage, kCouldNotStart},
           .most_words = 1},
          drain};
}

}  // namespace omnibroker::tools
