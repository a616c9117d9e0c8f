#include "engine/credentials.hpp"

#include "engine/content.hpp"
#include "engine/loop.hpp"
#include "engine/registrations.hpp"

#include <atomic>
#include <cstdlib>
#include <utility>
#include <vector>

namespace omniclient {
namespace {

std::atomic<std::uint32_t> last_handle{0};

std::string text_of(OmniClientContent& raw) {
  const Content content(std::exchange(raw, {}));
  std::string text(content.view());
  // Some programs count the terminating NUL.
  while (!text.empty() && text.back() == '\0') text.pop_back();
  return text;
}

/// Takes over what a callback has filled in. `filled`: what the callback answered.
Credentials::Answer taken(OmniClientCredentials& raw, bool filled) {
  using Kind = Credentials::Answer::Kind;
  Credentials::Answer answer{Kind::None, text_of(raw.token), text_of(raw.username), text_of(raw.password)};
  if (!filled) return {};
  if (raw.abort) {
    answer.kind = Kind::Abort;
  } else if (!answer.token.empty()) {
    answer.kind = Kind::Token;
  } else if (!answer.username.empty()) {
    answer.kind = Kind::Password;
  }
  return answer;
}

Credentials::Answer from_environment() {
  const char* user = std::getenv("OMNI_USER");
  const char* password = std::getenv("OMNI_PASS");
  if (user == nullptr || *user == '\0') return {};
  return {Credentials::Answer::Kind::Password, "", user, password == nullptr ? "" : password};
}

}  // namespace

/// The callbacks that are left to be asked, one after the other.
class Credentials::Asking : public std::enable_shared_from_this<Asking> {
 public:
  Asking(Credentials& owner, std::shared_ptr<Operation> operation, std::string server, std::function<void(Answer)> done)
      : calls_(owner.calls_),
        loop_(owner.loop_),
        operation_(std::move(operation)),
        server_(std::move(server)),
        done_(std::move(done)),
        left_(owner.registrations_.of(Event::Authentication)) {}

  void next() {
    if (operation_->cancelled()) return;
    if (left_.empty()) return end(from_environment());
    const auto registration = left_.back();
    left_.pop_back();
    // Where the callback was unregistered meanwhile the call is destroyed instead of being made.
    const auto turn = std::make_shared<Turn>(shared_from_this());
    calls_.post_awaited(registration, [turn, registration] {
      const auto self = std::exchange(turn->asking, nullptr);
      if (self->operation_->cancelled()) return;
      OmniClientCredentials raw{};
      const bool filled =
          registration->as<OmniClientAuthCallback>()(registration->user_data, self->server_.c_str(), &raw);
      auto answer = taken(raw, filled);
      if (answer.kind == Answer::Kind::None) return self->next();
      self->end(std::move(answer));
    });
  }

 private:
  struct Turn {
    explicit Turn(std::shared_ptr<Asking> whose) : asking(std::move(whose)) {}
    ~Turn() {
      if (asking) asking->next();
    }
    std::shared_ptr<Asking> asking;
  };

  void end(Answer answer) {
    loop_.post([operation = operation_, done = done_, answer = std::move(answer)] {
      if (!operation->cancelled()) done(answer);
    });
  }

  Calls& calls_;
  Loop& loop_;
  const std::shared_ptr<Operation> operation_;
  const std::string server_;
  const std::function<void(Answer)> done_;
  std::vector<RegistrationPtr> left_;  ///< The newest last.
};

class Credentials::Shown final : public Login {
 public:
  Shown(std::shared_ptr<Open> open, std::function<void()> on_cancel, std::function<void(std::uint32_t)> end)
      : handle_(++last_handle), open_(std::move(open)), on_cancel_(std::move(on_cancel)), end_(std::move(end)) {}
  ~Shown() override {
    {
      std::lock_guard lock(open_->mutex);
      open_->logins.erase(handle_);
    }
    end_(handle_);
  }

  std::uint32_t handle() const override { return handle_; }
  /// On the loop's thread.
  void cancel() {
    if (const auto function = std::exchange(on_cancel_, nullptr)) function();
  }

 private:
  const std::uint32_t handle_;
  const std::shared_ptr<Open> open_;
  std::function<void()> on_cancel_;
  const std::function<void(std::uint32_t)> end_;
};

void Credentials::ask(const std::shared_ptr<Operation>& operation, std::string server,
                      std::function<void(Answer)> done) {
  std::make_shared<Asking>(*this, operation, std::move(server), std::move(done))->next();
}

std::shared_ptr<Credentials::Login> Credentials::show(std::function<void()> on_cancel,
                                                      std::function<void(std::uint32_t)> end) {
  auto login = std::make_shared<Shown>(open_, std::move(on_cancel), std::move(end));
  std::lock_guard lock(open_->mutex);
  open_->logins.emplace(login->handle(), login);
  return login;
}

std::shared_ptr<Credentials::Login> Credentials::show_browser(const std::string& server,
                                                              std::function<void()> on_cancel) {
  const auto tell = [&calls = calls_, &registrations = registrations_, server](bool shown, std::uint32_t handle) {
    for (const auto& registration : registrations.of(Event::MessageBox)) {
      calls.post_awaited(registration, [registration, server, shown, handle] {
        registration->as<OmniClientAuthenticationMessageBoxCallback>()(registration->user_data, shown, server.c_str(),
                                                                       handle);
      });
    }
  };
  auto login = show(std::move(on_cancel), [tell](std::uint32_t handle) { tell(false, handle); });
  tell(true, login->handle());
  return login;
}

std::shared_ptr<Credentials::Login> Credentials::show_device_flow(DeviceFlow flow, std::function<void()> on_cancel) {
  const auto tell = [&calls = calls_, &registrations = registrations_](std::uint32_t handle,
                                                                       const std::shared_ptr<DeviceFlow>& shown) {
    for (const auto& registration : registrations.of(Event::DeviceFlow)) {
      calls.post_awaited(registration, [registration, handle, shown] {
        const auto call = registration->as<OmniClientAuthDeviceFlowCallback>();
        if (!shown) return call(registration->user_data, handle, nullptr);
        const OmniClientAuthDeviceFlowParams params{shown->server.c_str(), shown->url.c_str(), shown->code.c_str(),
                                                    shown->expiration_s};
        call(registration->user_data, handle, &params);
      });
    }
  };
  auto login = show(std::move(on_cancel), [tell](std::uint32_t handle) { tell(handle, nullptr); });
  tell(login->handle(), std::make_shared<DeviceFlow>(std::move(flow)));
  return login;
}

void Credentials::cancel(std::uint32_t handle) {
  std::lock_guard lock(open_->mutex);
  const auto found = open_->logins.find(handle);
  if (found == open_->logins.end()) return;
  loop_.post([weak = found->second] {
    if (const auto login = weak.lock()) login->cancel();
  });
}

}  // namespace omniclient
