#include "deflated.hpp"

#include <algorithm>
#include <random>
#include <stdexcept>
#include <zlib.h>

#include <gtest/gtest.h>

namespace omnibroker::plugins::websocket {
namespace {

const std::string kTail("\x00\x00\xFF\xFF", 4);

Bytef* input(std::string_view bytes) { return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data())); }

}  // namespace

std::string deflated(std::string_view message, const DeflatedBy& by) {
  z_stream stream{};
  if (deflateInit2(&stream, by.level, Z_DEFLATED, -by.window_bits, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::runtime_error("deflateInit2");
  }
  std::string out;
  const auto piece_size = by.piece == 0 ? std::max<std::size_t>(message.size(), 1) : by.piece;
  do {
    const auto piece = message.substr(0, piece_size);
    message.remove_prefix(piece.size());
    std::string room(deflateBound(&stream, piece.size()) + 64, '\0');
    stream.next_in = input(piece);
    stream.avail_in = static_cast<uInt>(piece.size());
    stream.next_out = input(room);
    stream.avail_out = static_cast<uInt>(room.size());
    deflate(&stream, by.flush);
    out.append(room, 0, room.size() - stream.avail_out);
    if (by.flush == Z_FINISH) deflateReset(&stream);
  } while (!message.empty());
  deflateEnd(&stream);
  if (by.flush == Z_FINISH) return out + '\0';
  if (!out.ends_with(kTail)) throw std::runtime_error("no tail");
  if (!by.keep_tail) out.resize(out.size() - kTail.size());
  return out;
}

std::string inflated(std::string_view payload, int window_bits) {
  z_stream stream{};
  if (inflateInit2(&stream, -window_bits) != Z_OK) throw std::runtime_error("inflateInit2");
  const auto whole = std::string(payload) + kTail;
  std::string out;
  stream.next_in = input(whole);
  stream.avail_in = static_cast<uInt>(whole.size());
  int status = Z_OK;
  do {
    std::string room(4096, '\0');  // less than a window, so that the window is used
    stream.next_out = input(room);
    stream.avail_out = static_cast<uInt>(room.size());
    status = inflate(&stream, Z_SYNC_FLUSH);
    out.append(room, 0, room.size() - stream.avail_out);
  } while (status == Z_OK);
  EXPECT_EQ(status, Z_BUF_ERROR) << "not deflate data, or it has an end: " << (stream.msg ? stream.msg : "");
  EXPECT_EQ(stream.avail_in, 0u);
  inflateEnd(&stream);
  return out;
}

std::string json_of(std::size_t size) {
  std::string text = "{";
  for (int i = 0; text.size() < size; ++i) {
    text += "\"prim_path_" + std::to_string(i) + "\":\"/World/Husky_" + std::to_string(i * 7919 % 1000) + "\",";
  }
  text.resize(size);
  return text;
}

std::string noise_of(std::size_t size) {
  std::mt19937 random(7);  // the same every time
  std::string bytes(size, '\0');
  for (auto& byte : bytes) byte = static_cast<char>(random() & 0xFF);
  return bytes;
}

}  // namespace omnibroker::plugins::websocket
