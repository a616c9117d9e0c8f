#include "providers/http/http_provider.hpp"

#include "providers/http/local_files.hpp"
#include "providers/http/subscription.hpp"
#include "providers/http/web.hpp"

#include <algorithm>

namespace omniclient {
namespace {

class HttpProvider final : public Provider {
 public:
  explicit HttpProvider(const ProviderHost& host) : host_(host) {}

  void stop() override {
    web_.stop();
    local_files_.remove_all();
  }

  void stat(OperationPtr operation, const Url& url, Include include, Done<EntryReply> done) override {
    if (include == eOmniClientListIncludeOption_OnlyDeleted) {
      return done(failed<EntryReply>(eOmniClientResult_ErrorNotFound));
    }
    operation->on_cancel(web_.looker());
    web_.look(operation, url, {}, std::move(done));
  }

  void list(OperationPtr operation, const Url& url, Include include, Done<ListReply> done) override {
    if (include == eOmniClientListIncludeOption_OnlyDeleted) {
      ListReply nothing;
      nothing.result = eOmniClientResult_Ok;
      return done(nothing);
    }
    operation->on_cancel(web_.looker());
    web_.list(operation, url, {}, std::move(done));
  }

  void watch(OperationPtr operation, const Url& url, Include, Done<EntryReply> first, OnChange change) override {
    operation->on_cancel(web_.looker());
    http::watch_item(web_, interval(), operation, url, std::move(first), std::move(change));
  }

  void watch_folder(OperationPtr operation, const Url& url, Include, Done<ListReply> first, OnChange change) override {
    operation->on_cancel(web_.looker());
    http::watch_folder(web_, interval(), operation, url, std::move(first), std::move(change));
  }

  void read(OperationPtr operation, const Url& url, Done<ReadReply> done) override {
    operation->on_cancel(web_.looker());
    web_.read(operation, url, {}, std::move(done));
  }

  void local_file(OperationPtr operation, const Url& url, bool download, Done<PathReply> done) override {
    operation->on_cancel(web_.looker());
    local_files_.get(operation, url, download, std::move(done));
  }

 private:
  std::chrono::milliseconds interval() const {
    constexpr std::int64_t kPollMilliseconds = 5000;
    return std::chrono::milliseconds(std::max<std::int64_t>(1, host_.setting("http.poll_ms", kPollMilliseconds)));
  }

  const ProviderHost host_;
  http::LocalFiles local_files_{host_, web_};  ///< What the web is asked for it may answer until that has ended.
  http::Web web_{host_};
};

}  // namespace

std::unique_ptr<Provider> make_http_provider(const ProviderHost& host) { return std::make_unique<HttpProvider>(host); }

}  // namespace omniclient
