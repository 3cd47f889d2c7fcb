# Optional libraries of libfprtrace: each reader is built only if its library is found.
find_package(PkgConfig REQUIRED)
set(FPR_TRACE_LIBS)
set(FPR_TRACE_DEFS)
set(FPR_TRACE_MODULES) # pkg-config names, for the installed files
set(FPR_TRACE_PAIRS) # NAME:module

macro(fpr_optional_library name module packages)
  pkg_check_modules(${name} IMPORTED_TARGET ${module})
  if(${name}_FOUND)
    list(APPEND FPR_TRACE_LIBS PkgConfig::${name})
    list(APPEND FPR_TRACE_DEFS FPR_HAVE_${name}=1)
    list(APPEND FPR_TRACE_MODULES ${module})
    list(APPEND FPR_TRACE_PAIRS ${name}:${module})
  else()
    message(STATUS "${module} (${packages}) not found: built without it")
  endif()
endmacro()

fpr_optional_library(ZLIB zlib "zlib1g-dev")
fpr_optional_library(ZSTD libzstd "libzstd-dev")
# Its pkg-config file requires the other two, which Debian's package does not depend on.
fpr_optional_library(TRACECMD libtracecmd "libtracecmd-dev, libtracefs-dev, libtraceevent-dev")

# Headers only: events as USDT probes.
include(CheckIncludeFile)
check_include_file(sys/sdt.h FPR_SDT_H)
if(FPR_SDT_H)
  list(APPEND FPR_TRACE_DEFS FPR_HAVE_SDT=1)
else()
  message(STATUS "sys/sdt.h (systemtap-sdt-dev) not found: built without USDT probes")
endif()
