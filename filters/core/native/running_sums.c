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
        WITHOUT_GIL(status = chosen->box(&call));
    return answer(&held, status);
}
