# Debian packages: `cpack -G DEB --config build/release/CPackConfig.cmake`.
set(CPACK_PACKAGE_NAME libfpr)
set(CPACK_PACKAGE_VENDOR "libfpr")
set(CPACK_PACKAGE_CONTACT "libfpr maintainers <libfpr@invalid>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_GENERATOR DEB)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL dev tools)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_PRE_BUILD_SCRIPTS ${CMAKE_CURRENT_LIST_DIR}/debian/files.cmake)

set(CPACK_DEBIAN_DEV_PACKAGE_NAME libfpr-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_RECOMMENDS
    "pkg-config, zlib1g-dev, libzstd-dev, libtracecmd-dev, libtracefs-dev, libtraceevent-dev")
set(CPACK_COMPONENT_DEV_DESCRIPTION
    "Model of Linux's page allocator with free page reporting (development files)
 Headers, static libraries, CMake and pkg-config files, manual pages and
 examples of libfpr.")
set(CPACK_DEBIAN_TOOLS_PACKAGE_NAME fpr-tools)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SECTION utils)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SHLIBDEPS ON)
if(TARGET fpr-bench-mpi)
  set(CPACK_DEBIAN_TOOLS_PACKAGE_RECOMMENDS "openmpi-bin") # it does not start without it
endif()
set(CPACK_DEBIAN_TOOLS_PACKAGE_SUGGESTS "libfpr-dev") # guides and manual pages of the library
set(CPACK_COMPONENT_TOOLS_DESCRIPTION
    "Tuning, conformance and teaching programs for free page reporting
 fpr-bench replays recorded guests and recommends settings, fpr-conform
 replays golden files, fpr-lab draws what the allocator does, step by step.")
if(FPR_SHARED)
  list(APPEND CPACK_COMPONENTS_ALL lib)
  set(CPACK_DEBIAN_LIB_PACKAGE_NAME libfpr${FPR_SOVERSION})
  set(CPACK_DEBIAN_LIB_PACKAGE_SECTION libs)
  set(CPACK_DEBIAN_LIB_PACKAGE_SHLIBDEPS ON)
  set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)
  set(CPACK_DEBIAN_LIB_PACKAGE_CONTROL_EXTRA ${CMAKE_CURRENT_LIST_DIR}/debian/triggers)
  set(CPACK_COMPONENT_LIB_DESCRIPTION
      "Model of Linux's page allocator with free page reporting (shared library)
 The library that programs linked against libfpr.so need.")
  set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS
      "libfpr${FPR_SOVERSION} (= ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})")
endif()
include(CPack)
