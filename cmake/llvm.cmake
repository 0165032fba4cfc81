# Finds LLVM's static libraries through llvm-config and makes the interface target llvm_c of them.
if(NOT TRITONC_LLVM_CONFIG)
  find_program(TRITONC_LLVM_CONFIG NAMES llvm-config-19 llvm-config-20 llvm-config-21 llvm-config-22 llvm-config
               PATHS /usr/lib/llvm-19/bin /usr/lib/llvm-20/bin /usr/lib/llvm-21/bin /usr/lib/llvm-22/bin)
endif()
if(NOT TRITONC_LLVM_CONFIG)
  return()
endif()
execute_process(COMMAND ${TRITONC_LLVM_CONFIG} --version OUTPUT_VARIABLE llvm_version OUTPUT_STRIP_TRAILING_WHITESPACE)
if(llvm_version VERSION_LESS 19)
  message(STATUS "LLVM ${llvm_version} is too old")
  return()
endif()
execute_process(COMMAND ${TRITONC_LLVM_CONFIG} --includedir OUTPUT_VARIABLE llvm_include OUTPUT_STRIP_TRAILING_WHITESPACE)
execute_process(COMMAND ${TRITONC_LLVM_CONFIG} --libdir OUTPUT_VARIABLE llvm_libdir OUTPUT_STRIP_TRAILING_WHITESPACE)
set(llvm_machine native)
if(TRITONC_SYSROOT) # the same release for another machine: this one's llvm-config says which libraries there are
  string(REPLACE "x86_64" "x86" llvm_machine ${TRITONC_MACHINE})
  set(llvm_include ${TRITONC_SYSROOT}${llvm_include})
  set(llvm_libdir ${TRITONC_SYSROOT}${llvm_libdir})
  if(NOT EXISTS ${llvm_libdir}/libLLVMCore.a)
    message(STATUS "${llvm_libdir} has no LLVM ${llvm_version}")
    return()
  endif()
endif()
execute_process(COMMAND ${TRITONC_LLVM_CONFIG} --components OUTPUT_VARIABLE llvm_components OUTPUT_STRIP_TRAILING_WHITESPACE)
execute_process(COMMAND ${TRITONC_LLVM_CONFIG} --link-static --libs core orcjit ${llvm_machine} passes mcdisassembler irreader
                        executionengine object
                OUTPUT_VARIABLE llvm_libs OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE llvm_failed)
if(llvm_failed)
  message(STATUS "LLVM ${llvm_version} has no static libraries")
  return()
endif()
separate_arguments(llvm_libs)

# What LLVM's Support library itself wants. Static where there is a static one, so that the backend carries it.
set(llvm_system)
foreach(name z zstd)
  if(TRITONC_SYSROOT)
    set(llvm_${name} ${TRITONC_SYSROOT}/usr/lib/${TRITONC_MACHINE}-linux-gnu/lib${name}.a)
  else()
    find_library(llvm_${name} NAMES lib${name}.a ${name} PATHS /usr/lib/${TRITONC_MACHINE}-linux-gnu) # zig names no such folder
  endif()
  if(llvm_${name})
    list(APPEND llvm_system ${llvm_${name}})
  endif()
endforeach()

# Whatever links this is linked by the C++ compiler (LINKER_LANGUAGE CXX): naming stdc++ here would bring in the shared one.
message(STATUS "LLVM ${llvm_version} in ${llvm_libdir}")
add_library(llvm_c INTERFACE)
target_include_directories(llvm_c SYSTEM INTERFACE ${llvm_include})
target_link_directories(llvm_c INTERFACE ${llvm_libdir})
target_link_libraries(llvm_c INTERFACE ${llvm_libs} ${llvm_system} rt ${CMAKE_DL_LIBS} m Threads::Threads)
