/* The Omniverse client library: files, folders, live objects, channels and versions behind URLs.
 *
 * Usable from C11 and from C++14 on. Everything that may take time is a request: the function answers at once with an
 * id, and the answer comes to a callback.
 *
 * Requests. Each calls its callback exactly once, unless it is stopped first; subscriptions, channels and live reads
 * call back again and again. A callback may be null. What a callback is given (strings, entries, content) is valid only
 * while it runs. An id of kInvalidRequestId (0) means that nothing was begun, and that nothing will be called.
 *
 * Threads. Every function may be called from every thread, also inside a callback. Callbacks come from one thread of
 * the library, one after the other; omniClientLiveProcess calls those of live reads on its caller's thread. A wait
 * inside a callback runs those callbacks that somebody waits for meanwhile, so it cannot block itself.
 *
 * URLs. Whatever takes a URL takes a reference relative to the base URL of the calling thread (omniClientPushBaseUrl),
 * or relative to the current folder where there is none. A malformed or null URL is answered with ErrorBadRequest, a
 * scheme that nobody serves with ErrorNotSupported.
 *
 * Strings into a buffer. `*bufferSize` is the room in bytes; the function sets it to what the text needs, with its
 * terminating NUL, and answers `buffer`, or null where the room is too small. Asking with a null buffer and a size of 0
 * tells the size.
 *
 * One file. Programs of the vendor's 2.x API include this name and find all of it; so it is one, long as it is, and its
 * parts follow one another by what they are about.
 *
 * Results. Ok and what begins with Ok is success. ErrorConnection: there is no connection, or it was lost.
 * ErrorNotSupported: what serves this URL cannot do this. ErrorBadRequest: a mistake in the arguments.
 */
#ifndef OMNICLIENT_H
#define OMNICLIENT_H

#include "OmniClientAbi.h"
#include "OmniClientVersion.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint64_t OmniClientRequestId;
static const OmniClientRequestId kInvalidRequestId = 0;

/* ---- values ------------------------------------------------------------------------------------------------------ */

typedef enum OmniClientLogLevel {
  eOmniClientLogLevel_Debug = 0,
  eOmniClientLogLevel_Verbose = 1,
  eOmniClientLogLevel_Info = 2,
  eOmniClientLogLevel_Warning = 3,
  eOmniClientLogLevel_Error = 4,
  Count_eOmniClientLogLevel
} OmniClientLogLevel;

typedef enum OmniClientConnectionStatus {
  eOmniClientConnectionStatus_Connecting = 0,
  eOmniClientConnectionStatus_Connected = 1,
  eOmniClientConnectionStatus_ConnectError = 2,
  eOmniClientConnectionStatus_Disconnected = 3,
  eOmniClientConnectionStatus_SignedOut = 4,
  eOmniClientConnectionStatus_NoUsername = 5,
  eOmniClientConnectionStatus_AuthAbort = 6,
  eOmniClientConnectionStatus_AuthCancelled = 7,
  eOmniClientConnectionStatus_AuthError = 8,
  eOmniClientConnectionStatus_AuthFailed = 9,
  eOmniClientConnectionStatus_ServerIncompatible = 10,
  eOmniClientConnectionStatus_InvalidHost = 11,
  Count_eOmniClientConnectionStatus
} OmniClientConnectionStatus;

typedef enum OmniClientFileStatus {
  eOmniClientFileStatus_Reading = 0,
  eOmniClientFileStatus_Writing = 1,
  eOmniClientFileStatus_Copying = 2,
  eOmniClientFileStatus_Moving = 3,
  eOmniClientFileStatus_Deleting = 4,
  eOmniClientFileStatus_Obliterating = 5,
  eOmniClientFileStatus_LiveUpdateSending = 6,
  eOmniClientFileStatus_LiveUpdateReceived = 7,
  eOmniClientFileStatus_Listing = 8,
  eOmniClientFileStatus_Stating = 9,
  Count_eOmniClientFileStatus
} OmniClientFileStatus;

typedef enum OmniClientResult {
  eOmniClientResult_Ok = 0,
  eOmniClientResult_OkLatest = 1,      /* A live read has reached the present. */
  eOmniClientResult_OkNotYetFound = 2, /* Subscribed to something that is not there yet. */
  eOmniClientResult_Error = 3,
  eOmniClientResult_ErrorConnection = 4,
  eOmniClientResult_ErrorNotSupported = 5,
  eOmniClientResult_ErrorAccessDenied = 6,
  eOmniClientResult_ErrorNotFound = 7,
  eOmniClientResult_ErrorBadVersion = 8,
  eOmniClientResult_ErrorAlreadyExists = 9,
  eOmniClientResult_ErrorSourceIsDest = 10,
  eOmniClientResult_ErrorAccessLost = 11,
  eOmniClientResult_ErrorLocked = 12,
  eOmniClientResult_ErrorBadRequest = 13,
  eOmniClientResult_ErrorFolderNotEmpty = 14,
  eOmniClientResult_FolderNotEmpty = 14, /* The same, as some versions spell it. */
  eOmniClientResult_ErrorWrongType = 15,
  eOmniClientResult_ErrorUnsupportedVersion = 16,
  Count_eOmniClientResult
} OmniClientResult;

/* What the user of the connection may do with an item; bits. */
typedef enum OmniClientAccessFlags {
  fOmniClientAccess_Read = 1,
  fOmniClientAccess_Write = 2,
  fOmniClientAccess_Admin = 4,
  fOmniClientAccess_Full = 7,
  Count_fOmniClientAccess
} OmniClientAccessFlags;

/* What an item is; bits. */
typedef enum OmniClientItemFlags {
  fOmniClientItem_ReadableFile = 1,
  fOmniClientItem_WriteableFile = 2,
  fOmniClientItem_CanHaveChildren = 4,
  fOmniClientItem_DoesNotHaveChildren = 8, /* Surely none. Without this bit there may be none as well. */
  fOmniClientItem_IsMount = 16,
  fOmniClientItem_IsInsideMount = 32,
  fOmniClientItem_CanLiveUpdate = 64,
  fOmniClientItem_IsOmniObject = 128,
  fOmniClientItem_IsChannel = 256,
  fOmniClientItem_IsCheckpointed = 512,
  fOmniClientItem_IsDeleted = 1024,
  Count_fOmniClientItem
} OmniClientItemFlags;

typedef enum OmniClientListEvent {
  eOmniClientListEvent_Unknown = 0,
  eOmniClientListEvent_Created = 1,
  eOmniClientListEvent_Updated = 2,
  eOmniClientListEvent_Deleted = 3,
  eOmniClientListEvent_Metadata = 4,
  eOmniClientListEvent_Locked = 5,
  eOmniClientListEvent_Unlocked = 6,
  eOmniClientListEvent_Obliterated = 7,
  Count_eOmniClientListEvent
} OmniClientListEvent;

typedef enum OmniClientListIncludeOption {
  eOmniClientListIncludeOption_DefaultNotDeleted = 0,
  eOmniClientListIncludeOption_IncludeDeleted = 1,
  eOmniClientListIncludeOption_OnlyDeleted = 2,
  Count_eOmniClientListIncludeOption
} OmniClientListIncludeOption;

typedef enum OmniClientCopyBehavior {
  eOmniClientCopy_ErrorIfExists = 0,
  eOmniClientCopy_Overwrite = 1,
  Count_eOmniClientCopyBehavior
} OmniClientCopyBehavior;

typedef enum OmniClientChannelEvent {
  eOmniClientChannelEvent_Error = 0,
  eOmniClientChannelEvent_Message = 1,
  eOmniClientChannelEvent_Hello = 2, /* Who was there already greets who has come. */
  eOmniClientChannelEvent_Join = 3,
  eOmniClientChannelEvent_Left = 4,
  eOmniClientChannelEvent_Deleted = 5,
  Count_eOmniClientChannelEvent
} OmniClientChannelEvent;

typedef enum OmniClientLiveUpdateType {
  eOmniClientLiveUpdateType_Remote = 0, /* Somebody else's update has arrived. */
  eOmniClientLiveUpdateType_Local = 1,  /* One of ours was confirmed. */
  eOmniClientLiveUpdateType_More = 2,   /* What was held back can be processed now. */
  Count_eOmniClientLiveUpdateType
} OmniClientLiveUpdateType;

typedef enum OmniClientCacheBypassStatus {
  eOmniClientCacheBypassStatus_Enabled = 0,
  eOmniClientCacheBypassStatus_Disabled = 1,
  Count_eOmniClientCacheBypassStatus
} OmniClientCacheBypassStatus;

typedef enum OmniClientMetricsEvent {
  eOmniClientMetricsEvent_Grpc = 100, /* OmniClientMetricsGrpc */
  eOmniClientMetricsEvent_Http = 101, /* OmniClientMetricsHttp */
  Count_eOmniClientMetricsEvent
} OmniClientMetricsEvent;

/* ---- structs ----------------------------------------------------------------------------------------------------- */

/* Bytes. `free` gives them back; null where they belong to somebody else. */
typedef struct OmniClientContent {
  void* buffer;
  size_t size;
  void(OMNICLIENT_ABI* free)(void* buffer);
} OmniClientContent;

typedef struct OmniClientBookmark {
  char const* name;
  char const* url;
} OmniClientBookmark;

/* A URL in parts. Null: the part is absent; "": it is there and empty. path, query and fragment are percent-decoded.
 * isRaw: a path of the local file system, all of it in `path` as it was written. */
typedef struct OmniClientUrl {
  char const* scheme;
  char const* user; /* Always absent with `omniverse:`. */
  char const* host;
  char const* port;
  char const* path;
  char const* query;
  char const* fragment;
  bool isRaw;
} OmniClientUrl;

typedef struct OmniClientCredentials {
  bool abort; /* Give up connecting. */
  OmniClientContent token;
  OmniClientContent username;
  OmniClientContent password;
} OmniClientCredentials;

typedef struct OmniClientAuthDeviceFlowParams {
  char const* server;
  char const* url;
  char const* code;
  int expiration; /* Seconds. */
} OmniClientAuthDeviceFlowParams;

/* How long failed work of a provider is repeated: attempt n waits baseMs * n * n, and up to jitterMs * n more. */
typedef struct OmniClientRetryBehavior {
  uint32_t maxMs; /* 0: never repeat. */
  uint32_t baseMs;
  uint32_t jitterMs;
} OmniClientRetryBehavior;

typedef struct OmniClientServerInfo {
  char const* version;
  char const* username;
  char const* authToken;
  char const* connectionId; /* The `from` of this client's messages in channels. */
  bool cacheEnabled;
  bool omniObjectsEnabled;
  bool checkpointsEnabled;
  bool atomicCheckpoints;
  bool undeleteEnabled;
} OmniClientServerInfo;

/* One item. Strings that a provider does not know are null. Times are nanoseconds since 1970, 0 where unknown. */
typedef struct OmniClientListEntry {
  char const* relativePath; /* In a list the item's name; of checkpoints the query, such as `&3`. */
  uint32_t access;          /* OmniClientAccessFlags */
  uint32_t flags;           /* OmniClientItemFlags */
  uint64_t size;            /* Bytes */
  uint64_t modifiedTimeNs;
  uint64_t createdTimeNs;
  char const* modifiedBy;
  char const* createdBy;
  char const* version;
  char const* hash;
  char const* comment;
  uint64_t deletedTimeNs;
  char const* deletedBy;
  char const* lockedBy;
} OmniClientListEntry;

typedef struct OmniClientAclEntry {
  char const* name; /* A user or a group. */
  uint32_t access;
} OmniClientAclEntry;

typedef struct OmniClientBranchAndCheckpoint {
  char const* branch;  /* "" is the default branch. */
  uint64_t checkpoint; /* 0 is the present. */
} OmniClientBranchAndCheckpoint;

typedef struct OmniClientWriteFileExInfo {
  char const* version;
  char const* hash;
} OmniClientWriteFileExInfo;

typedef struct OmniClientWriteFileEx2Options {
  uint16_t version; /* kOmniClientWriteFileEx2OptionsVersion */
  bool skip_checkpoint;
  char const* message;
} OmniClientWriteFileEx2Options;
static const uint16_t kOmniClientWriteFileEx2OptionsVersion = 1;

typedef struct OmniClientLiveUpdateInfo {
  OmniClientLiveUpdateType updateType;
  OmniClientResult result;
  OmniClientUrl const* url;
  uint64_t objectId;
  uint64_t sequenceNum;
  uint64_t serverTime;
} OmniClientLiveUpdateInfo;

typedef struct OmniClientHttpHeader {
  char const* key;
  char const* value;
} OmniClientHttpHeader;

typedef struct OmniClientStorageRegistrationInfo {
  char const* url;
  OmniClientHttpHeader const* headers;
  size_t numHeaders;
} OmniClientStorageRegistrationInfo;

/* One call to a server, for whoever measures. */
typedef struct OmniClientMetricsGrpc {
  uint16_t grpcStatusCode;
  uint64_t durationNs;
  char const* callName;
  char const* parameters;
} OmniClientMetricsGrpc;
typedef struct OmniClientMetricsHttp OmniClientMetricsHttp; /* Its fields are not public. */

/* Blocks of a cache that is shared with other programs, which there is none of here. */
typedef struct OmniClientBlockLocation {
  char const* file_path;
  uint64_t file_offset;
  uint64_t size;
  uint64_t handle;
} OmniClientBlockLocation;

typedef struct OmniClientBlockResult {
  OmniClientResult result;
  OmniClientBlockLocation const* block;
} OmniClientBlockResult;

typedef struct OmniClientPutRequest {
  uint8_t const* key;
  uint64_t keyLength;
  uint64_t blockSize;
  uint64_t rank;
} OmniClientPutRequest;

typedef struct OmniClientBlockMetadata OmniClientBlockMetadata;               /* Its fields are not public. */
typedef struct OmniClientBlockCacheStatResult OmniClientBlockCacheStatResult; /* Nor are these. */

/* ---- callbacks --------------------------------------------------------------------------------------------------- */

#define OMNICLIENT_CALLBACK(Name, ...) typedef void(OMNICLIENT_ABI * Name)(__VA_ARGS__) OMNICLIENT_CALLBACK_NOEXCEPT

OMNICLIENT_CALLBACK(OmniClientLogCallback, char const* threadName, char const* component, OmniClientLogLevel level,
                    char const* message);

OMNICLIENT_CALLBACK(OmniClientConnectionStatusCallback, void* userData, char const* url,
                    OmniClientConnectionStatus status);
OMNICLIENT_CALLBACK(OmniClientFileStatusCallback, void* userData, char const* url, OmniClientFileStatus status,
                    int percentage);
OMNICLIENT_CALLBACK(OmniClientCacheBypassStatusCallback, void* userData, OmniClientCacheBypassStatus status);

/* Answers whether it filled in the credentials; the library takes over their content. */
typedef bool(OMNICLIENT_ABI* OmniClientAuthCallback)(void* userData, char const* prefix,
                                                     OmniClientCredentials* credentials) OMNICLIENT_CALLBACK_NOEXCEPT;
OMNICLIENT_CALLBACK(OmniClientAuthenticationMessageBoxCallback, void* userData, bool show, char const* server,
                    uint32_t authHandle);
/* params is null when the flow has ended. */
OMNICLIENT_CALLBACK(OmniClientAuthDeviceFlowCallback, void* userData, uint32_t authHandle,
                    OmniClientAuthDeviceFlowParams const* params);
typedef bool(OMNICLIENT_ABI* OmniClientStorageAuthCallback)(void* userData, uint32_t authHandle,
                                                            char const* server) OMNICLIENT_CALLBACK_NOEXCEPT;
OMNICLIENT_CALLBACK(OmniClientGetServerInfoCallback, void* userData, OmniClientResult result,
                    OmniClientServerInfo const* info);
OMNICLIENT_CALLBACK(OmniClientRefreshAuthTokenCallback, void* userData, OmniClientResult result, char const* authToken);

OMNICLIENT_CALLBACK(OmniClientStatCallback, void* userData, OmniClientResult result, OmniClientListEntry const* entry);
OMNICLIENT_CALLBACK(OmniClientStatSubscribeCallback, void* userData, OmniClientResult result, OmniClientListEvent event,
                    OmniClientListEntry const* entry);
OMNICLIENT_CALLBACK(OmniClientListCallback, void* userData, OmniClientResult result, uint32_t numEntries,
                    OmniClientListEntry const* entries);
OMNICLIENT_CALLBACK(OmniClientListSubscribeCallback, void* userData, OmniClientResult result, OmniClientListEvent event,
                    OmniClientListEntry const* entry);
OMNICLIENT_CALLBACK(OmniClientResolveCallback, void* userData, OmniClientResult result,
                    OmniClientListEntry const* entry, char const* url);
OMNICLIENT_CALLBACK(OmniClientResolveSubscribeCallback, void* userData, OmniClientResult result,
                    OmniClientListEvent event, OmniClientListEntry const* entry, char const* url);

/* omniClientMoveContent keeps the content beyond the callback. */
OMNICLIENT_CALLBACK(OmniClientReadFileCallback, void* userData, OmniClientResult result, char const* version,
                    OmniClientContent* content);
OMNICLIENT_CALLBACK(OmniClientWriteFileCallback, void* userData, OmniClientResult result);
OMNICLIENT_CALLBACK(OmniClientWriteFileExCallback, void* userData, OmniClientResult result,
                    OmniClientWriteFileExInfo const* info);
OMNICLIENT_CALLBACK(OmniClientCreateWithHashCallback, void* userData, OmniClientResult result, char const* version,
                    char const* hash);
OMNICLIENT_CALLBACK(OmniClientGetLocalFileCallback, void* userData, OmniClientResult result, char const* localFilePath);
OMNICLIENT_CALLBACK(OmniClientCreateFolderCallback, void* userData, OmniClientResult result);
OMNICLIENT_CALLBACK(OmniClientCopyCallback, void* userData, OmniClientResult result);
/* copied: the content is at the destination, also where deleting the source failed afterwards. */
OMNICLIENT_CALLBACK(OmniClientMoveCallback, void* userData, OmniClientResult result, bool copied);
OMNICLIENT_CALLBACK(OmniClientDeleteCallback, void* userData, OmniClientResult result);
OMNICLIENT_CALLBACK(OmniClientUndeleteCallback, void* userData, OmniClientResult result);
OMNICLIENT_CALLBACK(OmniClientObliterateCallback, void* userData, OmniClientResult result);

/* checkpointQuery: what to put behind `?` to name the checkpoint, such as `&3`. */
OMNICLIENT_CALLBACK(OmniClientCreateCheckpointCallback, void* userData, OmniClientResult result,
                    char const* checkpointQuery);
OMNICLIENT_CALLBACK(OmniClientListCheckpointsCallback, void* userData, OmniClientResult result, uint32_t numEntries,
                    OmniClientListEntry const* entries);

OMNICLIENT_CALLBACK(OmniClientLockCallback, void* userData, OmniClientResult result);
OMNICLIENT_CALLBACK(OmniClientUnlockCallback, void* userData, OmniClientResult result);
OMNICLIENT_CALLBACK(OmniClientJoinChannelCallback, void* userData, OmniClientResult result,
                    OmniClientChannelEvent event, char const* from, OmniClientContent* content);
OMNICLIENT_CALLBACK(OmniClientSendMessageCallback, void* userData, OmniClientResult result);

OMNICLIENT_CALLBACK(OmniClientLiveQueuedCallback, void);
OMNICLIENT_CALLBACK(OmniClientLiveQueuedCallback2, void* userData, OmniClientLiveUpdateInfo const* info);
/* The same, as older programs have it. */
OMNICLIENT_CALLBACK(OmniClientLiveQueuedPartsCallback, void* userData, OmniClientUrl const* url,
                    OmniClientLiveUpdateType updateType, uint64_t sequenceNum, uint64_t serverTime);
OMNICLIENT_CALLBACK(OmniClientLiveProcessUpdatesCallback, void* userData);
OMNICLIENT_CALLBACK(OmniClientLiveReadCallback, void* userData, OmniClientResult result, uint64_t objectId,
                    uint64_t sequenceNum, OmniClientContent* content);
OMNICLIENT_CALLBACK(OmniClientLiveCreateCallback, void* userData, OmniClientResult result, uint64_t objectId,
                    uint64_t sequenceNum);
OMNICLIENT_CALLBACK(OmniClientLiveUpdateCallback, void* userData, OmniClientResult result, uint64_t sequenceNum,
                    uint64_t requestId);

OMNICLIENT_CALLBACK(OmniClientGetAclsCallback, void* userData, OmniClientResult result, uint32_t numEntries,
                    OmniClientAclEntry* entries);
OMNICLIENT_CALLBACK(OmniClientSetAclsCallback, void* userData, OmniClientResult result);
OMNICLIENT_CALLBACK(OmniClientGetGroupsCallback, void* userData, OmniClientResult result, uint64_t count,
                    char const** names);
OMNICLIENT_CALLBACK(OmniClientGetGroupUsersCallback, void* userData, OmniClientResult result, uint64_t count,
                    char const** names);
OMNICLIENT_CALLBACK(OmniClientCreateGroupCallback, void* userData, OmniClientResult result);
OMNICLIENT_CALLBACK(OmniClientRenameGroupCallback, void* userData, OmniClientResult result);
OMNICLIENT_CALLBACK(OmniClientRemoveGroupCallback, void* userData, OmniClientResult result, uint64_t changeCount);
OMNICLIENT_CALLBACK(OmniClientGetUsersCallback, void* userData, OmniClientResult result, uint64_t count,
                    char const** names);
OMNICLIENT_CALLBACK(OmniClientGetUserGroupsCallback, void* userData, OmniClientResult result, uint64_t count,
                    char const** names);
OMNICLIENT_CALLBACK(OmniClientAddUserToGroupCallback, void* userData, OmniClientResult result);
OMNICLIENT_CALLBACK(OmniClientRemoveUserFromGroupCallback, void* userData, OmniClientResult result);

OMNICLIENT_CALLBACK(OmniClientListBookmarksCallback, void* userData, OmniClientBookmark const* bookmarks,
                    size_t numBookmarks);
OMNICLIENT_CALLBACK(OmniClientRegisterStorageCallback, void* userData, OmniClientResult result);
/* data: what the event says that it is. */
OMNICLIENT_CALLBACK(OmniClientMetricsCallback, void* userData, OmniClientMetricsEvent event, void const* data);
OMNICLIENT_CALLBACK(OmniClientKvCacheSetCallback, void* userData, OmniClientResult result);
OMNICLIENT_CALLBACK(OmniClientKvCacheGetCallback, void* userData, OmniClientResult result, OmniClientContent* value);
OMNICLIENT_CALLBACK(OmniClientKvCacheStatCallback, void* userData, OmniClientResult result, uint64_t size);
OMNICLIENT_CALLBACK(OmniClientBlockCacheGetCallback, void* userData, OmniClientResult result, uint32_t numBlocks,
                    OmniClientBlockResult const* blocks);
OMNICLIENT_CALLBACK(OmniClientBlockCachePutCallback, void* userData, OmniClientResult result, uint32_t numBlocks,
                    OmniClientBlockResult const* blocks);
OMNICLIENT_CALLBACK(OmniClientBlockCacheCallback, void* userData, OmniClientResult result);
OMNICLIENT_CALLBACK(OmniClientBlockCacheStatCallback, void* userData, OmniClientResult result,
                    OmniClientBlockCacheStatResult const* stat);
OMNICLIENT_CALLBACK(OmniClientGetOmniHubVersionCallback, void* userData, OmniClientResult result, char const* version);

/* ---- startup, shutdown, logging ---------------------------------------------------------------------------------- */

/* Starts the library. `version` is kOmniClientVersion of the caller's header: the major must be ours, the minor not
 * above ours; the log says what refused. Optional: other calls start it as well, but not after omniClientShutdown. */
OMNICLIENT_EXPORT(bool) omniClientInitialize(uint64_t version) OMNICLIENT_NOEXCEPT;
/* Ends everything. Requests that have not answered are answered with ErrorConnection before it returns; nothing is
 * called afterwards. Until omniClientInitialize is called again, requests answer the id 0. */
OMNICLIENT_EXPORT(void) omniClientShutdown(void) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(char const*) omniClientGetVersionString(void) OMNICLIENT_NOEXCEPT;
/* What servers are told about the program at the next connection. Null leaves a part out. */
OMNICLIENT_EXPORT(void)
omniClientSetProductInfo(char const* name, char const* version, char const* extra) OMNICLIENT_NOEXCEPT;
/* May be called before anything else; does not start the library. When it returns, the previous callback does not run
 * and never will. Null turns the log off, which is where it begins. */
OMNICLIENT_EXPORT(void) omniClientSetLogCallback(OmniClientLogCallback callback) OMNICLIENT_NOEXCEPT;
/* The least level that is logged; Info at first. */
OMNICLIENT_EXPORT(void) omniClientSetLogLevel(OmniClientLogLevel level) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(char const*) omniClientGetLogLevelString(OmniClientLogLevel level) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(char) omniClientGetLogLevelChar(OmniClientLogLevel level) OMNICLIENT_NOEXCEPT;

/* Whether a trace has begun. There is none to begin here: false. */
OMNICLIENT_EXPORT(bool) omniClientTraceStart(void) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(void) omniClientTraceStop(void) OMNICLIENT_NOEXCEPT;
/* Answers a handle for omniClientUnregisterCallback. Nothing is measured here, so it is never called. */
OMNICLIENT_EXPORT(uint32_t)
omniClientRegisterMetricsCallback(void* userData, OmniClientMetricsCallback callback) OMNICLIENT_NOEXCEPT;

/* ---- requests ---------------------------------------------------------------------------------------------------- */

/* Ends a request. When it returns, its callbacks do not run and never will; inside its own callback it returns at once.
 */
OMNICLIENT_EXPORT(void) omniClientStop(OmniClientRequestId id) OMNICLIENT_NOEXCEPT;
/* Waits until the callback has returned; of subscriptions, until the first one has. An id of 0, one that has ended and
 * one whose callback is the caller return at once. */
OMNICLIENT_EXPORT(void) omniClientWait(OmniClientRequestId id) OMNICLIENT_NOEXCEPT;
/* The same for a limited time. Answers whether it was waited for to the end. */
OMNICLIENT_EXPORT(bool) omniClientWaitFor(OmniClientRequestId id, uint64_t milliseconds) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(char const*) omniClientGetResultString(OmniClientResult result) OMNICLIENT_NOEXCEPT;
/* URLs that begin with `src` are taken as beginning with `dst`; the longest `src` that fits is used, once. A null `dst`
 * removes it. */
OMNICLIENT_EXPORT(void) omniClientSetAlias(char const* src, char const* dst) OMNICLIENT_NOEXCEPT;
struct OmniIDLCPPInitializerReactor;
/* Always null: there is no such object here. */
OMNICLIENT_EXPORT(struct OmniIDLCPPInitializerReactor*) omniClientGetReactor(void) OMNICLIENT_NOEXCEPT;
/* Frees a list that the library gave as one block; none of its functions gives any. Null is nothing. */
OMNICLIENT_EXPORT(void) omniClientFreeStringList(char const** strings) OMNICLIENT_NOEXCEPT;

/* ---- status callbacks -------------------------------------------------------------------------------------------- */

/* A registration answers a handle for omniClientUnregisterCallback; 0 where the callback is null or the library has
 * been shut down. */
/* url is `scheme://host[:port]`. A new callback is told of the connections that exist. */
OMNICLIENT_EXPORT(uint32_t)
omniClientRegisterConnectionStatusCallback(void* userData,
                                           OmniClientConnectionStatusCallback callback) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(char const*)
omniClientGetConnectionStatusString(OmniClientConnectionStatus status) OMNICLIENT_NOEXCEPT;
/* Called when an operation on a URL begins (0), goes on, and ends (100). */
OMNICLIENT_EXPORT(uint32_t)
omniClientRegisterFileStatusCallback(void* userData, OmniClientFileStatusCallback callback) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(char const*) omniClientGetFileStatusString(OmniClientFileStatus status) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(uint32_t)
omniClientRegisterCacheBypassStatusCallback(void* userData,
                                            OmniClientCacheBypassStatusCallback callback) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(char const*)
omniClientGetCacheBypassStatusString(OmniClientCacheBypassStatus status) OMNICLIENT_NOEXCEPT;
/* Answers the status that was. */
OMNICLIENT_EXPORT(OmniClientCacheBypassStatus)
omniClientSetCacheBypassStatus(OmniClientCacheBypassStatus status) OMNICLIENT_NOEXCEPT;
/* When it returns, the callback does not run and never will; inside the callback itself it returns at once. */
OMNICLIENT_EXPORT(void) omniClientUnregisterCallback(uint32_t handle) OMNICLIENT_NOEXCEPT;

/* ---- authentication and connections ------------------------------------------------------------------------------ */

/* The newest is asked first; the next one only where it answers false. */
OMNICLIENT_EXPORT(uint32_t)
omniClientRegisterAuthCallback(void* userData, OmniClientAuthCallback callback) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(void)
omniClientSetAuthenticationMessageBoxCallback(void* userData,
                                              OmniClientAuthenticationMessageBoxCallback callback) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(void) omniClientAuthenticationCancel(uint32_t authHandle) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(uint32_t)
omniClientRegisterAuthDeviceFlowCallback(void* userData, OmniClientAuthDeviceFlowCallback callback) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(uint32_t)
omniClientRegisterStorageAuthCallback(void* userData, OmniClientStorageAuthCallback callback) OMNICLIENT_NOEXCEPT;
/* Answers whether somebody was waiting for it. */
OMNICLIENT_EXPORT(bool)
omniClientSetStorageAccessToken(uint32_t authHandle, char const* accessToken) OMNICLIENT_NOEXCEPT;
/* Ends the connection: what is pending on it answers ErrorConnection, and a stored token is forgotten. */
OMNICLIENT_EXPORT(void) omniClientSignOut(char const* url) OMNICLIENT_NOEXCEPT;
/* Tries again to connect after a failure, which no other call does. */
OMNICLIENT_EXPORT(void) omniClientReconnect(char const* url) OMNICLIENT_NOEXCEPT;
/* Answers what was set before. */
OMNICLIENT_EXPORT(OmniClientRetryBehavior)
omniClientSetRetries(OmniClientRetryBehavior retryBehavior) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientGetServerInfo(char const* url, void* userData, OmniClientGetServerInfoCallback callback) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientRefreshAuthToken(char const* url, void* userData,
                           OmniClientRefreshAuthTokenCallback callback) OMNICLIENT_NOEXCEPT;

/* ---- URLs -------------------------------------------------------------------------------------------------------- */

/* Takes a URL apart. Without a scheme the text is a raw local path. Never null for a text; omniClientFreeUrl frees it.
 */
OMNICLIENT_EXPORT(OmniClientUrl*) omniClientBreakUrl(char const* url) OMNICLIENT_NOEXCEPT;
/* The same, but without a scheme the text is a relative reference. */
OMNICLIENT_EXPORT(OmniClientUrl*) omniClientBreakUrlReference(char const* urlReference) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(void) omniClientFreeUrl(OmniClientUrl* url) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(char*)
omniClientMakeUrl(OmniClientUrl const* url, char* buffer, size_t* bufferSize) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(char*)
omniClientMakeFileUrl(char const* path, char* buffer, size_t* bufferSize) OMNICLIENT_NOEXCEPT;
/* Removes dot segments and writes every part in one way; asks no server. */
OMNICLIENT_EXPORT(char*)
omniClientNormalizeUrl(char const* url, char* buffer, size_t* bufferSize) OMNICLIENT_NOEXCEPT;
/* What `otherUrl` means on a page at `baseUrl` (RFC 3986, 5.2). */
OMNICLIENT_EXPORT(char*)
omniClientCombineUrls(char const* baseUrl, char const* otherUrl, char* buffer, size_t* bufferSize) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientUrl*)
omniClientCombineUrls2(OmniClientUrl const* baseUrl, char const* otherUrl) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(char*)
omniClientCombineWithBaseUrl(char const* otherUrl, char* buffer, size_t* bufferSize) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientUrl*) omniClientCombineWithBaseUrl2(char const* otherUrl) OMNICLIENT_NOEXCEPT;
/* The shortest way from `baseUrl` to `otherUrl`: combining the two gives the normalized `otherUrl` again. */
OMNICLIENT_EXPORT(char*)
omniClientMakeRelativeUrl(char const* baseUrl, char const* otherUrl, char* buffer,
                          size_t* bufferSize) OMNICLIENT_NOEXCEPT;
/* For showing only: control characters and bytes that are no UTF-8 are percent-encoded, readable text is decoded. */
OMNICLIENT_EXPORT(char*)
omniClientMakePrintable(char const* string, char* buffer, size_t* bufferSize) OMNICLIENT_NOEXCEPT;
/* Each thread has a stack of base URLs of its own. */
OMNICLIENT_EXPORT(void) omniClientPushBaseUrl(char const* baseUrl) OMNICLIENT_NOEXCEPT;
/* Takes `baseUrl` off the top, or whatever is there where it is null. Answers false, and changes nothing, where
 * something else is there. */
OMNICLIENT_EXPORT(bool) omniClientPopBaseUrl(char const* baseUrl) OMNICLIENT_NOEXCEPT;
/* The top of the stack, valid until this thread changes it; null where it is empty. */
OMNICLIENT_EXPORT(char const*) omniClientGetBaseUrl(void) OMNICLIENT_NOEXCEPT;

/* ---- looking and watching ---------------------------------------------------------------------------------------- */

OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientStat(char const* url, void* userData, OmniClientStatCallback callback) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientStat2(char const* url, OmniClientListIncludeOption include, void* userData,
                OmniClientStatCallback callback) OMNICLIENT_NOEXCEPT;
/* statCallback is called once with what is there, or with OkNotYetFound; then subscribeCallback with every change. A
 * result there that does not begin with Ok ends the subscription. */
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientStatSubscribe(char const* url, void* userData, OmniClientStatCallback statCallback,
                        OmniClientStatSubscribeCallback subscribeCallback) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientStatSubscribe2(char const* url, OmniClientListIncludeOption include, void* userData,
                         OmniClientStatCallback statCallback,
                         OmniClientStatSubscribeCallback subscribeCallback) OMNICLIENT_NOEXCEPT;
/* What is in a folder, one level of it, sorted by name. Wildcards are plain characters. */
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientList(char const* url, void* userData, OmniClientListCallback callback) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientList2(char const* url, OmniClientListIncludeOption include, void* userData,
                OmniClientListCallback callback) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientListSubscribe(char const* url, void* userData, OmniClientListCallback listCallback,
                        OmniClientListSubscribeCallback subscribeCallback) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientListSubscribe2(char const* url, OmniClientListIncludeOption include, void* userData,
                         OmniClientListCallback listCallback,
                         OmniClientListSubscribeCallback subscribeCallback) OMNICLIENT_NOEXCEPT;
/* true: lists and stats of every Nucleus are asked for anew from here on, and what was kept is let go of. false, as at
 * first: a folder that is listed again and again is kept in memory while its server tells of changes. One's own are
 * seen at once, those of others when the server has told of them. Returns at once; from every thread.
 */
OMNICLIENT_EXPORT(void) omniClientBypassListCache(bool bypass) OMNICLIENT_NOEXCEPT;
/* Looks for `relativePath` below the base URL, then each of `searchPaths`, then the default ones, the newest first. */
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientResolve(char const* relativePath, char const* const* searchPaths, uint32_t numSearchPaths, void* userData,
                  OmniClientResolveCallback callback) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientResolveSubscribe(char const* relativePath, char const* const* searchPaths, uint32_t numSearchPaths,
                           void* userData, OmniClientResolveCallback resolveCallback,
                           OmniClientResolveSubscribeCallback subscribeCallback) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(void) omniClientAddDefaultSearchPath(char const* searchPath) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(void) omniClientRemoveDefaultSearchPath(char const* searchPath) OMNICLIENT_NOEXCEPT;
/* Fills up to `max` of them in, the newest first, and answers how many there are. Valid until this thread asks again.
 */
OMNICLIENT_EXPORT(uint32_t)
omniClientGetDefaultSearchPaths(char const** searchPaths, uint32_t max) OMNICLIENT_NOEXCEPT;

/* ---- content ----------------------------------------------------------------------------------------------------- */

/* `buffer` is null where there is not so much memory, or the size is 0. */
OMNICLIENT_EXPORT(OmniClientContent) omniClientAllocContent(size_t size) OMNICLIENT_NOEXCEPT;
/* Refers to memory of the caller. Functions that take content over copy it before they return. */
OMNICLIENT_EXPORT(OmniClientContent) omniClientReferenceContent(void* buffer, size_t size) OMNICLIENT_NOEXCEPT;
/* Takes it over: `content` is empty afterwards. */
OMNICLIENT_EXPORT(OmniClientContent) omniClientMoveContent(OmniClientContent* content) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientContent) omniClientCopyContent(OmniClientContent const* content) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(void) omniClientFreeContent(OmniClientContent* content) OMNICLIENT_NOEXCEPT;

/* ---- files and folders ------------------------------------------------------------------------------------------- */

OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientReadFile(char const* url, void* userData, OmniClientReadFileCallback callback) OMNICLIENT_NOEXCEPT;
/* Makes or replaces a file, all of it or nothing, with the folders above it. Takes `content` over. `message` comments
 * the checkpoint where the server makes one. */
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientWriteFile(char const* url, OmniClientContent* content, void* userData, OmniClientWriteFileCallback callback,
                    char const* message OMNICLIENT_DEFAULT(nullptr)) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientWriteFileEx(char const* url, OmniClientContent* content, void* userData,
                      OmniClientWriteFileExCallback callback,
                      char const* message OMNICLIENT_DEFAULT(nullptr)) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientWriteFileEx2(char const* url, OmniClientContent* content, void* userData,
                       OmniClientWriteFileExCallback callback,
                       OmniClientWriteFileEx2Options const* options) OMNICLIENT_NOEXCEPT;
/* Makes a file of content that the server has already, named by its hash; ErrorNotFound where it has not. */
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientCreateWithHash(char const* url, char const* hash, bool overwrite, void* userData,
                         OmniClientCreateWithHashCallback callback,
                         char const* message OMNICLIENT_DEFAULT(nullptr)) OMNICLIENT_NOEXCEPT;
/* A path of the local file system with the file's content: the file itself where it is local. Valid until the request
 * is stopped. */
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientGetLocalFile(char const* url, bool download, void* userData,
                       OmniClientGetLocalFileCallback callback) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientCreateFolder(char const* url, void* userData, OmniClientCreateFolderCallback callback) OMNICLIENT_NOEXCEPT;
/* Copying and moving make the folders above the destination and ignore trailing slashes. ErrorIfExists refuses whatever
 * is there; Overwrite goes through a folder file by file and leaves other files there. */
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientCopy(char const* srcUrl, char const* dstUrl, void* userData, OmniClientCopyCallback callback,
               OmniClientCopyBehavior behavior OMNICLIENT_DEFAULT(eOmniClientCopy_ErrorIfExists),
               char const* message OMNICLIENT_DEFAULT(nullptr)) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientCopyFile(char const* srcUrl, char const* dstUrl, void* userData, OmniClientCopyCallback callback,
                   OmniClientCopyBehavior behavior OMNICLIENT_DEFAULT(eOmniClientCopy_ErrorIfExists),
                   char const* message OMNICLIENT_DEFAULT(nullptr)) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientCopyFolder(char const* srcUrl, char const* dstUrl, void* userData, OmniClientCopyCallback callback,
                     OmniClientCopyBehavior behavior OMNICLIENT_DEFAULT(eOmniClientCopy_ErrorIfExists),
                     char const* message OMNICLIENT_DEFAULT(nullptr)) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientMove(char const* srcUrl, char const* dstUrl, void* userData, OmniClientMoveCallback callback,
               OmniClientCopyBehavior behavior OMNICLIENT_DEFAULT(eOmniClientCopy_ErrorIfExists),
               char const* message OMNICLIENT_DEFAULT(nullptr)) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientMoveFile(char const* srcUrl, char const* dstUrl, void* userData, OmniClientMoveCallback callback,
                   OmniClientCopyBehavior behavior OMNICLIENT_DEFAULT(eOmniClientCopy_ErrorIfExists),
                   char const* message OMNICLIENT_DEFAULT(nullptr)) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientMoveFolder(char const* srcUrl, char const* dstUrl, void* userData, OmniClientMoveCallback callback,
                     OmniClientCopyBehavior behavior OMNICLIENT_DEFAULT(eOmniClientCopy_ErrorIfExists),
                     char const* message OMNICLIENT_DEFAULT(nullptr)) OMNICLIENT_NOEXCEPT;
/* With everything below it; where the server keeps what was deleted, it can be undeleted. */
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientDelete(char const* url, void* userData, OmniClientDeleteCallback callback) OMNICLIENT_NOEXCEPT;
/* A folder only where it is empty. */
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientDeleteSingle(char const* url, void* userData, OmniClientDeleteCallback callback) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientUndelete(char const* url, void* userData, OmniClientUndeleteCallback callback) OMNICLIENT_NOEXCEPT;
/* For good; a folder only where it is empty. */
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientObliterate(char const* url, bool obliterateCheckpoints, void* userData,
                     OmniClientObliterateCallback callback) OMNICLIENT_NOEXCEPT;

/* ---- checkpoints ------------------------------------------------------------------------------------------------- */

/* ErrorAlreadyExists where nothing has changed since the last one and `force` is not set. */
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientCreateCheckpoint(char const* url, char const* comment, bool force, void* userData,
                           OmniClientCreateCheckpointCallback callback) OMNICLIENT_NOEXCEPT;
/* The oldest first. */
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientListCheckpoints(char const* url, void* userData,
                          OmniClientListCheckpointsCallback callback) OMNICLIENT_NOEXCEPT;
/* Null where the query names neither. omniClientFreeBranchAndCheckpoint frees it. */
OMNICLIENT_EXPORT(OmniClientBranchAndCheckpoint*)
omniClientGetBranchAndCheckpointFromQuery(char const* query) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(void)
omniClientFreeBranchAndCheckpoint(OmniClientBranchAndCheckpoint* branchAndCheckpoint) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(char*)
omniClientMakeQueryFromBranchAndCheckpoint(char const* branch, uint64_t checkpoint, char* buffer,
                                           size_t* bufferSize) OMNICLIENT_NOEXCEPT;

/* ---- locks and channels ------------------------------------------------------------------------------------------ */

/* Only this connection may change the file until it is unlocked or the connection ends. */
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientLock(char const* url, void* userData, OmniClientLockCallback callback) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientUnlock(char const* url, void* userData, OmniClientUnlockCallback callback) OMNICLIENT_NOEXCEPT;
/* Makes the channel where there is none. The callback is called with every event until the request is stopped, which
 * leaves the channel. */
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientJoinChannel(char const* url, void* userData, OmniClientJoinChannelCallback callback) OMNICLIENT_NOEXCEPT;
/* Sends to every member, the sender too. Answers 0 until the first event of the channel has come. Takes content over.
 */
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientSendMessage(OmniClientRequestId joinRequestId, OmniClientContent* content, void* userData,
                      OmniClientSendMessageCallback callback) OMNICLIENT_NOEXCEPT;

/* ---- live objects ------------------------------------------------------------------------------------------------ */

/* Calls the callbacks of live reads, on this thread, for the updates that are due. Returns at once where it is called
 * inside of itself or while another thread is at it. */
OMNICLIENT_EXPORT(void) omniClientLiveProcess(void) OMNICLIENT_NOEXCEPT;
/* The same for one URL, with all updates up to a server time, due or not. */
OMNICLIENT_EXPORT(void) omniClientLiveProcessUpTo(char const* url, uint64_t serverTime) OMNICLIENT_NOEXCEPT;
/* The server time of the newest update received of a URL; 0 where there was none. */
OMNICLIENT_EXPORT(uint64_t) omniClientLiveGetLatestServerTime(char const* url) OMNICLIENT_NOEXCEPT;
/* Waits until everything that was sent is confirmed or has failed. */
OMNICLIENT_EXPORT(void) omniClientLiveWaitForPendingUpdates(void) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(void)
omniClientLiveSetQueuedCallback OMNICLIENT_DEPRECATED("use omniClientLiveRegisterQueuedCallback2")(
    OmniClientLiveQueuedCallback callback) OMNICLIENT_NOEXCEPT;
/* Called when there is something for omniClientLiveProcess. */
OMNICLIENT_EXPORT(uint32_t)
omniClientLiveRegisterQueuedCallback2(void* userData, OmniClientLiveQueuedCallback2 callback) OMNICLIENT_NOEXCEPT;
/* The same for the older form of the callback. In C++ the function above takes it, too. */
OMNICLIENT_EXPORT(uint32_t)
omniClientLiveRegisterQueuedPartsCallback(void* userData,
                                          OmniClientLiveQueuedPartsCallback callback) OMNICLIENT_NOEXCEPT;
/* An update is processed no earlier than min(maxMs, constMs + multiple * average latency) after it was sent, so that
 * updates come as evenly as they were made. At first 10, 2 and 1000; all 0 turns it off. */
OMNICLIENT_EXPORT(void)
omniClientLiveConfigureJitterReduction(uint32_t constMs, uint32_t multiple, uint32_t maxMs) OMNICLIENT_NOEXCEPT;
/* Called by omniClientLiveProcess when it has processed something. */
OMNICLIENT_EXPORT(uint32_t)
omniClientLiveRegisterProcessUpdatesCallback(void* userData,
                                             OmniClientLiveProcessUpdatesCallback callback) OMNICLIENT_NOEXCEPT;
/* Calls back with the history after what the caller has (Ok), the newest of it as OkLatest, then with each update in
 * omniClientLiveProcess. */
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientLiveRead(char const* url, uint64_t haveObjectId, uint64_t haveSequenceNum, void* userData,
                   OmniClientLiveReadCallback callback) OMNICLIENT_NOEXCEPT;
/* The same without omniClientLiveProcess: updates are called back as they arrive. */
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientLiveRead2(char const* url, uint64_t haveObjectId, uint64_t haveSequenceNum, void* userData,
                    OmniClientLiveReadCallback callback) OMNICLIENT_NOEXCEPT;
/* Makes a live object, or makes it anew with another id. Takes content over. */
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientLiveCreate(char const* url, OmniClientContent* content, void* userData,
                     OmniClientLiveCreateCallback callback) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientLiveUpdate(char const* url, uint64_t objectId, OmniClientContent* content, void* userData,
                     OmniClientLiveUpdateCallback callback) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientLiveUpdate2(char const* url, uint64_t objectId, OmniClientContent* content, void* userData,
                      OmniClientLiveUpdateCallback callback) OMNICLIENT_NOEXCEPT;

/* ---- access, users, groups --------------------------------------------------------------------------------------- */

OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientGetAcls(char const* url, void* userData, OmniClientGetAclsCallback callback) OMNICLIENT_NOEXCEPT;
/* Replaces the access list of an item; none of its own inherits that of its folder. */
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientSetAcls(char const* url, uint32_t numEntries, OmniClientAclEntry* entries, void* userData,
                  OmniClientSetAclsCallback callback) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientGetGroups(char const* url, void* userData, OmniClientGetGroupsCallback callback) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientGetGroupUsers(char const* url, char const* group, void* userData,
                        OmniClientGetGroupUsersCallback callback) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientCreateGroup(char const* url, char const* group, void* userData,
                      OmniClientCreateGroupCallback callback) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientRenameGroup(char const* url, char const* group, char const* newGroup, void* userData,
                      OmniClientRenameGroupCallback callback) OMNICLIENT_NOEXCEPT;
/* changeCount: of how many items the access list changed with it. */
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientRemoveGroup(char const* url, char const* group, void* userData,
                      OmniClientRemoveGroupCallback callback) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientGetUsers(char const* url, void* userData, OmniClientGetUsersCallback callback) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientGetUserGroups(char const* url, char const* user, void* userData,
                        OmniClientGetUserGroupsCallback callback) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientAddUserToGroup(char const* url, char const* user, char const* group, void* userData,
                         OmniClientAddUserToGroupCallback callback) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientRemoveUserFromGroup(char const* url, char const* user, char const* group, void* userData,
                              OmniClientRemoveUserFromGroupCallback callback) OMNICLIENT_NOEXCEPT;

/* ---- bookmarks and settings -------------------------------------------------------------------------------------- */

/* Bookmarks belong to the user and are kept in a file; a name that is there already gets the new URL. */
OMNICLIENT_EXPORT(void) omniClientAddBookmark(char const* name, char const* url) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(void) omniClientRemoveBookmark(char const* name) OMNICLIENT_NOEXCEPT;
/* Calls back with all of them, and again whenever this or another process changes them. */
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientListBookmarks(void* userData, OmniClientListBookmarksCallback callback) OMNICLIENT_NOEXCEPT;
/* Reads the settings' file again; what omniClientConfigSetInt set is forgotten. */
OMNICLIENT_EXPORT(void) omniClientConfigReload(void) OMNICLIENT_NOEXCEPT;
/* Null where it is not set; omniClientConfigFreeString frees it. */
OMNICLIENT_EXPORT(char const*) omniClientConfigGetString(char const* key) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(void) omniClientConfigFreeString(char const* string) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(void) omniClientConfigSetInt(char const* key, int64_t value) OMNICLIENT_NOEXCEPT;

/* ---- other stores ------------------------------------------------------------------------------------------------ */

/* A header of every HTTP request from now on; a null value takes it away. */
OMNICLIENT_EXPORT(OmniClientResult) omniClientSetHttpHeader(char const* key, char const* value) OMNICLIENT_NOEXCEPT;
/* The following answer ErrorNotSupported. */
OMNICLIENT_EXPORT(OmniClientResult)
omniClientSetS3Configuration(char const* url, char const* bucket, char const* region, char const* accessKeyId,
                             char const* secretAccessKey, char const* cloudfrontUrl, bool cloudfrontForList,
                             bool writeConfig) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientResult)
omniClientSetS3Configuration2(char const* url, char const* bucket, char const* region, char const* accessKeyId,
                              char const* secretAccessKey, char const* sessionToken, char const* cloudfrontUrl,
                              bool cloudfrontForList, bool writeConfig) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientResult)
omniClientSetAzureSASToken(char const* host, char const* container, char const* sasToken,
                           bool writeConfig) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientRegisterStorageDirect(OmniClientStorageRegistrationInfo const* info, void* userData,
                                OmniClientRegisterStorageCallback callback) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientRegisterStorageFromDiscovery(char const* discoveryUrl, void* userData,
                                       OmniClientRegisterStorageCallback callback) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientGetOmniHubVersion(void* userData, OmniClientGetOmniHubVersionCallback callback) OMNICLIENT_NOEXCEPT;

/* Caches that programs share: a hub keeps them, and there is none here. All answer ErrorNotSupported. */
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientKvCacheSet(char const* context, char const* key, OmniClientContent* value, void* userData,
                     OmniClientKvCacheSetCallback callback) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientKvCacheGet(char const* context, char const* key, void* userData,
                     OmniClientKvCacheGetCallback callback) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientKvCacheStat(char const* context, char const* key, void* userData,
                      OmniClientKvCacheStatCallback callback) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientBlockCacheGetOpen(uint8_t const* key, uint64_t keyLength, void* userData,
                            OmniClientBlockCacheGetCallback callback) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientBlockCacheGetClose(uint64_t const* handles, uint32_t numHandles, void* userData,
                             OmniClientBlockCacheCallback callback) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientBlockCachePutOpen(OmniClientPutRequest const* requests, uint32_t numRequests, void* userData,
                            OmniClientBlockCachePutCallback callback) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientBlockCachePutCommit(uint64_t const* handles, uint32_t numHandles, void* userData,
                              OmniClientBlockCacheCallback callback) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientBlockCachePutAbort(uint64_t const* handles, uint32_t numHandles, void* userData,
                             OmniClientBlockCacheCallback callback) OMNICLIENT_NOEXCEPT;
OMNICLIENT_EXPORT(OmniClientRequestId)
omniClientBlockCacheStat(uint8_t const* key, uint64_t keyLength, void* userData,
                         OmniClientBlockCacheStatCallback callback) OMNICLIENT_NOEXCEPT;

#undef OMNICLIENT_CALLBACK

#ifdef __cplusplus
#include <type_traits>

/* For callbacks of the older form, and for nothing that the newer one would take. */
template <class Callback,
          typename std::enable_if<std::is_convertible<Callback, OmniClientLiveQueuedPartsCallback>::value &&
                                      !std::is_convertible<Callback, OmniClientLiveQueuedCallback2>::value,
                                  int>::type = 0>
inline uint32_t omniClientLiveRegisterQueuedCallback2(void* userData, Callback callback) OMNICLIENT_NOEXCEPT {
  return omniClientLiveRegisterQueuedPartsCallback(userData, callback);
}
inline OmniClientContent omniClientMoveContent(OmniClientContent& content) OMNICLIENT_NOEXCEPT {
  return omniClientMoveContent(&content);
}
inline OmniClientContent omniClientCopyContent(OmniClientContent const& content) OMNICLIENT_NOEXCEPT {
  return omniClientCopyContent(&content);
}
inline void omniClientFreeContent(OmniClientContent& content) OMNICLIENT_NOEXCEPT { omniClientFreeContent(&content); }
#endif

#endif
