/* buffer.h: the buffer protocol for Python 3.10.
 *
 * The limited API has it from 3.11 on. The three functions and the struct are older, are exported by Python 3.10 just
 * so, and did not change when they became part of the stable ABI; only its headers hide them from a limited build.
 */
#ifndef TRITON_EXT_BUFFER_H
#define TRITON_EXT_BUFFER_H

#include <Python.h>

#if Py_LIMITED_API + 0 < 0x030B0000
typedef struct Py_buffer {
  void *buf;
  PyObject *obj;
  Py_ssize_t len, itemsize;
  int readonly, ndim;
  char *format;
  Py_ssize_t *shape, *strides, *suboffsets;
  void *internal;
} Py_buffer;

enum { PyBUF_FORMAT = 0x4, PyBUF_STRIDES = 0x18, PyBUF_ANY_CONTIGUOUS = 0x80 | PyBUF_STRIDES };

PyAPI_FUNC(int) PyObject_CheckBuffer(PyObject *obj);
PyAPI_FUNC(int) PyObject_GetBuffer(PyObject *obj, Py_buffer *view, int flags);
PyAPI_FUNC(void) PyBuffer_Release(Py_buffer *view);
#endif

#endif
