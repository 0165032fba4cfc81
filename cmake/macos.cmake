# Builds for macOS on 64-bit Arm by zig, which has that system's headers and stubs of its libraries (`./dev build macos`).
# TRITONC_ZIG in the environment is zig, of the Python package ziglang. On a Mac the system's own compiler needs none of
# this.
set(CMAKE_SYSTEM_NAME Darwin)
set(CMAKE_SYSTEM_PROCESSOR arm64)
set(scripts ${CMAKE_CURRENT_LIST_DIR}/../build/zig/macos)
if(NOT EXISTS ${scripts}/cc)
  # A program without arguments, as compiler launchers want it.
  file(WRITE ${scripts}/cc "#!/bin/sh\nexec '$ENV{TRITONC_ZIG}' cc -target aarch64-macos \"$@\"\n")
  file(CHMOD ${scripts}/cc PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE)
endif()
set(CMAKE_C_COMPILER ${scripts}/cc)
set(CMAKE_C_COMPILER_WORKS ON) # zig has no install_name_tool, which CMake's own trial asks for
set(CMAKE_INSTALL_NAME_TOOL /bin/true)
