/* The module, and the choice of the instruction set. */

#include "binding.h"

#include <string.h>

const Primitives *chosen = &primitives_baseline;

/* The instruction sets that this machine has, the widest first. */
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

#define FUNCTION(name, words) {#name, bind_##name, METH_VARARGS, words}

static PyMethodDef methods[] = {
    {"available", bind_available, METH_NOARGS, "Return the names of the instruction sets, the widest first."},
    {"choose", bind_choose, METH_O, "Use an instruction set."},
    {"chosen", bind_chosen, METH_NOARGS, "Return the name of the instruction set that is used."},
    FUNCTION(box, "Take the means of boxes of samples."),
    FUNCTION(guided, "Filter planes guided by themselves."),
    FUNCTION(extrema, "Find the minima or maxima over a shape."),
    FUNCTION(png_rows, "Filter rows of bytes as PNG does."),
    FUNCTION(png_unfilter, "Undo the filters of rows of a PNG."),
    FUNCTION(separable, "Correlate with a column and a row of taps."),
    FUNCTION(interpolate, "Add up coarse samples with the weights of each place between them."),
    FUNCTION(dense, "Correlate with a kernel."),
    FUNCTION(bank, "Correlate with a bank of kernels."),
    FUNCTION(fourier, "Correlate by Fourier transforms of tiles."),
    FUNCTION(gradient, "Differentiate along x and y, and give magnitude and angle."),
    FUNCTION(polar, "Give the magnitude and angle of derivatives."),
    FUNCTION(thinned_gradient, "Differentiate along x and y, and keep the maxima along the gradient."),
    FUNCTION(luma, "Sum red, green and blue by their weights."),
    FUNCTION(thin, "Keep the maxima along the gradient."),
    FUNCTION(join, "Keep what is joined to the strong pixels."),
    FUNCTION(rank, "Give each pixel the sample of a rank in its window."),
    FUNCTION(mode, "Give each pixel the most frequent sample of its window."),
    FUNCTION(bilateral, "Smooth, and keep edges, by a bilateral filter."),
    FUNCTION(nonlocal_means, "Remove noise by the means of similar patches."),
    FUNCTION(pool, "Join the samples of each window of a grid."),
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {{0, NULL}};

static PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "_core",
    .m_doc = "Loops over samples, compiled for the instruction sets that processors have.",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__core(void)
{
    chosen = available()[0];
    return PyModuleDef_Init(&definition);
}
