#include "providers/file/file_provider.hpp"

#include "providers/file/changes.hpp"
#include "providers/file/entries.hpp"
#include "providers/file/watcher.hpp"

#include <exception>

namespace omniclient {
namespace {

constexpr auto kBadRequest = eOmniClientResult_ErrorBadRequest;

class FileProvider final : public Provider {
 public:
  explicit FileProvider(const ProviderHost& host) : host_(host), watcher_(host) {}

  void stat(OperationPtr operation, const Url& url, Include include, Done<EntryReply> done) override {
    // Nothing that was deleted is kept here.
    if (include == eOmniClientListIncludeOption_OnlyDeleted) {
      return done(failed<EntryReply>(eOmniClientResult_ErrorNotFound));
    }
    work<EntryReply>(operation, url, std::move(done),
                     [](const auto& path, Operation&) { return files::look_at(path); });
  }

  void list(OperationPtr operation, const Url& url, Include include, Done<ListReply> done) override {
    work<ListReply>(operation, url, std::move(done), [include](const auto& path, Operation& running) {
      auto reply = files::list(path, running);
      if (include == eOmniClientListIncludeOption_OnlyDeleted) reply.entries.clear();
      return reply;
    });
  }

  void watch(OperationPtr operation, const Url& url, Include, Done<EntryReply> first, OnChange change) override {
    const auto path = files::local_path(url);
    if (!path) return first(failed<EntryReply>(kBadRequest));
    watcher_.watch_item(operation, *path, std::move(first), std::move(change));
  }

  void watch_folder(OperationPtr operation, const Url& url, Include, Done<ListReply> first, OnChange change) override {
    const auto path = files::local_path(url);
    if (!path) return first(failed<ListReply>(kBadRequest));
    watcher_.watch_folder(operation, *path, std::move(first), std::move(change));
  }

  void read(OperationPtr operation, const Url& url, Done<ReadReply> done) override {
    work<ReadReply>(operation, url, std::move(done),
                    [](const auto& path, Operation& running) { return files::read(path, running); });
  }

  void write(OperationPtr operation, const Url& url, SharedContent content, WriteOptions,
             Done<WriteReply> done) override {
    work<WriteReply>(operation, url, std::move(done), [content](const auto& path, Operation& running) {
      return files::write(path, content->view(), running);
    });
  }

  void create_folder(OperationPtr operation, const Url& url, Done<Reply> done) override {
    work<Reply>(operation, url, std::move(done),
                [](const auto& path, Operation&) { return files::create_folder(path); });
  }

  void copy(OperationPtr operation, const Url& from, const Url& to, CopyOptions options, Done<Reply> done) override {
    const auto target = files::local_path(to);
    if (!target) return done({kBadRequest});
    work<Reply>(operation, from, std::move(done), [target = *target, options](const auto& path, Operation& running) {
      return files::copy(path, target, options, running);
    });
  }

  void move(OperationPtr operation, const Url& from, const Url& to, CopyOptions options,
            Done<MoveReply> done) override {
    const auto target = files::local_path(to);
    if (!target) return done(failed<MoveReply>(kBadRequest));
    work<MoveReply>(operation, from, std::move(done),
                    [target = *target, options](const auto& path, Operation& running) {
                      return files::move(path, target, options, running);
                    });
  }

  void remove(OperationPtr operation, const Url& url, Depth depth, Done<Reply> done) override {
    work<Reply>(operation, url, std::move(done),
                [depth](const auto& path, Operation& running) { return files::remove(path, depth, running); });
  }

  void local_file(OperationPtr operation, const Url& url, bool, Done<PathReply> done) override {
    work<PathReply>(operation, url, std::move(done), [](const auto& path, Operation&) {
      PathReply reply;
      const auto found = files::look_at(path);
      reply.result = found.result;
      if (found.entry.is_folder()) reply.result = eOmniClientResult_ErrorWrongType;
      reply.path = path;
      return reply;
    });
  }

  /// A raw path and a `file:` URL are the same place.
  bool same_server(const Url&, const Url&) const override { return true; }

 private:
  /// Does something with the local path of a URL, in the pool.
  template <class R, class Job>
  void work(const OperationPtr& operation, const Url& url, Done<R> done, Job job) {
    const auto path = files::local_path(url);
    if (!path) return done(failed<R>(kBadRequest));
    host_.pool.post([operation, path = *path, done = std::move(done), job = std::move(job)] {
      if (operation->cancelled()) return;
      R reply;
      try {
        reply = job(path, *operation);
      } catch (const std::exception&) {  // There is too little memory, or a name that no file system may have.
        reply = failed<R>(eOmniClientResult_Error);
      }
      done(std::move(reply));
    });
  }

  ProviderHost host_;
  files::Watcher watcher_;
};

}  // namespace

std::unique_ptr<Provider> make_file_provider(const ProviderHost& host) { return std::make_unique<FileProvider>(host); }

}  // namespace omniclient
