#pragma once

#include "providers/http/fetcher.hpp"
#include "providers/provider.hpp"

namespace omniclient::http {

/// How to ask once more.
struct Again {
  std::chrono::milliseconds after{0};
  std::string etag;           ///< Of what is known; as it was sent.
  std::string last_modified;  ///< The same.
};

/// What an item looks like, and how to ask whether it still does. Asked that way, an item that does answers Error.
struct LookReply : EntryReply {
  Again seen;
};

struct FetchReply : ReadReply {
  bool unchanged = false;  ///< It is as it was, and there is no content.
  Again seen;
};

/// What can be asked of a web server, in the terms of a provider. Threads: those of the fetcher.
class Web {
 public:
  explicit Web(const ProviderHost& host) : fetcher_(host) {}
  void stop() { fetcher_.stop(); }

  /// For Operation::on_cancel; once for each operation.
  std::function<void()> looker() const { return fetcher_.looker(); }

  void look(const OperationPtr& operation, const Url& url, Again again, std::function<void(LookReply)> done);
  void list(const OperationPtr& operation, const Url& url, Again again, Done<ListReply> done);
  void read(const OperationPtr& operation, const Url& url, Again again, std::function<void(FetchReply)> done);

 private:
  Fetcher fetcher_;
};

}  // namespace omniclient::http
