#include "requests.hpp"

namespace client {
namespace {

OmniClientContent one_byte() {
  auto content = omniClientAllocContent(1);
  *static_cast<char*>(content.buffer) = 'x';
  return content;
}

void keep_live_result(void* data, OmniClientResult result, uint64_t, uint64_t) noexcept {
  *static_cast<OmniClientResult*>(data) = result;
}

std::string beside(const std::string& url) { return url.substr(0, url.rfind('/')) + "/beside"; }

}  // namespace

OmniClientResult live_created(const std::string& url, std::uint64_t* object) {
  struct Created {
    OmniClientResult result = eOmniClientResult_Error;
    std::uint64_t object = 0;
  } created;
  auto content = one_byte();
  omniClientWait(omniClientLiveCreate(url.c_str(), &content, &created,
                                      [](void* data, OmniClientResult result, uint64_t made, uint64_t) noexcept {
                                        *static_cast<Created*>(data) = {result, made};
                                      }));
  if (object != nullptr) *object = created.object;
  return created.result;
}

OmniClientResult live_updated(const std::string& url, std::uint64_t object) {
  auto result = eOmniClientResult_Error;
  auto content = one_byte();
  omniClientWait(omniClientLiveUpdate(url.c_str(), object, &content, &result, keep_live_result));
  return result;
}

OmniClientResult live_read(const std::string& url) {
  Collected<OmniClientResult> results;
  const auto id =
      omniClientLiveRead2(url.c_str(), 0, 0, &results,
                          [](void* data, OmniClientResult result, uint64_t, uint64_t, OmniClientContent*) noexcept {
                            static_cast<Collected<OmniClientResult>*>(data)->add(result);
                          });
  const auto result = results.wait_for(1)[0];
  omniClientStop(id);
  return result;
}

OmniClientResult joined(const std::string& url) {
  Member member(url);
  return member.said.wait_for(1)[0].result;
}

OmniClientResult made_of_hash(const std::string& url, const std::string& hash) {
  auto result = eOmniClientResult_Error;
  omniClientWait(omniClientCreateWithHash(url.c_str(), hash.c_str(), true, &result,
                                          [](void* data, OmniClientResult got, char const*, char const*) noexcept {
                                            *static_cast<OmniClientResult*>(data) = got;
                                          }));
  return result;
}

OmniClientResult obliterated(const std::string& url) {
  return result_of([&](auto... more) { return omniClientObliterate(url.c_str(), true, more...); });
}

OmniClientResult acls_read(const std::string& url) {
  auto result = eOmniClientResult_Error;
  omniClientWait(omniClientGetAcls(url.c_str(), &result,
                                   [](void* data, OmniClientResult got, uint32_t, OmniClientAclEntry*) noexcept {
                                     *static_cast<OmniClientResult*>(data) = got;
                                   }));
  return result;
}

OmniClientResult acls_set(const std::string& url) {
  return result_of([&](auto... more) { return omniClientSetAcls(url.c_str(), 0, nullptr, more...); });
}

std::vector<ItemRequest> item_requests() {
  using Url = const std::string&;
  const std::string unknown(64, '0');
  return {
      {"Stat2", [](Url url) { return stat(url).result; }},
      {"StatSubscribe", [](Url url) { return Watch::item(url).first(); }},
      {"List2", [](Url url) { return list(url).result; }},
      {"ListSubscribe", [](Url url) { return Watch::folder(url).first(); }},
      {"ReadFile", [](Url url) { return read(url).result; }},
      {"WriteFile", [](Url url) { return write(url, "x"); }},
      {"CreateWithHash", [unknown](Url url) { return made_of_hash(url, unknown); }},
      {"GetLocalFile", [](Url url) { return local_file(url).result; }},
      {"CreateFolder", [](Url url) { return create_folder(url); }},
      {"Copy", [](Url url) { return copy(url, beside(url)); }},
      {"Move", [](Url url) { return move(url, beside(url)).result; }},
      {"Delete", [](Url url) { return delete_item(url); }},
      {"DeleteSingle", [](Url url) { return remove_single(url); }},
      {"Undelete", [](Url url) { return call(omniClientUndelete, url); }},
      {"Obliterate", [](Url url) { return obliterated(url); }},
      {"CreateCheckpoint", [](Url url) { return create_checkpoint(url, "x", true).result; }},
      {"ListCheckpoints", [](Url url) { return list_checkpoints(url).result; }},
      {"Lock", [](Url url) { return call(omniClientLock, url); }},
      {"Unlock", [](Url url) { return call(omniClientUnlock, url); }},
      {"JoinChannel", [](Url url) { return joined(url); }},
      {"LiveCreate", [](Url url) { return live_created(url); }},
      {"LiveUpdate", [](Url url) { return live_updated(url); }},
      {"LiveRead2", [](Url url) { return live_read(url); }},
      {"GetAcls", [](Url url) { return acls_read(url); }},
      {"SetAcls", [](Url url) { return acls_set(url); }},
  };
}

}  // namespace client
