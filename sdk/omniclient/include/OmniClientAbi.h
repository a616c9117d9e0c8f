/* How the client library's symbols are declared, for C11 and for C++14 and later. */
#ifndef OMNICLIENT_ABI_H
#define OMNICLIENT_ABI_H

#ifdef _WIN32
#define OMNICLIENT_ABI __cdecl
#ifdef OMNICLIENT_BUILD_LIBRARY
#define OMNICLIENT_VISIBLE __declspec(dllexport)
#else
#define OMNICLIENT_VISIBLE __declspec(dllimport)
#endif
#else
#define OMNICLIENT_ABI
#define OMNICLIENT_VISIBLE __attribute__((visibility("default")))
#endif

/* Goes before the name of every function: `OMNICLIENT_EXPORT(void) omniClientShutdown(void);` */
#ifdef __cplusplus
#define OMNICLIENT_EXPORT(T) extern "C" OMNICLIENT_VISIBLE T OMNICLIENT_ABI
#else
#define OMNICLIENT_EXPORT(T) OMNICLIENT_VISIBLE T OMNICLIENT_ABI
#endif

/* No function of the library throws. */
#ifdef __cplusplus
#if __cplusplus >= 201103L
#define OMNICLIENT_NOEXCEPT noexcept
#else
#define OMNICLIENT_NOEXCEPT throw()
#endif
#else
#define OMNICLIENT_NOEXCEPT
#endif

/* No callback may throw. Part of the callback's type since C++17, where a lambda needs the word `noexcept`. */
#if defined(__cplusplus) && __cplusplus >= 201703L
#define OMNICLIENT_CALLBACK_NOEXCEPT noexcept
#else
#define OMNICLIENT_CALLBACK_NOEXCEPT
#endif

/* A default argument in C++; in C every argument is written. */
#ifdef __cplusplus
#define OMNICLIENT_DEFAULT(v) = (v)
#else
#define OMNICLIENT_DEFAULT(v)
#endif

/* Goes behind the name of a function. */
#if defined(__cplusplus) && __cplusplus >= 201402L && !defined(OMNICLIENT_BUILD_LIBRARY)
#define OMNICLIENT_DEPRECATED(msg) [[deprecated(msg)]]
#else
#define OMNICLIENT_DEPRECATED(msg)
#endif

#endif
