# Turns files into a C array of (name, text, length): cmake -DOUT=lib_embedded.c -DINCLUDE=lang/internal.h -DTYPE=LibFile
# -DNAME=lang_lib_files -P cmake/embed.cmake -- FILE...  INCLUDE declares NAME[] and `size_t NAME_count`.
#
# A file becomes one array of unsigned bytes, so that no limit on the length of string literals and no escaping matters.
set(files)
set(seen FALSE)
math(EXPR last "${CMAKE_ARGC} - 1")
foreach(i RANGE ${last})
  if(seen)
    list(APPEND files "${CMAKE_ARGV${i}}")
  elseif("${CMAKE_ARGV${i}}" STREQUAL "--")
    set(seen TRUE)
  endif()
endforeach()
list(SORT files)

set(arrays "")
set(rows "")
list(LENGTH files count)
set(index 0)
foreach(path IN LISTS files)
  file(READ "${path}" bytes HEX)
  file(SIZE "${path}" size)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(REGEX REPLACE "(0x[0-9a-f][0-9a-f],0x[0-9a-f][0-9a-f],0x[0-9a-f][0-9a-f],0x[0-9a-f][0-9a-f],0x[0-9a-f][0-9a-f],0x[0-9a-f][0-9a-f],0x[0-9a-f][0-9a-f],0x[0-9a-f][0-9a-f],)"
         "\\1\n" bytes "${bytes}")
  get_filename_component(name "${path}" NAME)
  string(APPEND arrays "static const unsigned char file_${index}[] = {\n${bytes}0};\n")
  string(APPEND rows "    {\"${name}\", (const char *)file_${index}, ${size}},\n")
  math(EXPR index "${index} + 1")
endforeach()

file(WRITE "${OUT}" "/* Made by cmake/embed.cmake. */
#include \"${INCLUDE}\"

${arrays}
const ${TYPE} ${NAME}[] = {
${rows}};
const size_t ${NAME}_count = ${count};
")
