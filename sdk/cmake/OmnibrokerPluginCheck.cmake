# Runs after each plugin is linked, and fails the build where the library would not keep to itself:
#   cmake -DPLUGIN=<file> -DNM=<nm> -DREADELF=<readelf> [-DSANITIZED=TRUE] -P OmnibrokerPluginCheck.cmake

cmake_minimum_required(VERSION 3.25)

function(read_with variable)
  execute_process(COMMAND ${ARGN} "${PLUGIN}" RESULT_VARIABLE failed OUTPUT_VARIABLE output ERROR_VARIABLE error)
  if(failed)
    refuse("could not be read: ${error}")
  endif()
  set(${variable} "${output}" PARENT_SCOPE)
endfunction()

# A file that failed the check must not be there for the next build to take as done.
function(refuse problem)
  file(REMOVE "${PLUGIN}")
  message(FATAL_ERROR "Plugin ${PLUGIN}: ${problem}")
endfunction()

read_with(symbols "${NM}" -D --defined-only --format=posix)
string(REGEX MATCHALL "[^\n]+" lines "${symbols}")
set(exported "")
foreach(line IN LISTS lines)
  string(REGEX MATCH "^([^ ]+) ([^ ])" matched "${line}")
  set(symbol "${CMAKE_MATCH_1}")
  if(SANITIZED AND symbol MATCHES "^(__asan|__odr_asan|__ubsan|__tsan|__lsan|__sancov|__sanitizer|__start___|__stop___)")
    continue()
  endif()
  if(CMAKE_MATCH_2 STREQUAL "u")
    refuse("the symbol ${symbol} is unique in the whole process, so another library's copy would be used; compile with -fno-gnu-unique")
  endif()
  list(APPEND exported "${symbol}")
endforeach()

if(NOT "omnibroker_plugin_entry_v1" IN_LIST exported)
  refuse("it does not export omnibroker_plugin_entry_v1; is OMNIBROKER_PLUGIN(...) missing from its sources?")
endif()
list(REMOVE_ITEM exported omnibroker_plugin_entry_v1)
if(exported)
  list(JOIN exported ", " names)
  refuse("it exports more than omnibroker_plugin_entry_v1: ${names}")
endif()

read_with(dynamic "${READELF}" -d -W)
if(dynamic MATCHES "TEXTREL")
  refuse("it needs relocations in its code; compile every source with -fPIC")
endif()
