#include "binding.h"

static int take_block(Held *held, PyObject *object, const double **taps, const char *name)
{
    ptrdiff_t count;
    return take_taps(held, object, taps, &count, name)
        && check_size(count, BM3D_BLOCK * BM3D_BLOCK, BM3D_BLOCK * BM3D_BLOCK, name);
}

static int check_like(const Array *array, const Array *in, ptrdiff_t planes, const char *name)
{
    if (array->planes == planes && array->rows == in->rows && array->samples == in->samples)
        return 1;
    PyErr_Format(PyExc_ValueError, "%s: not the size of the input", name);
    return 0;
}

/* bm3d(in, basic or None, guide, out, top, first, end, step, most, limit, strength, forward, inverse, window) */
PyObject *bind_bm3d(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *in, *basic, *guide, *out, *forward, *inverse, *window;
    Bm3dCall call;
    Held held = {.count = 0};
    int status = REFUSED;
    if (PyArg_ParseTuple(arguments, "OOOOnnnnnddOOO", &in, &basic, &guide, &out, &call.top, &call.first, &call.end,
                         &call.step, &call.most, &call.limit, &call.strength, &forward, &inverse, &window)
        && take_array(&held, in, &call.in, 0, F32, "in") && take_optional(&held, basic, &call.basic, 0, F32, "basic")
        && take_array(&held, guide, &call.guide, 0, F32, "guide") && take_array(&held, out, &call.out, 1, F32, "out")
        && take_block(&held, forward, &call.forward, "forward") && take_block(&held, inverse, &call.inverse, "inverse")
        && take_block(&held, window, &call.window, "window")
        && check_size(call.in.rows, BM3D_BLOCK, INT32_MAX, "rows")
        && check_size(call.in.samples, BM3D_BLOCK, INT32_MAX, "samples")
        && (!call.basic.data || check_like(&call.basic, &call.in, call.in.planes, "basic"))
        && check_like(&call.guide, &call.in, 1, "guide") && check_size(call.step, 1, BM3D_BLOCK, "step")
        && check_size(call.most, 1, BM3D_MOST, "most")) {
        const ptrdiff_t last = call.in.rows - BM3D_BLOCK, count = (last + call.step - 1) / call.step + 1;
        if (check_size(call.first, 0, count - 1, "first") && check_size(call.end, call.first + 1, count, "end")) {
            /* The rows to which blocks of the first and the last stack may return. */
            const ptrdiff_t highest = MAX(0, MIN(last, call.first * call.step) - BM3D_REACH);
            const ptrdiff_t lowest = MIN(last, MIN(last, (call.end - 1) * call.step) + BM3D_REACH);
            const ptrdiff_t bottom = lowest + BM3D_BLOCK;
            if (check_size(call.top, 0, highest, "top")
                && check_size(call.out.rows, bottom - call.top, MOST_SAMPLES, "rows of out")
                && check_size(call.out.planes, 2 * call.in.planes, 2 * call.in.planes, "planes of out")
                && check_size(call.out.samples, call.in.samples, call.in.samples, "samples of out"))
                RUN(bm3d, call.out);
        }
    }
    return answer(&held, status);
}
