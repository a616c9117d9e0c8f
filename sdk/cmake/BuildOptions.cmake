# How everything in this tree is compiled: never exported, so that a plugin's author chooses for himself.

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release)
endif()

find_program(OMNIBROKER_CCACHE ccache)
if(OMNIBROKER_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_C_COMPILER_LAUNCHER "${OMNIBROKER_CCACHE}")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${OMNIBROKER_CCACHE}")
endif()

add_library(omnibroker_build_options INTERFACE)
target_compile_features(omnibroker_build_options INTERFACE cxx_std_20)
target_compile_options(omnibroker_build_options INTERFACE
  $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual>
  $<$<COMPILE_LANGUAGE:C>:-Wall -Wextra -Wpedantic -Wconversion -Wshadow>)
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # g++ 12 sees overlapping copies in `"text" + string` that are not there (its bug 105651).
  target_compile_options(omnibroker_build_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-restrict>)
endif()
if(CMAKE_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID STREQUAL GNU)
  # It takes what several files are compiled from for a header, whose anonymous namespaces others would see.
  target_compile_options(omnibroker_build_options INTERFACE $<$<COMPILE_LANGUAGE:CXX>:-Wno-subobject-linkage>)
endif()
if(OMNIBROKER_WARNINGS_AS_ERRORS)
  target_compile_options(omnibroker_build_options INTERFACE -Werror)
endif()
if(OMNIBROKER_SANITIZE)
  target_compile_options(omnibroker_build_options INTERFACE
    -fsanitize=${OMNIBROKER_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(omnibroker_build_options INTERFACE -fsanitize=${OMNIBROKER_SANITIZE})
endif()
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
