# omnibroker_add_plugin: one call makes a plugin, inside this tree and outside of it.
#
#   omnibroker_add_plugin(<name> KIND <transport|handler|filter|bridge|service>
#                         SOURCES <file>...            C++ or C
#                         [LINK <target or library>...]
#                         [OUTPUT <folder>])           where it goes instead; then it is not installed (plugins of tests)
#
# Makes two targets:
#   omnibroker_<kind>_<name>          the plugin: <build>/plugins/<name>.so, installed into lib/omnibroker/plugins
#   omnibroker_<kind>_<name>_objects  the same sources as an object library, for the plugin's own unit test; it carries
#                                     LINK, and the plugin's folder as an include path
#
# Why the flags are as they are: the entry symbol is the only thing that leaves the library, so two plugins that carry
# the same library, or the same header with an inline static, never meet in the loader; -z now and -z defs move the
# discovery of a missing symbol from a running broker to the link. A check after the link holds this (OmnibrokerPluginCheck).
include_guard(GLOBAL)

function(omnibroker_add_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "KIND;OUTPUT" "SOURCES;LINK")
  _omnibroker_plugin_arguments("${name}")
  set(target omnibroker_${ARG_KIND}_${name})

  add_library(${target}_objects OBJECT ${ARG_SOURCES})
  target_include_directories(${target}_objects PUBLIC "${CMAKE_CURRENT_SOURCE_DIR}")
  target_link_libraries(${target}_objects PUBLIC omnibroker::sdk ${ARG_LINK})
  target_compile_options(${target}_objects PRIVATE "$<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-gnu-unique>")
  set_target_properties(${target}_objects PROPERTIES
    POSITION_INDEPENDENT_CODE ON CXX_EXTENSIONS OFF
    C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)

  add_library(${target} MODULE)
  target_link_libraries(${target} PRIVATE ${target}_objects)
  set_target_properties(${target} PROPERTIES PREFIX "" OUTPUT_NAME "${name}" SUFFIX ".so" INSTALL_RPATH "$ORIGIN/../..")
  if(TARGET omnibroker_build_options)
    target_link_libraries(${target}_objects PRIVATE omnibroker_build_options)
    target_link_libraries(${target} PRIVATE omnibroker_build_options)
  endif()
  _omnibroker_plugin_link(${target})

  if(ARG_OUTPUT)
    set_target_properties(${target} PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${ARG_OUTPUT}")
  else()
    include(GNUInstallDirs)
    set_target_properties(${target} PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/plugins")
    set_property(GLOBAL APPEND PROPERTY OMNIBROKER_PLUGINS ${target})  # for whoever must be built after them
    install(TARGETS ${target} LIBRARY DESTINATION "${CMAKE_INSTALL_LIBDIR}/omnibroker/plugins" COMPONENT plugins)
  endif()
endfunction()

# Stops the configuration at a call that would not do what it says.
macro(_omnibroker_plugin_arguments name)
  set(where "omnibroker_add_plugin(${name} ...)")
  set(unknown ${ARG_SOURCES})
  list(FILTER unknown INCLUDE REGEX "^[A-Z_]+$")  # a misspelt word behind SOURCES would pass for a file
  list(PREPEND unknown ${ARG_UNPARSED_ARGUMENTS})
  if(unknown)
    list(JOIN unknown " " unknown)
    message(FATAL_ERROR "${where}: unknown arguments: ${unknown}. It takes KIND, SOURCES, LINK and OUTPUT.")
  endif()
  if(ARG_KEYWORDS_MISSING_VALUES)
    list(JOIN ARG_KEYWORDS_MISSING_VALUES ", " empty)
    message(FATAL_ERROR "${where}: nothing follows ${empty}.")
  endif()
  if(NOT "${ARG_KIND}" MATCHES "^(transport|handler|filter|bridge|service)$")
    message(FATAL_ERROR "${where}: KIND is '${ARG_KIND}'; it must be transport, handler, filter, bridge or service.")
  endif()
  if(NOT "${name}" MATCHES "^[a-z][a-z0-9_]*$")
    message(FATAL_ERROR "${where}: a plugin's name is snake_case, as in a configuration.")
  endif()
  if(NOT ARG_SOURCES)
    message(FATAL_ERROR "${where}: SOURCES is missing.")
  endif()
endmacro()

function(_omnibroker_plugin_link target)
  set(folder "${CMAKE_CURRENT_FUNCTION_LIST_DIR}")
  string(TOUPPER "${CMAKE_BUILD_TYPE}" build)
  set(sanitized FALSE)
  if(OMNIBROKER_SANITIZE OR "${CMAKE_CXX_FLAGS} ${CMAKE_CXX_FLAGS_${build}} ${CMAKE_C_FLAGS}" MATCHES "-fsanitize=")
    set(sanitized TRUE)
  endif()

  target_link_options(${target} PRIVATE
    "LINKER:-z,now" "LINKER:--exclude-libs,ALL" "LINKER:--version-script,${folder}/omnibroker_plugin.map")
  # clang keeps a sanitizer's runtime in the executable, so there its symbols are rightly undefined in a plugin.
  if(NOT (sanitized AND "${CMAKE_CXX_COMPILER_ID}${CMAKE_C_COMPILER_ID}" MATCHES "Clang"))
    target_link_options(${target} PRIVATE "LINKER:-z,defs")
  endif()
  set_property(TARGET ${target} APPEND PROPERTY LINK_DEPENDS "${folder}/omnibroker_plugin.map")

  add_custom_command(TARGET ${target} POST_BUILD VERBATIM
    COMMAND "${CMAKE_COMMAND}" "-DPLUGIN=$<TARGET_FILE:${target}>" "-DNM=${CMAKE_NM}" "-DREADELF=${CMAKE_READELF}"
            -DSANITIZED=${sanitized} -P "${folder}/OmnibrokerPluginCheck.cmake")
endfunction()
