#include "engine/transfer.hpp"

#include <deque>

namespace omniclient {
namespace {

Url child_of(const Url& folder, const std::string& name) {
  Url child = folder;
  const auto path = folder.path.value_or("");
  child.path = std::string(without_trailing_slashes(path)) + (path == "/" ? "" : "/") + name;
  return child;
}

class Transfer : public std::enable_shared_from_this<Transfer> {
 public:
  Transfer(Loop& loop, OperationPtr operation, Place from, Place to, CopyOptions options, Done<Reply> done)
      : loop_(loop),
        operation_(std::move(operation)),
        from_(std::move(from)),
        to_(std::move(to)),
        options_(std::move(options)),
        done_(std::move(done)) {}

  void begin() {
    from_.provider->stat(operation_, from_.url, eOmniClientListIncludeOption_DefaultNotDeleted,
                         then<EntryReply>([this](const EntryReply& source) {
                           if (source.result != eOmniClientResult_Ok) return end(source.result);
                           look_at_destination(source.entry.is_folder());
                         }));
  }

 private:
  struct Step {
    Url from;
    Url to;
    bool folder;
  };

  void end(OmniClientResult result) { done_({result}); }

  /// Goes on where providers are called, whatever thread the answer comes on.
  template <class R, class Next>
  Done<R> then(Next next) {
    return [self = shared_from_this(), next](R reply) {
      self->loop_.post([self, next, reply = std::move(reply)] { next(reply); });
    };
  }

  void look_at_destination(bool folder) {
    if (options_.kind != ItemKind::Any && folder != (options_.kind == ItemKind::Folder)) {
      return end(eOmniClientResult_ErrorWrongType);
    }
    to_.provider->stat(operation_, to_.url, eOmniClientListIncludeOption_DefaultNotDeleted,
                       then<EntryReply>([this, folder](const EntryReply& there) {
                         const bool exists = there.result == eOmniClientResult_Ok;
                         if (!exists && there.result != eOmniClientResult_ErrorNotFound) return end(there.result);
                         if (exists && !options_.overwrite) return end(eOmniClientResult_ErrorAlreadyExists);
                         if (exists && there.entry.is_folder() != folder) return end(eOmniClientResult_ErrorWrongType);
                         steps_.push_back({from_.url, to_.url, folder});
                         next();
                       }));
  }

  void next() {
    if (operation_->cancelled()) return end(eOmniClientResult_ErrorConnection);
    if (steps_.empty()) return end(eOmniClientResult_Ok);
    auto step = std::move(steps_.front());
    steps_.pop_front();
    if (step.folder) {
      make_folder(std::move(step));
    } else {
      copy_file(std::move(step));
    }
  }

  void make_folder(Step step) {
    const auto to = step.to;
    to_.provider->create_folder(
        operation_, to, then<Reply>([this, step](const Reply& made) {
          if (made.result != eOmniClientResult_Ok && made.result != eOmniClientResult_ErrorAlreadyExists) {
            return end(made.result);
          }
          list_folder(step);
        }));
  }

  void list_folder(const Step& step) {
    from_.provider->list(operation_, step.from, eOmniClientListIncludeOption_DefaultNotDeleted,
                         then<ListReply>([this, step](const ListReply& list) {
                           if (list.result != eOmniClientResult_Ok) return end(list.result);
                           for (const auto& entry : list.entries) {
                             // Channels and whatever else cannot be read has no content to copy.
                             if (!entry.is_folder() && (entry.flags & fOmniClientItem_ReadableFile) == 0) continue;
                             steps_.push_back({child_of(step.from, entry.relative_path),
                                               child_of(step.to, entry.relative_path), entry.is_folder()});
                           }
                           next();
                         }));
  }

  void copy_file(Step step) {
    const auto from = step.from;
    from_.provider->read(operation_, from, then<ReadReply>([this, to = step.to](const ReadReply& read) {
                           if (read.result != eOmniClientResult_Ok) return end(read.result);
                           to_.provider->write(operation_, to, read.content, {options_.message, false},
                                               then<WriteReply>([this](const WriteReply& written) {
                                                 if (written.result != eOmniClientResult_Ok) return end(written.result);
                                                 next();
                                               }));
                         }));
  }

  Loop& loop_;
  const OperationPtr operation_;
  const Place from_;
  const Place to_;
  const CopyOptions options_;
  const Done<Reply> done_;
  std::deque<Step> steps_;
};

}  // namespace

void transfer(Loop& loop, OperationPtr operation, Place from, Place to, CopyOptions options, Done<Reply> done) {
  std::make_shared<Transfer>(loop, std::move(operation), std::move(from), std::move(to), std::move(options),
                             std::move(done))
      ->begin();
}

void transfer_and_remove(Loop& loop, OperationPtr operation, Place from, Place to, CopyOptions options,
                         Done<MoveReply> done) {
  const auto remove = [operation, from, done](const Reply& copied) {
    if (copied.result != eOmniClientResult_Ok) return done({{copied.result}, false});
    from.provider->remove(operation, from.url, Depth::Recursive, [done](const Reply& removed) {
      done({{removed.result}, true});
    });
  };
  transfer(loop, operation, from, std::move(to), std::move(options), remove);
}

}  // namespace omniclient
