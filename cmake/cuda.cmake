# Finds libnvptxcompiler, NVIDIA's PTX assembler as a static library, and makes the interface target nvptxcompiler of it.
# It comes with CUDA's toolkit; set TRITONC_NVPTXCOMPILER_LIBRARY to its path, or CUDAToolkit_ROOT, where it is not found.
find_library(TRITONC_NVPTXCOMPILER_LIBRARY NAMES libnvptxcompiler_static.a
             HINTS ${CUDAToolkit_ROOT} $ENV{CUDA_HOME} $ENV{CUDA_PATH}
             PATHS /usr/local/cuda /opt/cuda /usr
             PATH_SUFFIXES lib64 lib targets/x86_64-linux/lib targets/sbsa-linux/lib lib/x86_64-linux-gnu)
if(TRITONC_NVPTXCOMPILER_LIBRARY)
  message(STATUS "libnvptxcompiler: ${TRITONC_NVPTXCOMPILER_LIBRARY}")
  add_library(nvptxcompiler INTERFACE)
  target_compile_definitions(nvptxcompiler INTERFACE TRITONC_NVPTXCOMPILER)
  target_link_libraries(nvptxcompiler INTERFACE ${TRITONC_NVPTXCOMPILER_LIBRARY} Threads::Threads ${CMAKE_DL_LIBS} m)
else()
  message(STATUS "libnvptxcompiler not found: PTX is assembled by libnvJitLink, ptxas or the driver")
endif()
