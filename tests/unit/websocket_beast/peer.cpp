#include "peer.hpp"

#include <dlfcn.h>
#include <map>
#include <stdexcept>
#include <zlib.h>

namespace omnibroker::plugins::websocket_beast {

const omnibroker_plugin& plugin(const std::string& name) {
  static std::map<std::string, const omnibroker_plugin*> loaded;  // libraries stay mapped, as in the broker
  auto& found = loaded[name];
  if (found == nullptr) {
    void* library = dlopen((std::string(OMNIBROKER_PLUGINS "/") + name + ".so").c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) throw std::runtime_error(dlerror());
    void* entry = dlsym(library, OMNIBROKER_ENTRY_SYMBOL);
    found = reinterpret_cast<decltype(&omnibroker_plugin_entry_v1)>(entry)();
  }
  return *found;
}

std::string frame(unsigned first, std::string_view payload) {
  constexpr std::string_view mask = "\x37\xfa\x21\x3d";
  std::string bytes(1, static_cast<char>(first));
  if (payload.size() < 126) {
    bytes.push_back(static_cast<char>(0x80 | payload.size()));
  } else {
    const bool wide = payload.size() > 0xFFFF;
    bytes.push_back(static_cast<char>(wide ? 0xFF : 0xFE));
    for (int i = wide ? 7 : 1; i >= 0; --i) bytes.push_back(static_cast<char>(payload.size() >> (8 * i) & 0xFF));
  }
  bytes += mask;
  for (std::size_t i = 0; i < payload.size(); ++i) bytes.push_back(static_cast<char>(payload[i] ^ mask[i % 4]));
  return bytes;
}

std::string close(unsigned code) {
  return frame(0x88, std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)});
}

Frames frames_of(std::string_view bytes) {
  Frames frames;
  const auto at = [&bytes](std::size_t i) { return static_cast<std::uint8_t>(bytes.at(i)); };
  while (!bytes.empty()) {
    const std::size_t extra = at(1) == 126 ? 2 : at(1) == 127 ? 8 : 0;
    std::size_t length = extra == 0 ? at(1) : 0;
    for (std::size_t i = 0; i < extra; ++i) length = length << 8 | at(2 + i);
    if (at(1) > 127 || bytes.size() < 2 + extra + length) {
      ADD_FAILURE() << "not a row of a server's frames";
      break;
    }
    frames.emplace_back(at(0), bytes.substr(2 + extra, length));
    bytes.remove_prefix(2 + extra + length);
  }
  return frames;
}

unsigned close_code(const Frames& frames) {
  if (frames.size() != 1 || frames[0].first != 0x88 || frames[0].second.size() < 2) return 0;
  const auto& payload = frames[0].second;
  return static_cast<unsigned>(static_cast<std::uint8_t>(payload[0]) << 8 | static_cast<std::uint8_t>(payload[1]));
}

namespace {

constexpr std::string_view kTail("\x00\x00\xFF\xFF", 4);

Bytef* zlib_bytes(std::string_view bytes) { return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data())); }

}  // namespace

std::string deflated(std::string_view message) {
  z_stream stream{};
  if (deflateInit2(&stream, 6, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK) throw std::bad_alloc();
  std::string out(deflateBound(&stream, message.size()) + 64, '\0');
  stream.next_in = zlib_bytes(message);
  stream.avail_in = static_cast<uInt>(message.size());
  stream.next_out = zlib_bytes(out);
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_SYNC_FLUSH);
  out.resize(out.size() - stream.avail_out - kTail.size());
  deflateEnd(&stream);
  return out;
}

std::string inflated(std::string_view payload, int window_bits) {
  z_stream stream{};
  if (inflateInit2(&stream, -window_bits) != Z_OK) throw std::bad_alloc();
  const auto whole = std::string(payload).append(kTail);
  std::string out;
  stream.next_in = zlib_bytes(whole);
  stream.avail_in = static_cast<uInt>(whole.size());
  int status = Z_OK;
  while (status == Z_OK) {
    std::string room(256, '\0');  // less than a window, so that the window is used
    stream.next_out = zlib_bytes(room);
    stream.avail_out = static_cast<uInt>(room.size());
    status = inflate(&stream, Z_SYNC_FLUSH);
    out.append(room, 0, room.size() - stream.avail_out);
  }
  EXPECT_EQ(status, Z_BUF_ERROR) << "not deflate data";
  inflateEnd(&stream);
  return out;
}

std::string json_of(std::size_t size) {
  std::string json = "{";
  for (int i = 0; json.size() < size; ++i) json += "\"/World/Husky_" + std::to_string(i * 7919 % 1000) + "\":1,";
  return json.substr(0, size);
}

void TransportTest::TearDown() {
  components.clear();
  EXPECT_EQ(host.violations(), std::vector<std::string>());
  EXPECT_EQ(host.metric("plugin_exceptions_total"), 0);
}

ComponentUnderTest& TransportTest::start(const std::string& type, Options options) {
  components.push_back(std::make_unique<ComponentUnderTest>(host, plugin(type), type, std::move(options)));
  const auto status = components.back()->bring_up();
  EXPECT_TRUE(status) << status.error().message;
  return *components.back();
}

FakeConnection& TransportTest::connect(ComponentUnderTest& to, std::string_view more_headers) {
  auto& connection = host.connect(to, "/ws");
  connection.feed(
      std::string("GET /ws HTTP/1.1\r\nHost: broker.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n")
          .append(more_headers)
          .append("\r\n"));
  EXPECT_TRUE(connection.open()) << connection.written();
  static_cast<void>(connection.take_written());
  return connection;
}

std::vector<std::string> TransportTest::payloads() const {
  std::vector<std::string> texts;
  for (const auto& message : host.submitted()) texts.push_back(message.payload);
  return texts;
}

}  // namespace omnibroker::plugins::websocket_beast
