#include "providers/provider.hpp"

namespace omniclient {
namespace {

template <class R>
void refuse(const Done<R>& done) {
  done(failed<R>(eOmniClientResult_ErrorNotSupported));
}

}  // namespace

Provider::~Provider() = default;

void Provider::stat(OperationPtr, const Url&, Include, Done<EntryReply> done) { refuse(done); }
void Provider::list(OperationPtr, const Url&, Include, Done<ListReply> done) { refuse(done); }
void Provider::watch(OperationPtr, const Url&, Include, Done<EntryReply> done, OnChange) { refuse(done); }
void Provider::watch_folder(OperationPtr, const Url&, Include, Done<ListReply> done, OnChange) { refuse(done); }
void Provider::read(OperationPtr, const Url&, Done<ReadReply> done) { refuse(done); }
void Provider::write(OperationPtr, const Url&, SharedContent, WriteOptions, Done<WriteReply> done) { refuse(done); }
void Provider::create_folder(OperationPtr, const Url&, Done<Reply> done) { refuse(done); }
void Provider::copy(OperationPtr, const Url&, const Url&, CopyOptions, Done<Reply> done) { refuse(done); }
void Provider::move(OperationPtr, const Url&, const Url&, CopyOptions, Done<MoveReply> done) { refuse(done); }
void Provider::remove(OperationPtr, const Url&, Depth, Done<Reply> done) { refuse(done); }
void Provider::local_file(OperationPtr, const Url&, bool, Done<PathReply> done) { refuse(done); }

bool Provider::same_server(const Url& a, const Url& b) const {
  if (a.host && b.host) return server_of(a) == server_of(b);
  return a.scheme == b.scheme && a.host == b.host && a.port == b.port;
}

}  // namespace omniclient
