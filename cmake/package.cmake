# The CMake package: what `find_package(treadle)` in another project reads. Included after all rooms are there.
include(CMakePackageConfigHelpers)

# One name for users, in the tree and installed.
set_target_properties(treadle_cpp PROPERTIES EXPORT_NAME treadle)
add_library(treadle::treadle ALIAS treadle_cpp)
target_compile_features(treadle_cpp PUBLIC cxx_std_20)

set(package_folder lib/cmake/treadle)
install(EXPORT treadle-targets NAMESPACE treadle:: DESTINATION ${package_folder})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/treadle-config.cmake.in
  ${CMAKE_BINARY_DIR}/package/treadle-config.cmake INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/package/treadle-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/package/treadle-config.cmake ${CMAKE_BINARY_DIR}/package/treadle-config-version.cmake
  DESTINATION ${package_folder})
