#include "binding.h"

/* png_rows(in, out, step, filter): the input may have one row more, above the others. */
PyObject *bind_png_rows(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *in, *out;
    PngRowsCall call;
    Held held = {.count = 0};
    int status = REFUSED;
    if (PyArg_ParseTuple(arguments, "OOnn", &in, &out, &call.step, &call.filter)
        && take_array(&held, in, &call.in, 0, U8, "in") && take_array(&held, out, &call.out, 1, U8, "out")
        && check_size(call.filter, 0, 4, "filter") && check_size(call.step, 1, call.in.samples, "step")
        && check_size(call.in.planes, 1, 1, "planes") && check_size(call.out.planes, 1, 1, "planes")
        && check_size(call.in.rows - call.out.rows, 0, 1, "rows above")
        && check_size(call.out.samples - call.in.samples, 1, 1, "bytes before a row"))
        WITHOUT_GIL(status = chosen->png_rows(&call));
    return answer(&held, status);
}
