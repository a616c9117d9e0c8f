# What `cmake --install` puts where. Components: `sdk` (what an outside plugin is built against), `program`, `plugins`
# (omnibroker_add_plugin installs each by itself). Included once everything is there to be installed.
include(CMakePackageConfigHelpers)

set(sdk_folder "${PROJECT_SOURCE_DIR}/sdk")
set(package_folder "${CMAKE_INSTALL_LIBDIR}/cmake/omnibroker")

install(TARGETS omnibroker_sdk EXPORT omnibroker FILE_SET HEADERS COMPONENT sdk)
if(TARGET omnibroker_testing)
  set_target_properties(omnibroker_testing PROPERTIES EXPORT_NAME testing)
  get_target_property(header_sets omnibroker_testing INTERFACE_HEADER_SETS)
  if(header_sets)
    install(TARGETS omnibroker_testing EXPORT omnibroker
      ARCHIVE COMPONENT sdk FILE_SET HEADERS COMPONENT sdk)
  else()
    install(TARGETS omnibroker_testing EXPORT omnibroker ARCHIVE COMPONENT sdk)
  endif()
endif()
if(TARGET omnibroker)
  install(TARGETS omnibroker RUNTIME COMPONENT program)
endif()

install(EXPORT omnibroker NAMESPACE omnibroker:: FILE omnibrokerTargets.cmake
  DESTINATION "${package_folder}" COMPONENT sdk)
configure_package_config_file("${sdk_folder}/cmake/omnibrokerConfig.cmake.in"
  "${PROJECT_BINARY_DIR}/package/omnibrokerConfig.cmake" INSTALL_DESTINATION "${package_folder}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/package/omnibrokerConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES
  "${PROJECT_BINARY_DIR}/package/omnibrokerConfig.cmake"
  "${PROJECT_BINARY_DIR}/package/omnibrokerConfigVersion.cmake"
  "${sdk_folder}/cmake/OmnibrokerPlugin.cmake"
  "${sdk_folder}/cmake/OmnibrokerPluginCheck.cmake"
  "${sdk_folder}/cmake/omnibroker_plugin.map"
  DESTINATION "${package_folder}" COMPONENT sdk)
