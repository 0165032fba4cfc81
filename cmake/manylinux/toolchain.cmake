# Builds for Linux with glibc 2.28 and later (manylinux_2_28), for this machine's architecture or another.
#
#   TRITONC_ZIG       zig (the Python package ziglang): it has glibc's symbols release by release, and links against 2.28
#   TRITONC_MACHINE   x86_64 or aarch64
#   TRITONC_SYSROOT   for another architecture: a folder with Debian's packages of LLVM, libstdc++, zlib, zstd unpacked
#
# For this machine's architecture gcc compiles, so that the micro-kernels are those that were measured, and zig links;
# for another zig (clang) compiles too.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES TRITONC_ZIG TRITONC_MACHINE TRITONC_SYSROOT)
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR ${TRITONC_MACHINE})
set(zig_target ${TRITONC_MACHINE}-linux-gnu.2.28)
cmake_host_system_information(RESULT host_machine QUERY OS_PLATFORM)

if(host_machine STREQUAL TRITONC_MACHINE)
  set(CMAKE_C_COMPILER gcc)
  set(CMAKE_CXX_COMPILER g++)
  set(CMAKE_CROSSCOMPILING OFF)
else()
  # A program without arguments, as compiler launchers want it.
  set(scripts ${CMAKE_CURRENT_LIST_DIR}/../../build/zig/${TRITONC_MACHINE})
  foreach(tool cc c++)
    if(NOT EXISTS ${scripts}/${tool})
      file(WRITE ${scripts}/${tool} "#!/bin/sh\nexec '${TRITONC_ZIG}' ${tool} -target ${zig_target} \"$@\"\n")
      file(CHMOD ${scripts}/${tool} PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
    endif()
  endforeach()
  set(CMAKE_C_COMPILER ${scripts}/cc)
  set(CMAKE_CXX_COMPILER ${scripts}/c++)
endif()

if(TRITONC_SYSROOT)
  set(static_dirs ${TRITONC_SYSROOT}/usr/lib/gcc/${TRITONC_MACHINE}-linux-gnu/12)
else()
  execute_process(COMMAND gcc -print-file-name=libstdc++.a OUTPUT_VARIABLE libstdcxx OUTPUT_STRIP_TRAILING_WHITESPACE)
  get_filename_component(static_dirs ${libstdcxx} DIRECTORY)
endif()

# What glibc 2.28 lacks (glibc.c).
set(compat ${CMAKE_CURRENT_LIST_DIR}/../../build/zig/${TRITONC_MACHINE}/libcompat.a)
if(NOT EXISTS ${compat} OR ${CMAKE_CURRENT_LIST_DIR}/glibc.c IS_NEWER_THAN ${compat})
  get_filename_component(folder ${compat} DIRECTORY)
  file(MAKE_DIRECTORY ${folder})
  execute_process(COMMAND ${TRITONC_ZIG} cc -target ${zig_target} -std=c17 -D_GNU_SOURCE -O2 -fPIC -fvisibility=hidden -fno-builtin -Wno-deprecated-declarations
                          -ffunction-sections -c ${CMAKE_CURRENT_LIST_DIR}/glibc.c -o ${folder}/compat.o
                  COMMAND_ERROR_IS_FATAL ANY)
  file(REMOVE ${compat})
  execute_process(COMMAND ${TRITONC_ZIG} ar rcs ${compat} ${folder}/compat.o COMMAND_ERROR_IS_FATAL ANY)
endif()

set(link "'${TRITONC_ZIG}' cc -target ${zig_target} -s -Wl,--build-id")
set(cxx_runtime "${static_dirs}/libstdc++.a ${static_dirs}/libgcc_eh.a")
set(CMAKE_C_LINK_EXECUTABLE "${link} <LINK_FLAGS> <OBJECTS> -o <TARGET> <LINK_LIBRARIES> ${compat}")
set(CMAKE_CXX_LINK_EXECUTABLE "${link} <LINK_FLAGS> <OBJECTS> -o <TARGET> <LINK_LIBRARIES> ${cxx_runtime} ${compat}")
foreach(kind LIBRARY MODULE)
  set(shared "${link} -shared <LINK_FLAGS> <SONAME_FLAG><TARGET_SONAME> -o <TARGET> <OBJECTS> <LINK_LIBRARIES>")
  set(CMAKE_C_CREATE_SHARED_${kind} "${shared} ${compat}")
  set(CMAKE_CXX_CREATE_SHARED_${kind} "${shared} ${cxx_runtime} ${compat}")
endforeach()
