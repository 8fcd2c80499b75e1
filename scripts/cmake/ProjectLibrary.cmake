# With DERP_PCH the headers that most files include are read once per build instead of once per file:
# common_base and tests_support make them, derp_library() and derp_test() use them. A file must still
# include what it uses: not every preset builds like this.
set(DERP_FREQUENT_HEADERS
  <algorithm> <array> <atomic> <chrono> <cstdint> <functional> <map> <memory> <mutex> <optional> <set>
  <span> <string> <string_view> <thread> <utility> <variant> <vector> <fmt/format.h>
  <tl/expected.hpp>)

# derp_make_headers(TARGET HEADERS ...)
function(derp_make_headers target)
  if(DERP_PCH)
    target_precompile_headers(${target} PRIVATE ${ARGN})
  endif()
endfunction()

function(derp_use_headers target maker)
  if(DERP_PCH AND NOT target STREQUAL maker)
    target_precompile_headers(${target} REUSE_FROM ${maker})
  endif()
endfunction()

# derp_library(NAME SOURCES ... PUBLIC ... PRIVATE ...): a static library of one folder, compiled with
# the project's flags. Headers are found from the repository root.
function(derp_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC ${ARG_PUBLIC} PRIVATE project_flags ${ARG_PRIVATE})
  target_include_directories(${name} PUBLIC "${PROJECT_SOURCE_DIR}")
  derp_use_headers(${name} common_base)
endfunction()

# derp_program(NAME SOURCES ... LIBRARIES ...): one of the four programs, with its man page.
function(derp_program name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBRARIES" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE project_flags ${ARG_LIBRARIES})
  install(TARGETS ${name} RUNTIME)
  install(FILES "${PROJECT_SOURCE_DIR}/docs/man/${name}.1" PERMISSIONS OWNER_READ
          OWNER_WRITE GROUP_READ WORLD_READ DESTINATION "share/man/man1")
endfunction()

# derp_test(NAME LABEL SOURCES ... LIBRARIES ... [PROPERTIES ...]): a Catch2 executable whose cases are single
# ctest entries, with these properties besides.
function(derp_test name label)
  cmake_parse_arguments(ARG "" "" "SOURCES;LIBRARIES;PROPERTIES" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE project_flags tests_main tests_support ${ARG_LIBRARIES})
  target_compile_definitions(${name} PRIVATE
    DERP_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/data")
  derp_use_headers(${name} tests_support)
  catch_discover_tests(${name} TEST_PREFIX "${label}: " PROPERTIES LABELS ${label} TIMEOUT 120 ${ARG_PROPERTIES})
endfunction()

# derp_fuzz(NAME SOURCE CORPUS LIBRARIES ...): replays tests/fuzz/corpus/CORPUS through the target with a
# plain main in every build; with DERP_FUZZ (clang) the libFuzzer program fuzz_NAME is built as well.
function(derp_fuzz name source corpus)
  cmake_parse_arguments(ARG "" "" "LIBRARIES" ${ARGN})
  add_executable(replay_${name} ${source} "${PROJECT_SOURCE_DIR}/tests/fuzz/replay_main.cc")
  target_link_libraries(replay_${name} PRIVATE project_flags ${ARG_LIBRARIES})
  add_test(NAME "fuzz-replay: ${name}"
    COMMAND replay_${name} "${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${corpus}")
  set_tests_properties("fuzz-replay: ${name}" PROPERTIES LABELS fuzz-replay TIMEOUT 120)
  if(DERP_FUZZ)
    add_executable(fuzz_${name} ${source})
    target_link_libraries(fuzz_${name} PRIVATE project_flags ${ARG_LIBRARIES})
    target_compile_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
    target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
  endif()
endfunction()

# derp_e2e(AREA SCRIPT): a Python test over the built programs. Skipped by name where there is no Python.
function(derp_e2e area script)
  if(NOT Python3_FOUND)
    return()
  endif()
  get_filename_component(stem "${script}" NAME_WE)
  add_test(NAME "e2e: ${area} ${stem}"
    COMMAND ${Python3_EXECUTABLE} "${CMAKE_CURRENT_SOURCE_DIR}/${script}")
  set_tests_properties("e2e: ${area} ${stem}" PROPERTIES LABELS e2e TIMEOUT 300 SKIP_RETURN_CODE 77
    ENVIRONMENT "DERP_BUILD_DIR=${PROJECT_BINARY_DIR};PYTHONDONTWRITEBYTECODE=1")
endfunction()
