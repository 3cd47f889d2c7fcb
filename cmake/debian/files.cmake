# Run by CPack on what goes into each package, before it is closed: what Debian wants compressed is,
# without a time in it, and each package has its changelogs.
file(GLOB stages ${CPACK_TEMPORARY_DIRECTORY}/*/usr)
foreach(stage IN LISTS stages)
  file(GLOB_RECURSE pages ${stage}/share/man/*.[137])
  file(GLOB docs ${stage}/share/doc/*)
  foreach(doc IN LISTS docs)
    configure_file(${CMAKE_CURRENT_LIST_DIR}/../../CHANGELOG.md ${doc}/changelog COPYONLY)
    get_filename_component(FPR_PACKAGE ${doc} NAME)
    configure_file(${CMAKE_CURRENT_LIST_DIR}/changelog.in ${doc}/changelog.Debian @ONLY)
    list(APPEND pages ${doc}/changelog ${doc}/changelog.Debian)
    if(FPR_PACKAGE MATCHES "^libfpr[0-9]") # CPack's own scripts beside the trigger
      file(WRITE ${stage}/share/lintian/overrides/${FPR_PACKAGE}
           "${FPR_PACKAGE}: maintscript-calls-ldconfig\n")
    endif()
  endforeach()
  if(pages)
    execute_process(COMMAND gzip -9nf ${pages} COMMAND_ERROR_IS_FATAL ANY)
  endif()
  foreach(page IN LISTS pages)
    file(CHMOD ${page}.gz PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ WORLD_READ)
  endforeach()
endforeach()
