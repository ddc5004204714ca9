/* The module, and the choice of the instruction set. */

#include "binding.h"

#include <string.h>

const Primitives *chosen = &primitives_baseline;

/* The instruction sets of this machine, the widest first. */
static const Primitives *const *available(void)
{
    static const Primitives *found[4];
    const Primitives **next = found;
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw")
            && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
            *next++ = &primitives_avx512;
        *next++ = &primitives_avx2;
    }
#endif
    *next++ = &primitives_baseline;
    *next = NULL;
    return found;
}

static PyObject *bind_available(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    PyObject *names = PyList_New(0);
    for (const Primitives *const *set = available(); names && *set; set++) {
        PyObject *name = PyUnicode_FromString((*set)->name);
        if (!name || PyList_Append(names, name))
            Py_CLEAR(names);
        Py_XDECREF(name);
    }
    return names;
}

static PyObject *bind_choose(PyObject *module, PyObject *name)
{
    (void)module;
    const char *wanted = PyUnicode_AsUTF8AndSize(name, NULL);
    if (!wanted)
        return NULL;
    for (const Primitives *const *set = available(); *set; set++)
        if (!strcmp((*set)->name, wanted)) {
            chosen = *set;
            Py_RETURN_NONE;
        }
    PyErr_Format(PyExc_ValueError, "this machine has no instruction set %s", wanted);
    return NULL;
}

static PyObject *bind_chosen(PyObject *module, PyObject *unused)
{
    (void)module, (void)unused;
    return PyUnicode_FromString(chosen->name);
}

#define METHOD(name, words) {#name, bind_##name, METH_VARARGS, words},

static PyMethodDef methods[] = {
    {"available", bind_available, METH_NOARGS, "Return the names of the instruction sets, the widest first."},
    {"choose", bind_choose, METH_O, "Use an instruction set."},
    {"chosen", bind_chosen, METH_NOARGS, "Return the name of the instruction set that is used."},
    FUNCTIONS(METHOD)
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {{0, NULL}};

static PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "_core",
    .m_doc = "Loops over samples, compiled for several instruction sets.",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__core(void)
{
    chosen = available()[0];
    return PyModuleDef_Init(&definition);
}
