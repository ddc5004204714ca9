#include "binding.h"

/* dense(in, out, taps, height, width, down, across, divisor, precise) */
PyObject *bind_dense(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *in, *out, *taps;
    DenseCall call;
    Held held = {.count = 0};
    int status = REFUSED;
    ptrdiff_t count;
    if (PyArg_ParseTuple(arguments, "OOOnnnndp", &in, &out, &taps, &call.height, &call.width, &call.down, &call.across,
                         &call.divisor, &call.precise)
        && take_array(&held, in, &call.in, 0, SAMPLES, "in") && take_array(&held, out, &call.out, 1, SAMPLES, "out")
        && take_taps(&held, taps, &call.taps, &count, "taps")
        && check_axis(1, 0, call.height, &call.down, &(ptrdiff_t){1}, "height")
        && check_axis(1, 0, call.width, &call.across, &(ptrdiff_t){1}, "width")
        && check_window(&call.in, &call.out, call.height, call.width, call.down, call.across)
        && check_size(count, call.height * call.width, call.height * call.width, "taps"))
        RUN(dense, call.out);
    return answer(&held, status);
}
