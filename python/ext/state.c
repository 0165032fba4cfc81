/* state.c: access to the module's state, from the module or from one of its types. */
#include "ext.h"

State *ext_state_of(PyObject *module) { return PyModule_GetState(module); }

/* The module is the one of the nearest base made here; a Python subclass has none of its own. */
State *ext_state_of_type(PyObject *type) {
  PyObject *core = PyObject_GetAttrString(type, "_core");
  PyObject *module = core ? PyType_GetModule((PyTypeObject *)core) : NULL;
  Py_XDECREF(core);
  return module ? ext_state_of(module) : NULL;
}
