// Files and folders: reading, writing, copying, moving, deleting.
#include "api/start.hpp"
#include "engine/transfer.hpp"

using namespace omniclient;  // NOLINT: every function of this file is an entry point
using namespace omniclient::api;

namespace {

std::optional<std::string> optional_text(char const* pointer) {
  return pointer == nullptr ? std::nullopt : std::optional<std::string>(pointer);
}

OmniClientRequestId write(char const* url, OmniClientContent* raw_content, WriteOptions options,
                          Answer<WriteReply> answer) {
  const bool given = raw_content != nullptr;
  const auto content = take_content(raw_content);
  const auto engine = Engine::get();
  return start<WriteReply>(engine, url, std::move(answer),
                           [engine = engine.get(), given, content, options](
                               const Target& target, OperationPtr operation, Done<WriteReply> done) {
                             if (!given) return done(failed<WriteReply>(eOmniClientResult_ErrorBadRequest));
                             if (!content)
                               return done(failed<WriteReply>(eOmniClientResult_Error));  // Not enough memory.
                             show_status(*engine, target.text, eOmniClientFileStatus_Writing, operation);
                             target.provider->write(operation, target.url, content, options, std::move(done));
                           });
}

Answer<WriteReply> write_answer(void* user_data, OmniClientWriteFileExCallback callback) {
  if (callback == nullptr) return nullptr;
  return [=](WriteReply& reply) {
    const OmniClientWriteFileExInfo info{reply.version.c_str(), reply.hash.c_str()};
    callback(user_data, reply.result, &info);
  };
}

/// A version of something is no item: it is read, copied and restored, and neither moved nor deleted.
bool names_a_version(const Target& target) {
  if (target.provider == nullptr || target.provider->checkpoints() == nullptr) return false;
  const auto version = read_checkpoint_query(target.url.query.value_or(""));
  return version && (version->checkpoint != 0 || !version->branch.empty());
}

struct Ends {
  Target from;
  Target to;
  OmniClientResult problem() const { return from.problem != eOmniClientResult_Ok ? from.problem : to.problem; }
  bool same_server() const { return from.provider == to.provider && from.provider->same_server(from.url, to.url); }
};

/// Trailing slashes mean nothing here.
Target end_of(Engine& engine, char const* url) {
  auto target = engine.target(url);
  if (target.url.path) target.url.path = std::string(without_trailing_slashes(*target.url.path));
  return target;
}

CopyOptions options_of(ItemKind kind, OmniClientCopyBehavior behavior, char const* message) {
  return {kind, behavior == eOmniClientCopy_Overwrite, optional_text(message)};
}

OmniClientRequestId copy(char const* from, char const* to, const CopyOptions& options, void* user_data,
                         OmniClientCopyCallback callback) {
  const auto engine = Engine::get();
  if (!engine) return kInvalidRequestId;
  const Ends ends{end_of(*engine, from), end_of(*engine, to)};
  const auto begin = [=, engine = engine.get()](OperationPtr operation, Done<Reply> done) {
    if (ends.problem() != eOmniClientResult_Ok) return done({ends.problem()});
    show_status(*engine, ends.from.text, eOmniClientFileStatus_Copying, operation);
    if (ends.same_server()) {
      ends.from.provider->copy(operation, ends.from.url, ends.to.url, options, std::move(done));
    } else {
      transfer(engine->loop(), engine->retries(), operation, {ends.from.provider, ends.from.url},
               {ends.to.provider, ends.to.url}, options, std::move(done));
    }
  };
  return start<Reply>(engine, plain_answer(user_data, callback), begin);
}

OmniClientRequestId move(char const* from, char const* to, const CopyOptions& options, void* user_data,
                         OmniClientMoveCallback callback) {
  const auto engine = Engine::get();
  if (!engine) return kInvalidRequestId;
  const Ends ends{end_of(*engine, from), end_of(*engine, to)};
  Answer<MoveReply> answer;
  if (callback != nullptr) {
    answer = [=](MoveReply& reply) { callback(user_data, reply.result, reply.copied); };
  }
  const auto begin = [=, engine = engine.get()](OperationPtr operation, Done<MoveReply> done) {
    if (ends.problem() != eOmniClientResult_Ok) return done(failed<MoveReply>(ends.problem()));
    if (names_a_version(ends.from)) return done(failed<MoveReply>(eOmniClientResult_ErrorBadRequest));
    show_status(*engine, ends.from.text, eOmniClientFileStatus_Moving, operation);
    if (ends.same_server()) {
      ends.from.provider->move(operation, ends.from.url, ends.to.url, options, std::move(done));
    } else {
      transfer_and_remove(engine->loop(), engine->retries(), operation, {ends.from.provider, ends.from.url},
                          {ends.to.provider, ends.to.url}, options, std::move(done));
    }
  };
  return start<MoveReply>(engine, std::move(answer), begin);
}

OmniClientRequestId remove(char const* url, Depth depth, void* user_data, OmniClientDeleteCallback callback) {
  const auto engine = Engine::get();
  return start<Reply>(engine, url, plain_answer(user_data, callback),
                      [engine = engine.get(), depth](const Target& target, OperationPtr operation, Done<Reply> done) {
                        if (names_a_version(target)) return done({eOmniClientResult_ErrorBadRequest});
                        show_status(*engine, target.text, eOmniClientFileStatus_Deleting, operation);
                        target.provider->remove(operation, target.url, depth, std::move(done));
                      });
}

}  // namespace

OmniClientRequestId omniClientReadFile(char const* url, void* userData, OmniClientReadFileCallback callback) noexcept {
  Answer<ReadReply> answer;
  if (callback != nullptr) {
    answer = [=](ReadReply& reply) {
      Content none;
      auto& content = reply.content ? *reply.content : none;
      callback(userData, reply.result, reply.version.c_str(), content.raw());
    };
  }
  const auto engine = Engine::get();
  return start<ReadReply>(engine, url, std::move(answer),
                          [engine = engine.get()](const Target& target, OperationPtr operation, Done<ReadReply> done) {
                            show_status(*engine, target.text, eOmniClientFileStatus_Reading, operation);
                            target.provider->read(operation, target.url, std::move(done));
                          });
}

OmniClientRequestId omniClientWriteFile(char const* url, OmniClientContent* content, void* userData,
                                        OmniClientWriteFileCallback callback, char const* message) noexcept {
  Answer<WriteReply> answer;
  if (callback != nullptr) answer = [=](WriteReply& reply) { callback(userData, reply.result); };
  return write(url, content, {optional_text(message), false}, std::move(answer));
}

OmniClientRequestId omniClientWriteFileEx(char const* url, OmniClientContent* content, void* userData,
                                          OmniClientWriteFileExCallback callback, char const* message) noexcept {
  return write(url, content, {optional_text(message), false}, write_answer(userData, callback));
}

OmniClientRequestId omniClientWriteFileEx2(char const* url, OmniClientContent* content, void* userData,
                                           OmniClientWriteFileExCallback callback,
                                           OmniClientWriteFileEx2Options const* options) noexcept {
  if (options == nullptr) return omniClientWriteFileEx(url, content, userData, callback, nullptr);
  if (options->version == 0 || options->version > kOmniClientWriteFileEx2OptionsVersion) {
    take_content(content);
    return start<WriteReply>(Engine::get(), write_answer(userData, callback),
                             [](const OperationPtr&, const Done<WriteReply>& done) {
                               done(failed<WriteReply>(eOmniClientResult_ErrorUnsupportedVersion));
                             });
  }
  return write(url, content, {optional_text(options->message), options->skip_checkpoint},
               write_answer(userData, callback));
}

OmniClientRequestId omniClientCreateWithHash(char const* url, char const* hash, bool overwrite, void* userData,
                                             OmniClientCreateWithHashCallback callback, char const* message) noexcept {
  Answer<WriteReply> answer;
  if (callback != nullptr) {
    answer = [=](WriteReply& reply) { callback(userData, reply.result, reply.version.c_str(), reply.hash.c_str()); };
  }
  return start_with<WriteReply>(&Provider::checkpoints, &Checkpoints::create_with_hash, url, std::move(answer),
                                text(hash), overwrite, WriteOptions{optional_text(message), false});
}

OmniClientRequestId omniClientGetLocalFile(char const* url, bool download, void* userData,
                                           OmniClientGetLocalFileCallback callback) noexcept {
  const auto engine = Engine::get();
  if (!engine) return kInvalidRequestId;
  const auto target = engine->target(url);
  const auto tell = [=](const PathReply& reply) {
    if (callback != nullptr) callback(userData, reply.result, reply.path.c_str());
  };
  // The request lives on after its answer, because stopping it lets go of the file.
  const auto fail = [tell] { tell(failed<PathReply>(eOmniClientResult_ErrorConnection)); };
  return start_stream(engine, fail, [=](const Stream& stream) {
    Done<PathReply> done = [stream, tell](const PathReply& reply) {
      if (is_ok(reply.result)) {
        stream.more([tell, reply] { tell(reply); });
      } else {
        stream.last([tell, reply] { tell(reply); });
      }
    };
    if (target.provider == nullptr) return done(failed<PathReply>(target.problem));
    const auto operation = stream.request->operation;
    const auto attempt = [=](Done<PathReply> attempted) {
      target.provider->local_file(operation, target.url, download, std::move(attempted));
    };
    stream.engine->retries().run<PathReply>(operation, attempt, std::move(done));
  });
}

OmniClientRequestId omniClientCreateFolder(char const* url, void* userData,
                                           OmniClientCreateFolderCallback callback) noexcept {
  return start<Reply>(Engine::get(), url, plain_answer(userData, callback),
                      [](const Target& target, OperationPtr operation, Done<Reply> done) {
                        target.provider->create_folder(std::move(operation), target.url, std::move(done));
                      });
}

OmniClientRequestId omniClientCopy(char const* srcUrl, char const* dstUrl, void* userData,
                                   OmniClientCopyCallback callback, OmniClientCopyBehavior behavior,
                                   char const* message) noexcept {
  return copy(srcUrl, dstUrl, options_of(ItemKind::Any, behavior, message), userData, callback);
}

OmniClientRequestId omniClientCopyFile(char const* srcUrl, char const* dstUrl, void* userData,
                                       OmniClientCopyCallback callback, OmniClientCopyBehavior behavior,
                                       char const* message) noexcept {
  return copy(srcUrl, dstUrl, options_of(ItemKind::File, behavior, message), userData, callback);
}

OmniClientRequestId omniClientCopyFolder(char const* srcUrl, char const* dstUrl, void* userData,
                                         OmniClientCopyCallback callback, OmniClientCopyBehavior behavior,
                                         char const* message) noexcept {
  return copy(srcUrl, dstUrl, options_of(ItemKind::Folder, behavior, message), userData, callback);
}

OmniClientRequestId omniClientMove(char const* srcUrl, char const* dstUrl, void* userData,
                                   OmniClientMoveCallback callback, OmniClientCopyBehavior behavior,
                                   char const* message) noexcept {
  return move(srcUrl, dstUrl, options_of(ItemKind::Any, behavior, message), userData, callback);
}

OmniClientRequestId omniClientMoveFile(char const* srcUrl, char const* dstUrl, void* userData,
                                       OmniClientMoveCallback callback, OmniClientCopyBehavior behavior,
                                       char const* message) noexcept {
  return move(srcUrl, dstUrl, options_of(ItemKind::File, behavior, message), userData, callback);
}

OmniClientRequestId omniClientMoveFolder(char const* srcUrl, char const* dstUrl, void* userData,
                                         OmniClientMoveCallback callback, OmniClientCopyBehavior behavior,
                                         char const* message) noexcept {
  return move(srcUrl, dstUrl, options_of(ItemKind::Folder, behavior, message), userData, callback);
}

OmniClientRequestId omniClientDelete(char const* url, void* userData, OmniClientDeleteCallback callback) noexcept {
  return remove(url, Depth::Recursive, userData, callback);
}

OmniClientRequestId omniClientDeleteSingle(char const* url, void* userData,
                                           OmniClientDeleteCallback callback) noexcept {
  return remove(url, Depth::Single, userData, callback);
}

OmniClientRequestId omniClientUndelete(char const* url, void* userData, OmniClientUndeleteCallback callback) noexcept {
  return start_with<Reply>(&Provider::deleted_items, &DeletedItems::undelete, url, plain_answer(userData, callback));
}

OmniClientRequestId omniClientObliterate(char const* url, bool obliterateCheckpoints, void* userData,
                                         OmniClientObliterateCallback callback) noexcept {
  const auto engine = Engine::get();
  return start<Reply>(
      engine, url, plain_answer(userData, callback),
      [engine = engine.get(), obliterateCheckpoints](const Target& target, OperationPtr operation, Done<Reply> done) {
        DeletedItems* const able = target.provider->deleted_items();
        if (able == nullptr) return done({eOmniClientResult_ErrorNotSupported});
        if (names_a_version(target)) return done({eOmniClientResult_ErrorBadRequest});
        show_status(*engine, target.text, eOmniClientFileStatus_Obliterating, operation);
        able->obliterate(std::move(operation), target.url, obliterateCheckpoints, std::move(done));
      });
}
