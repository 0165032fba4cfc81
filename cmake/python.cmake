# The extension module (limited API, one build for Python 3.11 and later) and the package around it in build/python.
find_package(Python3 3.11 COMPONENTS Interpreter Development.Module)
if(NOT Python3_Development.Module_FOUND)
  message(STATUS "Python's headers not found: the Python package is left out")
  return()
endif()

set(package ${CMAKE_BINARY_DIR}/python/triton)
file(GLOB ext_c CONFIGURE_DEPENDS python/ext/*.c)
add_library(triton_ext MODULE ${ext_c})
target_include_directories(triton_ext PRIVATE ${Python3_INCLUDE_DIRS})
target_compile_definitions(triton_ext PRIVATE Py_LIMITED_API=0x030B0000)
target_link_libraries(triton_ext PRIVATE tritonc_run)
target_link_options(triton_ext PRIVATE -Wl,--exclude-libs,ALL)
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

# What importlib.metadata says of a package that is used from the build tree.
set(version 3.6.0+c${PROJECT_VERSION})
file(WRITE ${CMAKE_BINARY_DIR}/python/triton-${version}.dist-info/METADATA
     "Metadata-Version: 2.1\nName: triton\nVersion: ${version}\n")

if(SKBUILD)
  install(TARGETS triton_ext libtritonc DESTINATION triton/_C)
  if(have_cpu)
    install(TARGETS libtritonc_cpu DESTINATION triton/_C)
  endif()
  if(have_nvptxcompiler)
    install(TARGETS libtritonc_nvptxcompiler DESTINATION triton/_C)
  endif()
  install(DIRECTORY python/triton/ DESTINATION triton FILES_MATCHING PATTERN "*.py" PATTERN "*.pyi" PATTERN "py.typed")
  install(TARGETS tritonc DESTINATION ${SKBUILD_SCRIPTS_DIR})
  install(FILES include/tritonc.h DESTINATION triton/_C/include)
endif()
