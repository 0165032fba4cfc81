# libtritonc_rt.a: the threads, the micro-kernels and the launch function that programs of compiled kernels link with, and
# nothing of the compiler. The files of dot are in it once for each kind of operands, so that a program gets its own only.
set(rt_options -O3 -g0 -fno-asynchronous-unwind-tables)
if(CMAKE_C_COMPILER_ID STREQUAL GNU)
  list(APPEND rt_options -fno-lto)
endif()
file(GLOB rt_dot_c CONFIGURE_DEPENDS src/cpu/rt/dot*.c)
list(FILTER rt_dot_c EXCLUDE REGEX dot_common.c)
set(rt_dot_objects)
foreach(kind f32 f16 bf16 f8 i8 f64)
  add_library(rt_dot_${kind} OBJECT ${rt_dot_c})
  target_compile_definitions(rt_dot_${kind} PRIVATE RT_STATIC RT_DOT_KIND=${kind})
  target_compile_options(rt_dot_${kind} PRIVATE ${rt_options} -Wno-unused-function -Wno-unused-const-variable)
  target_include_directories(rt_dot_${kind} PRIVATE src include)
  list(APPEND rt_dot_objects $<TARGET_OBJECTS:rt_dot_${kind}>)
endforeach()
add_library(tritonc_rt STATIC src/cpu/pool.c src/cpu/fault.c src/cpu/rt/cpu.c src/cpu/rt/levels.c src/cpu/rt/launch.c
                              src/cpu/rt/rt.c src/cpu/rt/half.c src/cpu/rt/print.c src/cpu/rt/transpose.c
                              src/cpu/rt/dot_common.c src/ir/float.c ${rt_dot_objects})
target_compile_definitions(tritonc_rt PRIVATE RT_STATIC)
target_compile_options(tritonc_rt PRIVATE ${rt_options})
target_include_directories(tritonc_rt PRIVATE src include)
