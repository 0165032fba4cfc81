# Finds libnvptxcompiler, NVIDIA's PTX assembler as a static library, and makes the shared object libtritonc_nvptxcompiler of it,
# which lies beside libtritonc and is opened when a kernel is compiled for a GPU.
# It comes with CUDA's toolkit; set TRITONC_NVPTXCOMPILER_LIBRARY to its path, or CUDAToolkit_ROOT, where it is not found.
find_library(TRITONC_NVPTXCOMPILER_LIBRARY NAMES libnvptxcompiler_static.a
             HINTS ${CUDAToolkit_ROOT} $ENV{CUDA_HOME} $ENV{CUDA_PATH}
             PATHS /usr/local/cuda /opt/cuda /usr
             PATH_SUFFIXES lib64 lib targets/x86_64-linux/lib targets/sbsa-linux/lib lib/x86_64-linux-gnu)
set(have_nvptxcompiler OFF)
if(TRITONC_NVPTXCOMPILER_LIBRARY)
  message(STATUS "libnvptxcompiler: ${TRITONC_NVPTXCOMPILER_LIBRARY}")
  set(have_nvptxcompiler ON)
  add_library(libtritonc_nvptxcompiler SHARED src/nvidia/nvptxcompiler_object.c)
  set_target_properties(libtritonc_nvptxcompiler PROPERTIES OUTPUT_NAME tritonc_nvptxcompiler)
  target_include_directories(libtritonc_nvptxcompiler PRIVATE src)
  target_link_libraries(libtritonc_nvptxcompiler PRIVATE ${TRITONC_NVPTXCOMPILER_LIBRARY} Threads::Threads ${CMAKE_DL_LIBS} m)
  target_link_options(libtritonc_nvptxcompiler PRIVATE -Wl,--exclude-libs,ALL -Wl,-Bsymbolic)
else()
  message(STATUS "libnvptxcompiler not found: PTX is assembled by libnvJitLink, ptxas or the driver")
endif()
