// The C API as it is publicly known: names, values, types and the order of parameters. Nothing of this runs.
#include <OmniClient.h>

namespace {

using Id = OmniClientRequestId;
using Result = OmniClientResult;
using Text = char const*;
using Entry = OmniClientListEntry const*;
using Include = OmniClientListIncludeOption;
using Url = OmniClientUrl;
using Content = OmniClientContent;

/// A callback: the program's data, and what it is told.
template <class... Told>
using Callback = void (*)(void*, Told...) OMNICLIENT_CALLBACK_NOEXCEPT;
template <class... Told>
using Asking = bool (*)(void*, Told...) OMNICLIENT_CALLBACK_NOEXCEPT;

using Plain = Callback<Result>;
using StatCallback = Callback<Result, Entry>;
using ChangeCallback = Callback<Result, OmniClientListEvent, Entry>;
using ListCallback = Callback<Result, uint32_t, Entry>;
using NamesCallback = Callback<Result, uint64_t, const char**>;
using TextCallback = Callback<Result, Text>;
using WriteCallback = Callback<Result, OmniClientWriteFileExInfo const*>;
using MoveCallback = Callback<Result, bool>;
using LiveCallback = Callback<Result, uint64_t, uint64_t>;
using LiveReadCallback = Callback<Result, uint64_t, uint64_t, Content*>;

/// Compiles where a function can be called like one of type `Wanted`.
template <class Wanted>
void is(Wanted*) {}

void startup_and_requests() {
  is<bool(uint64_t)>(omniClientInitialize);
  is<void()>(omniClientShutdown);
  is<Text()>(omniClientGetVersionString);
  is<void(Text, Text, Text)>(omniClientSetProductInfo);
  is<void(void (*)(Text, Text, OmniClientLogLevel, Text) OMNICLIENT_CALLBACK_NOEXCEPT)>(omniClientSetLogCallback);
  is<void(OmniClientLogLevel)>(omniClientSetLogLevel);
  is<Text(OmniClientLogLevel)>(omniClientGetLogLevelString);
  is<char(OmniClientLogLevel)>(omniClientGetLogLevelChar);
  is<void()>(omniClientTraceStop);
  is<uint32_t(void*, OmniClientMetricsCallback)>(omniClientRegisterMetricsCallback);
  is<void(Id)>(omniClientStop);
  is<void(Id)>(omniClientWait);
  is<bool(Id, uint64_t)>(omniClientWaitFor);
  is<Text(Result)>(omniClientGetResultString);
  is<void(Text, Text)>(omniClientSetAlias);
  is<OmniIDLCPPInitializerReactor*()>(omniClientGetReactor);
}

void connections() {
  is<uint32_t(void*, Callback<Text, OmniClientConnectionStatus>)>(omniClientRegisterConnectionStatusCallback);
  is<Text(OmniClientConnectionStatus)>(omniClientGetConnectionStatusString);
  is<uint32_t(void*, Callback<Text, OmniClientFileStatus, int>)>(omniClientRegisterFileStatusCallback);
  is<Text(OmniClientFileStatus)>(omniClientGetFileStatusString);
  is<void(uint32_t)>(omniClientUnregisterCallback);
  is<uint32_t(void*, OmniClientCacheBypassStatusCallback)>(omniClientRegisterCacheBypassStatusCallback);
  is<Text(OmniClientCacheBypassStatus)>(omniClientGetCacheBypassStatusString);
  is<OmniClientCacheBypassStatus(OmniClientCacheBypassStatus)>(omniClientSetCacheBypassStatus);
  is<uint32_t(void*, Asking<Text, OmniClientCredentials*>)>(omniClientRegisterAuthCallback);
  is<void(void*, Callback<bool, const char*, uint32_t>)>(omniClientSetAuthenticationMessageBoxCallback);
  is<void(uint32_t)>(omniClientAuthenticationCancel);
  is<uint32_t(void*, OmniClientAuthDeviceFlowCallback)>(omniClientRegisterAuthDeviceFlowCallback);
  is<uint32_t(void*, OmniClientStorageAuthCallback)>(omniClientRegisterStorageAuthCallback);
  is<bool(uint32_t, Text)>(omniClientSetStorageAccessToken);
  is<void(Text)>(omniClientSignOut);
  is<void(Text)>(omniClientReconnect);
  is<OmniClientRetryBehavior(OmniClientRetryBehavior)>(omniClientSetRetries);
  is<Id(Text, void*, Callback<Result, OmniClientServerInfo const*>)>(omniClientGetServerInfo);
  is<Id(Text, void*, TextCallback)>(omniClientRefreshAuthToken);
}

void urls() {
  is<Url*(Text)>(omniClientBreakUrl);
  is<Url*(Text)>(omniClientBreakUrlReference);
  is<void(Url*)>(omniClientFreeUrl);
  is<char*(Url const*, char*, size_t*)>(omniClientMakeUrl);
  is<char*(Text, char*, size_t*)>(omniClientMakeFileUrl);
  is<char*(Text, char*, size_t*)>(omniClientNormalizeUrl);
  is<char*(Text, Text, char*, size_t*)>(omniClientCombineUrls);
  is<Url*(Url const*, Text)>(omniClientCombineUrls2);
  is<char*(Text, char*, size_t*)>(omniClientCombineWithBaseUrl);
  is<Url*(Text)>(omniClientCombineWithBaseUrl2);
  is<char*(Text, Text, char*, size_t*)>(omniClientMakeRelativeUrl);
  is<char*(Text, char*, size_t*)>(omniClientMakePrintable);
  is<void(Text)>(omniClientPushBaseUrl);
  is<bool(Text)>(omniClientPopBaseUrl);
  is<Text()>(omniClientGetBaseUrl);
}

void looking() {
  using Found = Callback<Result, Entry, Text>;
  using FoundElsewhere = Callback<Result, OmniClientListEvent, Entry, Text>;
  is<Id(Text, void*, StatCallback)>(omniClientStat);
  is<Id(Text, Include, void*, StatCallback)>(omniClientStat2);
  is<Id(Text, void*, StatCallback, ChangeCallback)>(omniClientStatSubscribe);
  is<Id(Text, Include, void*, StatCallback, ChangeCallback)>(omniClientStatSubscribe2);
  is<Id(Text, void*, ListCallback)>(omniClientList);
  is<Id(Text, Include, void*, ListCallback)>(omniClientList2);
  is<Id(Text, void*, ListCallback, ChangeCallback)>(omniClientListSubscribe);
  is<Id(Text, Include, void*, ListCallback, ChangeCallback)>(omniClientListSubscribe2);
  is<void(bool)>(omniClientBypassListCache);
  is<Id(Text, char const* const*, uint32_t, void*, Found)>(omniClientResolve);
  is<Id(Text, char const* const*, uint32_t, void*, Found, FoundElsewhere)>(omniClientResolveSubscribe);
  is<void(Text)>(omniClientAddDefaultSearchPath);
  is<void(Text)>(omniClientRemoveDefaultSearchPath);
  is<uint32_t(char const**, uint32_t)>(omniClientGetDefaultSearchPaths);
}

void files() {
  using Copying = Id(Text, Text, void*, Plain, OmniClientCopyBehavior, Text);
  using Moving = Id(Text, Text, void*, MoveCallback, OmniClientCopyBehavior, Text);
  is<Id(Text, void*, Callback<Result, Text, Content*>)>(omniClientReadFile);
  is<Id(Text, Content*, void*, Plain, Text)>(omniClientWriteFile);
  is<Id(Text, Content*, void*, WriteCallback, Text)>(omniClientWriteFileEx);
  is<Id(Text, Content*, void*, WriteCallback, OmniClientWriteFileEx2Options const*)>(omniClientWriteFileEx2);
  is<Id(Text, Text, bool, void*, OmniClientCreateWithHashCallback, Text)>(omniClientCreateWithHash);
  is<Id(Text, bool, void*, TextCallback)>(omniClientGetLocalFile);
  is<Content(size_t)>(omniClientAllocContent);
  is<Content(void*, size_t)>(omniClientReferenceContent);
  is<Content(Content*)>(omniClientMoveContent);
  is<Content(Content&)>(omniClientMoveContent);
  is<Content(Content const*)>(omniClientCopyContent);
  is<Content(Content const&)>(omniClientCopyContent);
  is<void(Content*)>(omniClientFreeContent);
  is<void(Content&)>(omniClientFreeContent);
  is<Id(Text, void*, Plain)>(omniClientCreateFolder);
  is<Copying>(omniClientCopy);
  is<Copying>(omniClientCopyFile);
  is<Copying>(omniClientCopyFolder);
  is<Moving>(omniClientMove);
  is<Moving>(omniClientMoveFile);
  is<Moving>(omniClientMoveFolder);
  is<Id(Text, void*, Plain)>(omniClientDelete);
  is<Id(Text, void*, Plain)>(omniClientDeleteSingle);
  is<Id(Text, void*, Plain)>(omniClientUndelete);
  is<Id(Text, bool, void*, Plain)>(omniClientObliterate);
}

void versions_and_sharing() {
  is<Id(Text, Text, bool, void*, TextCallback)>(omniClientCreateCheckpoint);
  is<Id(Text, void*, ListCallback)>(omniClientListCheckpoints);
  is<OmniClientBranchAndCheckpoint*(Text)>(omniClientGetBranchAndCheckpointFromQuery);
  is<void(OmniClientBranchAndCheckpoint*)>(omniClientFreeBranchAndCheckpoint);
  is<char*(Text, uint64_t, char*, size_t*)>(omniClientMakeQueryFromBranchAndCheckpoint);
  is<Id(Text, void*, Plain)>(omniClientLock);
  is<Id(Text, void*, Plain)>(omniClientUnlock);
  is<Id(Text, void*, Callback<Result, OmniClientChannelEvent, Text, Content*>)>(omniClientJoinChannel);
  is<Id(Id, Content*, void*, Plain)>(omniClientSendMessage);
  is<void()>(omniClientLiveProcess);
  is<void(Text, uint64_t)>(omniClientLiveProcessUpTo);
  is<uint64_t(Text)>(omniClientLiveGetLatestServerTime);
  is<void()>(omniClientLiveWaitForPendingUpdates);
  is<uint32_t(void*, Callback<OmniClientLiveUpdateInfo const*>)>(omniClientLiveRegisterQueuedCallback2);
  is<void(uint32_t, uint32_t, uint32_t)>(omniClientLiveConfigureJitterReduction);
  is<uint32_t(void*, Callback<>)>(omniClientLiveRegisterProcessUpdatesCallback);
  is<Id(Text, uint64_t, uint64_t, void*, LiveReadCallback)>(omniClientLiveRead);
  is<Id(Text, uint64_t, uint64_t, void*, LiveReadCallback)>(omniClientLiveRead2);
  is<Id(Text, Content*, void*, LiveCallback)>(omniClientLiveCreate);
  is<Id(Text, uint64_t, Content*, void*, LiveCallback)>(omniClientLiveUpdate);
  is<Id(Text, uint64_t, Content*, void*, LiveCallback)>(omniClientLiveUpdate2);
}

void rights_and_settings() {
  is<Id(Text, void*, Callback<Result, uint32_t, OmniClientAclEntry*>)>(omniClientGetAcls);
  is<Id(Text, uint32_t, OmniClientAclEntry*, void*, Plain)>(omniClientSetAcls);
  is<Id(Text, void*, NamesCallback)>(omniClientGetGroups);
  is<Id(Text, Text, void*, NamesCallback)>(omniClientGetGroupUsers);
  is<Id(Text, Text, void*, Plain)>(omniClientCreateGroup);
  is<Id(Text, Text, Text, void*, Plain)>(omniClientRenameGroup);
  is<Id(Text, Text, void*, Callback<Result, uint64_t>)>(omniClientRemoveGroup);
  is<Id(Text, void*, NamesCallback)>(omniClientGetUsers);
  is<Id(Text, Text, void*, NamesCallback)>(omniClientGetUserGroups);
  is<Id(Text, Text, Text, void*, Plain)>(omniClientAddUserToGroup);
  is<Id(Text, Text, Text, void*, Plain)>(omniClientRemoveUserFromGroup);
  is<void(Text, Text)>(omniClientAddBookmark);
  is<void(Text)>(omniClientRemoveBookmark);
  is<Id(void*, Callback<OmniClientBookmark const*, size_t>)>(omniClientListBookmarks);
  is<void()>(omniClientConfigReload);
  is<Text(Text)>(omniClientConfigGetString);
  is<void(Text)>(omniClientConfigFreeString);
  is<void(Text, int64_t)>(omniClientConfigSetInt);
  using StorageCallback = OmniClientRegisterStorageCallback;
  is<Id(OmniClientStorageRegistrationInfo const*, void*, StorageCallback)>(omniClientRegisterStorageDirect);
  is<Id(Text, void*, StorageCallback)>(omniClientRegisterStorageFromDiscovery);
  // What these answer is not known; how they are called is.
  omniClientSetHttpHeader("key", nullptr);
  omniClientSetS3Configuration("url", "bucket", "region", "key", "secret", "cloudfront", true, false);
  omniClientSetS3Configuration2("url", "bucket", "region", "key", "secret", "token", "cloudfront", true, false);
  omniClientSetAzureSASToken("host", "container", "token", false);
  omniClientGetOmniHubVersion(nullptr, nullptr);
}

// ---------------------------------------- values

#define VALUE(name, value) static_assert(static_cast<int>(name) == (value), #name)
#define VALUES4(prefix, start, a, b, c, d) \
  VALUE(prefix##a, start);                 \
  VALUE(prefix##b, (start) + 1);           \
  VALUE(prefix##c, (start) + 2);           \
  VALUE(prefix##d, (start) + 3)

VALUES4(eOmniClientLogLevel_, 0, Debug, Verbose, Info, Warning);
VALUE(eOmniClientLogLevel_Error, 4);
VALUES4(eOmniClientConnectionStatus_, 0, Connecting, Connected, ConnectError, Disconnected);
VALUES4(eOmniClientConnectionStatus_, 4, SignedOut, NoUsername, AuthAbort, AuthCancelled);
VALUES4(eOmniClientConnectionStatus_, 8, AuthError, AuthFailed, ServerIncompatible, InvalidHost);
VALUES4(eOmniClientFileStatus_, 0, Reading, Writing, Copying, Moving);
VALUES4(eOmniClientFileStatus_, 4, Deleting, Obliterating, LiveUpdateSending, LiveUpdateReceived);
VALUE(eOmniClientFileStatus_Listing, 8);
VALUE(eOmniClientFileStatus_Stating, 9);
VALUES4(eOmniClientResult_, 0, Ok, OkLatest, OkNotYetFound, Error);
VALUES4(eOmniClientResult_Error, 4, Connection, NotSupported, AccessDenied, NotFound);
VALUES4(eOmniClientResult_Error, 8, BadVersion, AlreadyExists, SourceIsDest, AccessLost);
VALUES4(eOmniClientResult_Error, 12, Locked, BadRequest, FolderNotEmpty, WrongType);
VALUE(eOmniClientResult_ErrorUnsupportedVersion, 16);
VALUE(eOmniClientResult_FolderNotEmpty, 14);
VALUE(fOmniClientAccess_Read, 1);
VALUE(fOmniClientAccess_Write, 2);
VALUE(fOmniClientAccess_Admin, 4);
VALUE(fOmniClientAccess_Full, 7);
VALUE(fOmniClientItem_ReadableFile, 1);
VALUE(fOmniClientItem_WriteableFile, 2);
VALUE(fOmniClientItem_CanHaveChildren, 4);
VALUE(fOmniClientItem_DoesNotHaveChildren, 8);
VALUE(fOmniClientItem_IsMount, 16);
VALUE(fOmniClientItem_IsInsideMount, 32);
VALUE(fOmniClientItem_CanLiveUpdate, 64);
VALUE(fOmniClientItem_IsOmniObject, 128);
VALUE(fOmniClientItem_IsChannel, 256);
VALUE(fOmniClientItem_IsCheckpointed, 512);
VALUE(fOmniClientItem_IsDeleted, 1024);
VALUES4(eOmniClientListEvent_, 0, Unknown, Created, Updated, Deleted);
VALUES4(eOmniClientListEvent_, 4, Metadata, Locked, Unlocked, Obliterated);
VALUE(eOmniClientListIncludeOption_DefaultNotDeleted, 0);
VALUE(eOmniClientListIncludeOption_IncludeDeleted, 1);
VALUE(eOmniClientListIncludeOption_OnlyDeleted, 2);
VALUE(eOmniClientCopy_ErrorIfExists, 0);
VALUE(eOmniClientCopy_Overwrite, 1);
VALUES4(eOmniClientChannelEvent_, 0, Error, Message, Hello, Join);
VALUE(eOmniClientChannelEvent_Left, 4);
VALUE(eOmniClientChannelEvent_Deleted, 5);
VALUE(eOmniClientLiveUpdateType_Remote, 0);
VALUE(eOmniClientLiveUpdateType_Local, 1);
VALUE(eOmniClientLiveUpdateType_More, 2);
VALUE(Count_eOmniClientResult, 17);
VALUE(Count_eOmniClientConnectionStatus, 12);
static_assert(kInvalidRequestId == 0, "no request");
static_assert(kOmniClientVersion == ((uint64_t(OMNICLIENT_VERSION_MAJOR) << 48) |
                                     (uint64_t(OMNICLIENT_VERSION_MINOR) << 32) | OMNICLIENT_VERSION_PATCH),
              "the version is packed");

// ---------------------------------------- structs: the order of their fields, which programs initialize them by

const OmniClientUrl kUrl = {"scheme", "user", "host", "port", "path", "query", "fragment", true};
const OmniClientCredentials kCredentials = {false, {nullptr, size_t(1), nullptr}, {}, {}};
const OmniClientRetryBehavior kRetries = {120000, 100, 100};
const OmniClientAclEntry kAcl = {"name", uint32_t(7)};
const OmniClientBookmark kBookmark = {"name", "url"};
const OmniClientBranchAndCheckpoint kVersion = {"branch", uint64_t(1)};
const OmniClientWriteFileExInfo kWritten = {"version", "hash"};
const OmniClientWriteFileEx2Options kOptions = {kOmniClientWriteFileEx2OptionsVersion, true, "message"};
const OmniClientHttpHeader kHeader = {"key", "value"};
const OmniClientStorageRegistrationInfo kStorage = {"url", &kHeader, size_t(1)};
const OmniClientServerInfo kServer = {"version", "username", "authToken", "connectionId", true, true, true, true, true};
const OmniClientLiveUpdateInfo kLive = {
    eOmniClientLiveUpdateType_Remote, eOmniClientResult_Ok, &kUrl, uint64_t(1), uint64_t(2), uint64_t(3)};

template <class Struct, class Field>
constexpr bool has(Field Struct::*) {
  return true;
}
static_assert(has<OmniClientListEntry, char const*>(&OmniClientListEntry::relativePath) &&
                  has<OmniClientListEntry, uint32_t>(&OmniClientListEntry::access) &&
                  has<OmniClientListEntry, uint32_t>(&OmniClientListEntry::flags) &&
                  has<OmniClientListEntry, uint64_t>(&OmniClientListEntry::size) &&
                  has<OmniClientListEntry, uint64_t>(&OmniClientListEntry::modifiedTimeNs) &&
                  has<OmniClientListEntry, uint64_t>(&OmniClientListEntry::createdTimeNs) &&
                  has<OmniClientListEntry, char const*>(&OmniClientListEntry::modifiedBy) &&
                  has<OmniClientListEntry, char const*>(&OmniClientListEntry::createdBy) &&
                  has<OmniClientListEntry, char const*>(&OmniClientListEntry::version) &&
                  has<OmniClientListEntry, char const*>(&OmniClientListEntry::hash) &&
                  has<OmniClientListEntry, char const*>(&OmniClientListEntry::comment) &&
                  has<OmniClientListEntry, uint64_t>(&OmniClientListEntry::deletedTimeNs) &&
                  has<OmniClientListEntry, char const*>(&OmniClientListEntry::deletedBy) &&
                  has<OmniClientListEntry, char const*>(&OmniClientListEntry::lockedBy),
              "an item in a list");

}  // namespace

/// Names all of it, so that nothing is unused.
bool all_of_it() {
  startup_and_requests();
  connections();
  urls();
  looking();
  files();
  versions_and_sharing();
  rights_and_settings();
  return kUrl.isRaw && !kCredentials.abort && kRetries.maxMs > 0 && kAcl.access == fOmniClientAccess_Full &&
         kBookmark.url && kVersion.checkpoint && kWritten.hash && kOptions.skip_checkpoint && kStorage.numHeaders &&
         kServer.undeleteEnabled && kLive.serverTime == 3;
}
