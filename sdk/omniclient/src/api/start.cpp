#include "api/start.hpp"

#include <cstring>

namespace omniclient::api {
namespace {

const char* pointer(const std::optional<std::string>& text) { return text ? text->c_str() : nullptr; }

}  // namespace

char* write_text(const std::string& text, char* buffer, std::size_t* size) {
  if (size == nullptr) return nullptr;
  const auto room = *size;
  *size = text.size() + 1;
  if (buffer == nullptr || room < *size) return nullptr;
  std::memcpy(buffer, text.c_str(), *size);
  return buffer;
}

OmniClientListEntry raw(const Entry& entry) {
  OmniClientListEntry result{};
  result.relativePath = entry.relative_path.c_str();
  result.access = entry.access;
  result.flags = entry.flags;
  result.size = entry.size;
  result.modifiedTimeNs = entry.modified_ns;
  result.createdTimeNs = entry.created_ns;
  result.modifiedBy = pointer(entry.modified_by);
  result.createdBy = pointer(entry.created_by);
  result.version = pointer(entry.version);
  result.hash = pointer(entry.hash);
  result.comment = pointer(entry.comment);
  result.deletedTimeNs = entry.deleted_ns;
  result.deletedBy = pointer(entry.deleted_by);
  result.lockedBy = pointer(entry.locked_by);
  return result;
}

OmniClientRequestId start_stream(const std::shared_ptr<Engine>& engine, std::function<void()> fail,
                                 std::function<void(const Stream&)> begin) {
  if (!engine) return kInvalidRequestId;
  const auto request = engine->calls().begin(Request::Kind::Stream, std::move(fail));
  if (!request) return kInvalidRequestId;
  engine->loop().post([stream = Stream{engine.get(), request}, begin = std::move(begin)] {
    if (!stream.request->operation->cancelled()) begin(stream);
  });
  return request->id;
}

}  // namespace omniclient::api
