# What every target of the project shares: warnings, sanitizers, include paths.

find_package(Threads REQUIRED)

set(FPR_WARNINGS -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes
                 -Wmissing-prototypes -Wvla -Wpointer-arith -Wcast-align)
if(FPR_WERROR)
  list(APPEND FPR_WARNINGS -Werror)
endif()

function(fpr_layer_sources out)
  set(all)
  foreach(layer IN LISTS ARGN)
    file(GLOB found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${layer}/*.c)
    list(SORT found)
    list(APPEND all ${found})
  endforeach()
  set(${out} ${all} PARENT_SCOPE)
endfunction()

# Flags for any target of ours, library or program.
function(fpr_setup_target target)
  target_compile_options(${target} PRIVATE ${FPR_WARNINGS} -fvisibility=hidden)
  target_compile_definitions(${target} PRIVATE _GNU_SOURCE FPR_CHECK_LEVEL=${FPR_CHECK_LEVEL})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src)
  if(FPR_SANITIZE)
    target_compile_options(${target} PRIVATE -fsanitize=${FPR_SANITIZE} -fno-omit-frame-pointer
                                             -fno-sanitize-recover=all)
    target_link_options(${target} PRIVATE -fsanitize=${FPR_SANITIZE})
  endif()
  if(FPR_COVERAGE)
    target_compile_options(${target} PRIVATE --coverage -fprofile-abs-path -fprofile-update=atomic)
    target_link_options(${target} PRIVATE --coverage)
  endif()
endfunction()

function(fpr_setup_library target)
  fpr_setup_target(${target})
  target_include_directories(
    ${target} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>)
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
  target_link_libraries(${target} PUBLIC Threads::Threads)
endfunction()
