/* The same API from C. */
#include <OmniClient.h>

#include <stdio.h>
#include <string.h>

static void keep(void* data, OmniClientResult result) { *(OmniClientResult*)data = result; }

int main(int count, char** words) {
  OmniClientResult result = eOmniClientResult_Error;
  char text[] = "hello";
  char url[2048];
  size_t size = sizeof url;
  OmniClientContent content = omniClientReferenceContent(text, strlen(text));
  if (count != 2 || !omniClientInitialize(kOmniClientVersion)) return 2;
  if (omniClientCombineUrls(words[1], "plain.txt", url, &size) != url) return 3;
  omniClientWait(omniClientWriteFile(url, &content, &result, keep, NULL));
  omniClientShutdown();
  printf("%s %s\n", url, omniClientGetResultString(result));
  return result == eOmniClientResult_Ok ? 0 : 1;
}
