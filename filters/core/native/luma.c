#include "binding.h"

/* luma(in, out, weights, divisor) */
PyObject *bind_luma(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *in, *out, *weights;
    LumaCall call;
    ptrdiff_t count;
    Held held = {.count = 0};
    int status = REFUSED;
    if (PyArg_ParseTuple(arguments, "OOOd", &in, &out, &weights, &call.divisor)
        && take_array(&held, in, &call.in, 0, SAMPLES, "in") && take_array(&held, out, &call.out, 1, REALS, "out")
        && take_taps(&held, weights, &call.weights, &count, "weights") && check_size(count, 3, 3, "weights")
        && check_size(call.in.samples % 3, 0, 0, "samples beyond the last pixel")) {
        const Array pixels = {.planes = call.in.planes, .rows = call.in.rows, .samples = call.in.samples / 3};
        if (check_window(&pixels, &call.out, 1, 1, 1, 1))
            RUN(luma, call.out);
    }
    return answer(&held, status);
}
