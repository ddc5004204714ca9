#include "binding.h"

/* box(in, out, height, width, across, divisor) */
PyObject *bind_box(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *in, *out;
    BoxCall call;
    Held held = {.count = 0};
    int status = REFUSED;
    if (PyArg_ParseTuple(arguments, "OOnnnd", &in, &out, &call.height, &call.width, &call.across, &call.divisor)
        && take_array(&held, in, &call.in, 0, SAMPLES, "in")
        && take_array(&held, out, &call.out, 1, SAMPLES | I32, "out")
        && check_window(&call.in, &call.out, call.height, call.width, 1, call.across))
        RUN(box, call.out);
    return answer(&held, status);
}

/* guided(in, out, height, width, across, together, ridge, rounding, in_double) */
PyObject *bind_guided(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *in, *out;
    GuidedCall call;
    Held held = {.count = 0};
    int status = REFUSED;
    if (PyArg_ParseTuple(arguments, "OOnnnnddp", &in, &out, &call.height, &call.width, &call.across, &call.together,
                         &call.ridge, &call.rounding, &call.in_double)
        && take_array(&held, in, &call.in, 0, SAMPLES, "in") && take_array(&held, out, &call.out, 1, SAMPLES | I32, "out")
        && check_size(call.height, 1, MOST_SAMPLES / 2, "height")
        && check_size(call.width, 1, MOST_SAMPLES / 2, "width")
        && check_window(&call.in, &call.out, 2 * call.height - 1, 2 * call.width - 1, 1, call.across)
        && check_size(call.together, 1, MOST_TOGETHER, "together")
        && check_size(call.in.planes % call.together, 0, 0, "planes left over"))
        RUN(guided, call.out);
    return answer(&held, status);
}
