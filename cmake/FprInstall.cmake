# Installing: component `dev` (headers, archives, CMake and pkg-config files, manual pages of the
# library), `lib` (the shared library, if built) and `tools` (programs and theirs).
include(CMakePackageConfigHelpers)

set(fpr_cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/fpr)

# Two sets of targets, so that fpr::fpr can be used where the readers' libraries are missing.
install(TARGETS fpr EXPORT fpr-targets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dev)
install(TARGETS fprtrace EXPORT fprtrace-targets
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT dev)
if(FPR_SHARED)
  install(
    TARGETS fpr_shared EXPORT fpr-shared-targets
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT lib
            NAMELINK_COMPONENT dev)
  install(EXPORT fpr-shared-targets NAMESPACE fpr:: DESTINATION ${fpr_cmake_dir} COMPONENT dev)
endif()
install(EXPORT fpr-targets NAMESPACE fpr:: DESTINATION ${fpr_cmake_dir} COMPONENT dev)
install(EXPORT fprtrace-targets NAMESPACE fpr:: DESTINATION ${fpr_cmake_dir} COMPONENT dev)
install(DIRECTORY include/fpr DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT dev)

configure_package_config_file(cmake/fpr-config.cmake.in ${PROJECT_BINARY_DIR}/fpr-config.cmake
                              INSTALL_DESTINATION ${fpr_cmake_dir}
                              PATH_VARS CMAKE_INSTALL_LIBDIR)
# Below 1.0 a new minor version may break callers.
write_basic_package_version_file(${PROJECT_BINARY_DIR}/fpr-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/fpr-config.cmake ${PROJECT_BINARY_DIR}/fpr-config-version.cmake
        DESTINATION ${fpr_cmake_dir} COMPONENT dev)

# The .pc files find their prefix from where they lie, so that a moved tree still works.
file(RELATIVE_PATH fpr_pc_prefix /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
string(REGEX REPLACE "/$" "" fpr_pc_prefix ${fpr_pc_prefix})
string(REPLACE ";" " " fpr_pc_requires "${FPR_TRACE_MODULES}")
foreach(name fpr fprtrace)
  configure_file(cmake/${name}.pc.in ${PROJECT_BINARY_DIR}/${name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig
          COMPONENT dev)
endforeach()

foreach(program fpr-bench fpr-bench-mpi fpr-conform fpr-lab)
  if(TARGET ${program})
    install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT tools)
  endif()
endforeach()

# Not a program of this machine: it is copied into guests.
install(PROGRAMS bench/record-guest DESTINATION ${CMAKE_INSTALL_DATADIR}/fpr COMPONENT tools)

install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/libfpr-dev RENAME copyright
        COMPONENT dev)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/fpr-tools RENAME copyright
        COMPONENT tools)
if(FPR_SHARED)
  install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/doc/libfpr${FPR_SOVERSION}
          RENAME copyright COMPONENT lib)
endif()

# To learn from without the sources: guides, examples, lessons, recordings. The documents lie as in the
# sources, so that links from one to the other, to examples and to headers hold.
set(fpr_doc ${CMAKE_INSTALL_DATADIR}/doc/libfpr-dev)
install(FILES README.md CONTRIBUTING.md DESTINATION ${fpr_doc} COMPONENT dev)
install(FILES bench/README.md DESTINATION ${fpr_doc}/bench COMPONENT dev)
install(DIRECTORY docs DESTINATION ${fpr_doc} COMPONENT dev FILES_MATCHING PATTERN "*.md" PATTERN man
                                                                              EXCLUDE)
file(RELATIVE_PATH fpr_headers /prefix/${fpr_doc}/include /prefix/${CMAKE_INSTALL_INCLUDEDIR}/fpr)
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/doc-include)
file(CREATE_LINK ${fpr_headers} ${PROJECT_BINARY_DIR}/doc-include/fpr SYMBOLIC)
install(DIRECTORY ${PROJECT_BINARY_DIR}/doc-include/ DESTINATION ${fpr_doc}/include COMPONENT dev)
file(GLOB fpr_examples CONFIGURE_DEPENDS examples/*/CMakeLists.txt)
list(FILTER fpr_examples EXCLUDE REGEX "/lab/") # fpr-lab does not build by itself
foreach(file IN LISTS fpr_examples)
  get_filename_component(folder ${file} DIRECTORY)
  install(DIRECTORY ${folder} DESTINATION ${fpr_doc}/examples COMPONENT dev PATTERN build EXCLUDE)
endforeach()
install(DIRECTORY examples/lab/lessons DESTINATION ${CMAKE_INSTALL_DATADIR}/fpr COMPONENT tools)
install(DIRECTORY bench/data/ DESTINATION ${CMAKE_INSTALL_DATADIR}/fpr/recordings COMPONENT tools
        FILES_MATCHING PATTERN "*.fprt")
if(PROJECT_IS_TOP_LEVEL)
  include(cmake/FprPackage.cmake)
endif()
