# stoa_module(NAME [USES module...] [LINKS library...] [PRIVATE_LINKS library...])
#
# One folder stoa/NAME becomes one library stoa_NAME and, from its *_test.cpp files, one test
# program. A file may include headers of its own folder and of the modules in USES, which must
# have been declared earlier: so the list of modules in CMakeLists.txt, read from the top, is the
# list of layers, and a cycle or an upward include stops the configuration.
function(stoa_module name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "USES;LINKS;PRIVATE_LINKS")
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS stoa/${name}/*.cpp stoa/${name}/*.hpp)
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "_test\\.cpp$")

  foreach(file IN LISTS sources tests)
    file(STRINGS ${file} includes REGEX "^#include \"")
    foreach(line IN LISTS includes)
      string(REGEX REPLACE "^#include \"(stoa/([a-z0-9_]+)/)?.*" "\\2" used "${line}")
      if(NOT used IN_LIST arg_USES AND NOT used STREQUAL name)
        message(FATAL_ERROR "${file}\n  ${line}\n  stoa/${name} may use only: ${arg_USES}")
      endif()
    endforeach()
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  endforeach()

  set(scope PUBLIC)
  set(implementation ${sources})
  list(FILTER implementation INCLUDE REGEX "\\.cpp$")
  if(implementation)
    add_library(stoa_${name} STATIC ${sources})
    target_link_libraries(stoa_${name} PRIVATE ${arg_PRIVATE_LINKS})
  else()
    set(scope INTERFACE)
    add_library(stoa_${name} INTERFACE)
  endif()
  target_include_directories(stoa_${name} ${scope} ${PROJECT_SOURCE_DIR})
  foreach(module IN LISTS arg_USES)
    if(NOT TARGET stoa_${module})
      message(FATAL_ERROR "stoa/${name} uses stoa/${module}, which is not declared above it")
    endif()
    target_link_libraries(stoa_${name} ${scope} stoa_${module})
  endforeach()
  target_link_libraries(stoa_${name} ${scope} ${arg_LINKS})

  if(tests)
    add_executable(stoa_${name}_test ${tests})
    target_link_libraries(stoa_${name}_test stoa_${name} GTest::gmock GTest::gtest_main rapidcheck
                          ZLIB::ZLIB)
    target_compile_definitions(stoa_${name}_test PRIVATE STOA_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
                                                         STOA_BINARY_DIR="${PROJECT_BINARY_DIR}")
    add_test(NAME ${name} COMMAND stoa_${name}_test)
    set_tests_properties(${name} PROPERTIES TIMEOUT 300)
  endif()
endfunction()
