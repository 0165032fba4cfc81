# The extension module (limited API, one build for Python 3.10 and later) and the package around it in build/python.
find_package(Python3 3.10 COMPONENTS Interpreter Development.Module)
if(NOT Python3_Development.Module_FOUND)
  message(STATUS "Python's headers not found: the Python package is left out")
  return()
endif()

set(package ${CMAKE_BINARY_DIR}/python/triton)
file(GLOB ext_c CONFIGURE_DEPENDS python/ext/*.c)
add_library(triton_ext MODULE ${ext_c})
target_include_directories(triton_ext PRIVATE ${Python3_INCLUDE_DIRS})
target_compile_definitions(triton_ext PRIVATE Py_LIMITED_API=0x030A0000)
target_link_libraries(triton_ext PRIVATE tritonc_run)
export_only(triton_ext PyInit_*)
set_target_properties(triton_ext PROPERTIES PREFIX "" OUTPUT_NAME libtriton SUFFIX ".abi3.so"
                                            LIBRARY_OUTPUT_DIRECTORY ${package}/_C)
if(have_cpu)
  set_target_properties(libtritonc_cpu PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${package}/_C)
  add_dependencies(triton_ext libtritonc_cpu)
endif()
if(have_nvptxcompiler)
  set_target_properties(libtritonc_nvptxcompiler PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${package}/_C)
  add_dependencies(triton_ext libtritonc_nvptxcompiler)
endif()
set_target_properties(libtritonc PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${package}/_C)

# The package's Python files stand in the build tree as links, so that an edit is seen at once.
file(GLOB_RECURSE package_py CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}/python/triton python/triton/*.py
     python/triton/*.pyi python/triton/py.typed)
foreach(file ${package_py})
  get_filename_component(folder ${package}/${file} DIRECTORY)
  file(MAKE_DIRECTORY ${folder})
  file(CREATE_LINK ${CMAKE_SOURCE_DIR}/python/triton/${file} ${package}/${file} SYMBOLIC)
endforeach()

# Links to files that are gone.
file(GLOB_RECURSE links LIST_DIRECTORIES false ${package}/*.py ${package}/*.pyi)
foreach(link ${links})
  if(NOT EXISTS ${link})
    file(REMOVE ${link})
  endif()
endforeach()

# Its way in beside another triton.
set(package_tritonc ${CMAKE_BINARY_DIR}/python/tritonc)
file(MAKE_DIRECTORY ${package_tritonc})
foreach(file __init__.py __main__.py)
  file(CREATE_LINK ${CMAKE_SOURCE_DIR}/python/tritonc/${file} ${package_tritonc}/${file} SYMBOLIC)
endforeach()

# The version, and what importlib.metadata says of a package that is used from the build tree.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/python/tools/version.py)
set(ENV{TRITONC_CPU} ${have_cpu})
execute_process(COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/python/tools/version.py
                OUTPUT_VARIABLE version COMMAND_ERROR_IS_FATAL ANY)
file(CONFIGURE OUTPUT ${package}/_version.py @ONLY
     CONTENT "__version__ = \"@version@\"\ntritonc_version = \"@PROJECT_VERSION@\"\n")
file(GLOB other_versions ${CMAKE_BINARY_DIR}/python/triton-*.dist-info)
if(other_versions)
  file(REMOVE_RECURSE ${other_versions})
endif()
file(WRITE ${CMAKE_BINARY_DIR}/python/triton-${version}.dist-info/METADATA
     "Metadata-Version: 2.1\nName: triton\nVersion: ${version}\n")

if(TRITONC_WHEEL)
  if(asked_cpu AND NOT have_cpu)
    message(FATAL_ERROR "A wheel has the CPU back end, and LLVM 19 or later was not found: install it (Debian's llvm-19-dev) "
                        "or set TRITONC_LLVM_CONFIG to its llvm-config. TRITONC_CPU=OFF in the environment builds a wheel "
                        "without, which says so in its version.")
  endif()
  install(TARGETS triton_ext libtritonc DESTINATION triton/_C)
  if(have_cpu)
    install(TARGETS libtritonc_cpu DESTINATION triton/_C)
  endif()
  if(have_nvptxcompiler)
    install(TARGETS libtritonc_nvptxcompiler DESTINATION triton/_C)
  endif()
  install(FILES ${package}/_version.py DESTINATION triton)
  install(DIRECTORY python/triton/ DESTINATION triton FILES_MATCHING PATTERN "*.py" PATTERN "*.pyi" PATTERN "py.typed")
  if(NOT SKBUILD)
    set(SKBUILD_SCRIPTS_DIR scripts)
  endif()
  install(TARGETS tritonc DESTINATION ${SKBUILD_SCRIPTS_DIR})
  install(FILES include/tritonc.h DESTINATION triton/_C/include)
  if(have_cpu AND TARGET tritonc_rt) # what programs of compiled kernels for the CPU link with
    install(TARGETS tritonc_rt DESTINATION triton/_C)
    install(FILES include/tritonc_rt.h DESTINATION triton/_C/include)
  endif()
endif()
