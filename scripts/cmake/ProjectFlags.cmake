# One interface target carries the language level, the warnings and the sanitizers of all our code.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

add_library(project_flags INTERFACE)
target_include_directories(project_flags INTERFACE "${PROJECT_SOURCE_DIR}")
target_compile_options(project_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wnon-virtual-dtor
  -Wold-style-cast -Woverloaded-virtual)
# gcc 12 sees overlapping copies in std::string's own operator+ when it inlines it (gcc bug 105651,
# fixed in 13).
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13 AND
   NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  target_compile_options(project_flags INTERFACE -Wno-restrict)
endif()
if(DERP_WERROR)
  target_compile_options(project_flags INTERFACE -Werror)
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  target_compile_options(project_flags INTERFACE -Wthread-safety)
endif()
if(CMAKE_BUILD_TYPE STREQUAL "Debug" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  target_compile_definitions(project_flags INTERFACE _GLIBCXX_ASSERTIONS)
endif()
if(DERP_SANITIZE)
  target_compile_options(project_flags INTERFACE -fsanitize=${DERP_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(project_flags INTERFACE -fsanitize=${DERP_SANITIZE})
endif()
target_compile_definitions(project_flags INTERFACE DERP_VERSION="${PROJECT_VERSION}")
