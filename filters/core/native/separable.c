#include "binding.h"

/* separable(in, out, column, row, down, across, divisor) */
PyObject *bind_separable(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *in, *out, *column, *row;
    SeparableCall call;
    Held held = {.count = 0};
    int status = REFUSED;
    if (PyArg_ParseTuple(arguments, "OOOOnnd", &in, &out, &column, &row, &call.down, &call.across, &call.divisor)
        && take_array(&held, in, &call.in, 0, SAMPLES, "in") && take_array(&held, out, &call.out, 1, SAMPLES, "out")
        && take_taps(&held, column, &call.column, &call.height, "column")
        && take_taps(&held, row, &call.row, &call.width, "row")
        && check_window(&call.in, &call.out, call.height, call.width, call.down, call.across))
        WITHOUT_GIL(status = chosen->separable(&call));
    return answer(&held, status);
}
