# llama.cpp and ONNX Runtime, as models/fetch.sh brings them, and what is built on them: the module
# stoa/engines and bin/stoa-worker. Nothing else links them.
set(STOA_MODELS ${PROJECT_SOURCE_DIR}/build/models CACHE PATH "Where models/fetch.sh puts things")
set(stoa_llama_version 0.5.0)

if(NOT EXISTS ${STOA_MODELS}/libs.${stoa_llama_version})
  message(FATAL_ERROR "The inference engines are not there. Fetch them with\n  models/fetch.sh libs")
endif()

# By path: the version is in the file's name, and headers and library belong together.
add_library(llama SHARED IMPORTED)
set_target_properties(llama PROPERTIES
  IMPORTED_LOCATION ${STOA_MODELS}/lib/libllama.v${stoa_llama_version}.so
  INTERFACE_INCLUDE_DIRECTORIES ${STOA_MODELS}/include/llama)
target_link_libraries(llama INTERFACE
  ${STOA_MODELS}/lib/libggml.v${stoa_llama_version}.so ${STOA_MODELS}/lib/libggml-base.so)

# llama.cpp's Jinja, for chat templates.
add_library(llama_common SHARED IMPORTED)
set_target_properties(llama_common PROPERTIES
  IMPORTED_LOCATION ${STOA_MODELS}/lib/libllama-common.so
  INTERFACE_INCLUDE_DIRECTORIES ${STOA_MODELS}/source/common)
target_link_libraries(llama_common INTERFACE llama)

# Headers only: a worker loads the library when it has an ONNX model.
add_library(onnxruntime_headers INTERFACE)
target_include_directories(onnxruntime_headers SYSTEM INTERFACE ${STOA_MODELS}/include/onnxruntime)

# Called at the end of CMakeLists.txt, when the modules below are declared.
function(stoa_add_engines)
  target_link_libraries(stoa_inference PRIVATE OpenSSL::Crypto)
  stoa_module(engines USES base inference io
              LINKS llama PRIVATE_LINKS llama_common onnxruntime_headers PkgConfig::seccomp ${CMAKE_DL_LIBS})
  add_executable(stoa-worker cmd/stoa_worker.cpp)
  target_link_libraries(stoa-worker PRIVATE stoa_engines)
  set_target_properties(stoa-worker PROPERTIES
    BUILD_RPATH ${STOA_MODELS}/lib INSTALL_RPATH "$ORIGIN/../lib/stoa")
  foreach(test IN ITEMS stoa_engines_test stoa_inference_test)
    if(TARGET ${test})
      add_dependencies(${test} stoa-worker)
      target_compile_definitions(${test} PRIVATE STOA_MODELS="${STOA_MODELS}"
                                                 STOA_WORKER="$<TARGET_FILE:stoa-worker>")
      set_target_properties(${test} PROPERTIES BUILD_RPATH ${STOA_MODELS}/lib)
    endif()
  endforeach()
endfunction()
cmake_language(DEFER CALL stoa_add_engines)
