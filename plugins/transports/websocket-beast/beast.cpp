#include "beast.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/execution.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <boost/beast/zlib/deflate_stream.hpp>
#include <boost/beast/zlib/inflate_stream.hpp>

namespace omnibroker::plugins::websocket_beast {
namespace {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace zlib = beast::zlib;
using beast::error_code;

beast::string_view text_of(std::string_view text) { return {text.data(), text.size()}; }

// ---------------------------------------------------------------------------------------------------- bytes in memory

/// Something that Beast has put off.
class Task {
 public:
  Task() = default;
  Task(const Task&) = delete;
  Task& operator=(const Task&) = delete;
  virtual ~Task() = default;
  virtual void run() = 0;
};

template <class Body>
class TaskOf final : public Task {
 public:
  explicit TaskOf(Body body) : body_(std::move(body)) {}
  void run() override { body_(); }

 private:
  Body body_;
};

template <class Body>
std::unique_ptr<Task> task(Body body) {
  return std::make_unique<TaskOf<Body>>(std::move(body));
}

/// Between the bytes of one connection and Beast: what has come, who waits for it, and what is to run.
class Channel {
 public:
  Channel(net::io_context& context, StreamOwner& stream_owner) : asio(context), owner(stream_owner) {}

  /// Runs everything that can: until the input is used up and nothing is left to do.
  void run() {
    while (true) {
      if (!later.empty()) {
        const auto next = std::move(later.front());
        later.erase(later.begin());
        next->run();
      } else if (reader != nullptr && !input.empty()) {
        std::exchange(reader, nullptr)->run();
      } else {
        return;
      }
    }
  }

  net::io_context& asio;
  StreamOwner& owner;
  std::span<const std::uint8_t> input;
  std::unique_ptr<Task> reader;
  std::vector<std::unique_ptr<Task>> later;  // one or two at a time
  bool muted = false;                        // what is written goes nowhere
};

/// Puts off into the channel.
class ChannelExecutor {
 public:
  explicit ChannelExecutor(Channel& channel) noexcept : channel_(&channel) {}

  net::execution_context& query(net::execution::context_t) const noexcept { return channel_->asio; }
  static constexpr net::execution::blocking_t query(net::execution::blocking_t) noexcept {
    return net::execution::blocking.never;
  }
  template <class Body>
  void execute(Body body) const {
    channel_->later.push_back(task(std::move(body)));
  }
  friend bool operator==(const ChannelExecutor& a, const ChannelExecutor& b) noexcept = default;

 private:
  Channel* channel_;
};

/// The layer below Beast's stream.
class Memory {
 public:
  using executor_type = net::any_io_executor;

  explicit Memory(Channel& channel) : channel_(&channel) {}
  executor_type get_executor() noexcept { return ChannelExecutor(*channel_); }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return net::async_initiate<Token, void(error_code, std::size_t)>(
        [channel = channel_, buffers](auto&& handler) {
          channel->reader = task([channel, buffers, handler = std::forward<decltype(handler)>(handler)]() mutable {
            const auto size = net::buffer_copy(buffers, net::buffer(channel->input.data(), channel->input.size()));
            channel->input = channel->input.subspan(size);
            handler(error_code(), size);
          });
        },
        token);
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return net::async_initiate<Token, void(error_code, std::size_t)>(
        [channel = channel_, buffers](auto&& handler) {
          std::string bytes(net::buffer_size(buffers), '\0');
          net::buffer_copy(net::buffer(bytes), buffers);
          if (!channel->muted) channel->owner.send(bytes);
          channel->later.push_back(
              task([size = bytes.size(), handler = std::forward<decltype(handler)>(handler)]() mutable {
                handler(error_code(), size);
              }));
        },
        token);
  }

  /// The connection is ended by the stream's owner.
  template <class Token>
  friend void async_teardown(beast::role_type, Memory& memory, Token&& token) {
    memory.channel_->later.push_back(
        task([handler = std::decay_t<Token>(std::forward<Token>(token))]() mutable { handler(error_code()); }));
  }
  friend void beast_close_socket(Memory&) {}

 private:
  Channel* channel_;
};

using BeastStream = beast::websocket::stream<Memory, /*deflateSupported=*/false>;

std::uint16_t close_code(const error_code& error) {
  namespace ws = beast::websocket;
  if (error == ws::error::message_too_big) return ws::close_code::too_big;
  if (error == ws::error::bad_frame_payload) return ws::close_code::bad_payload;
  return ws::close_code::protocol_error;
}

}  // namespace

struct StreamContext::Asio {
  net::io_context context;
};

StreamContext::StreamContext() : asio_(std::make_unique<Asio>()) {}
StreamContext::~StreamContext() = default;

// --------------------------------------------------------------------------------------------------------- the stream

struct Stream::State {
  State(net::io_context& context, StreamOwner& owner) : channel(context, owner), stream(Memory(channel)) {}

  void accept(std::string_view key, const Fields& fields) {
    http::request<http::empty_body> request(http::verb::get, "/", 11);
    request.set(http::field::host, "omnibroker");
    request.set(http::field::upgrade, "websocket");
    request.set(http::field::connection, "upgrade");
    request.set(http::field::sec_websocket_version, "13");
    request.set(http::field::sec_websocket_key, text_of(key));
    stream.set_option(beast::websocket::stream_base::decorator([&fields](beast::websocket::response_type& response) {
      response.set(http::field::server, "omnibroker");  // instead of Beast's own name and version
      for (const auto& [name, value] : fields) response.set(text_of(name), text_of(value));
    }));
    stream.async_accept(request, [this](const error_code& error) {
      if (error) return channel.owner.failed(close_code(error), error.message());
      read();
    });
    channel.run();
    stream.set_option(beast::websocket::stream_base::decorator([](beast::websocket::response_type&) {}));
  }

  void read() {
    const auto room = channel.owner.room();
    stream.async_read_some(net::buffer(room.data(), room.size()), [this](const error_code& error, std::size_t size) {
      if (error) return channel.owner.failed(close_code(error), error.message());
      if (channel.owner.arrived(size, stream.is_message_done())) read();
    });
  }

  Channel channel;  // outlives the stream, which looks into it
  BeastStream stream;
};

Stream::Stream(StreamContext& context, StreamOwner& owner)
    : state_(std::make_unique<State>(context.asio_->context, owner)) {}

Stream::~Stream() = default;

void Stream::accept(std::string_view key, const Fields& fields) { state_->accept(key, fields); }

void Stream::resume() {
  state_->channel.muted = true;
  state_->accept("AAAAAAAAAAAAAAAAAAAAAA==", {});
  state_->channel.muted = false;
}

void Stream::limit(std::uint64_t bytes) {
  constexpr std::uint64_t most = std::numeric_limits<std::size_t>::max();
  state_->stream.read_message_max(static_cast<std::size_t>(std::min(bytes, most)));
}

void Stream::feed(std::span<const std::uint8_t> bytes) {
  state_->channel.input = bytes;
  state_->channel.run();
  state_->channel.input = {};  // what is left follows an error
}

// -------------------------------------------------------------------------------------------------------- compression

namespace {

/// What ends every message, and is not sent.
constexpr std::array<std::uint8_t, 4> kTail{0x00, 0x00, 0xFF, 0xFF};
constexpr int kMemoryLevel = 8;  // zlib's own, as Beast has it
constexpr int kWidestWindow = 15;
constexpr std::size_t kKept = 256 * 1024;
constexpr std::size_t kFirstPiece = 16 * 1024;

template <class Bytes>
void let_go(Bytes& buffer) {
  if (buffer.capacity() > kKept) Bytes().swap(buffer);
}

}  // namespace

struct Deflater::State {
  int window_bits = kWidestWindow;
  int level = 0;
  zlib::deflate_stream stream;
  std::vector<char> out;
};

Deflater::Deflater(int window_bits) : state_(std::make_unique<State>()) { state_->window_bits = window_bits; }
Deflater::~Deflater() = default;

std::optional<std::string_view> Deflater::deflate(std::string_view message, int level) {
  if (message.empty()) return std::nullopt;
  auto& [window_bits, last_level, stream, out] = *state_;
  if (level != last_level) {
    stream.reset(level, window_bits, kMemoryLevel, zlib::Strategy::normal);
    last_level = level;
  } else {
    stream.reset();
  }
  out.resize(std::max(out.size(), message.size() + kTail.size()));
  zlib::z_params step;
  step.next_in = message.data();
  step.avail_in = message.size();
  step.next_out = out.data();
  step.avail_out = message.size() + kTail.size() - 1;  // if this is not enough, it is not worth it
  error_code error;
  stream.write(step, zlib::Flush::sync, error);
  if (error || step.avail_out == 0) return std::nullopt;  // room left over says that all has been written
  return std::string_view(out.data(), step.total_out - kTail.size());
}

void Deflater::trim() { let_go(state_->out); }

struct Inflater::State {
  Outcome feed(std::span<const std::uint8_t> bytes, std::uint64_t limit) {
    zlib::z_params step;
    step.next_in = bytes.data();
    step.avail_in = bytes.size();
    while (true) {
      if (size == out.size()) out.resize(std::max(kFirstPiece, 2 * out.size()));
      const auto in_before = step.avail_in;
      const auto room = out.size() - size;
      step.next_out = out.data() + size;
      step.avail_out = room;
      error_code error;
      stream.write(step, zlib::Flush::sync, error);
      size += room - step.avail_out;
      if (size > limit) return Outcome::TooLarge;
      ended = error == zlib::error::end_of_stream;
      const bool moved = step.avail_in != in_before || step.avail_out != room;
      if (moved) between = ended || (step.data_type & kBetweenBlocks) == kBetween;
      if (ended) {
        stream.reset(kWidestWindow);  // another block may follow a final one
      } else if (error && error != zlib::error::need_buffers) {
        return Outcome::Broken;
      }
      if (step.avail_in == 0 && (ended || step.avail_out != 0)) return Outcome::Whole;
      if (!moved && !ended) return Outcome::Broken;
    }
  }

  /// Of z_params::data_type: whether a block has ended, and the bits that are left of its last byte.
  static constexpr int kBetween = 128;
  static constexpr int kBetweenBlocks = kBetween | 63;

  zlib::inflate_stream stream;
  std::vector<std::uint8_t> out;
  std::size_t size = 0;  // how much of it is the message
  bool ended = false;    // the last block was a final one
  bool between = false;  // the input ended between two blocks, at the end of a byte
};

Inflater::Inflater() : state_(std::make_unique<State>()) {}
Inflater::~Inflater() = default;

Inflater::Outcome Inflater::inflate(std::span<const std::uint8_t> payload, std::uint64_t limit) {
  auto& state = *state_;
  state.stream.reset(kWidestWindow);
  state.size = 0;
  state.between = true;
  if (payload.empty()) return Outcome::Whole;  // some clients write an empty message so
  const auto outcome = state.feed(payload, limit);
  if (outcome != Outcome::Whole || state.between) return outcome;
  // The tail must complete an empty block, and not the data of one that is cut off.
  const auto size = state.size;
  const bool read = state.feed(kTail, limit) == Outcome::Whole && state.between;
  return read && state.size == size ? Outcome::Whole : Outcome::Broken;
}

std::span<std::uint8_t> Inflater::message() { return std::span(state_->out).first(state_->size); }

void Inflater::trim() { let_go(state_->out); }

}  // namespace omnibroker::plugins::websocket_beast
