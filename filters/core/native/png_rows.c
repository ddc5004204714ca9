#include "binding.h"

/* Check that *filtered* rows have a byte more than *plain* ones, of which there may be one more, above the others. */
static int check_rows(const Array *filtered, const Array *plain, ptrdiff_t step)
{
    return check_size(step, 1, plain->samples, "step") && check_size(plain->planes, 1, 1, "planes")
           && check_size(filtered->planes, 1, 1, "planes")
           && check_size(plain->rows - filtered->rows, 0, 1, "rows above")
           && check_size(filtered->samples - plain->samples, 1, 1, "bytes before a row");
}

/* png_rows(in, out, step, filter) */
PyObject *bind_png_rows(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *in, *out;
    PngRowsCall call;
    Held held = {.count = 0};
    int status = REFUSED;
    if (PyArg_ParseTuple(arguments, "OOnn", &in, &out, &call.step, &call.filter)
        && take_array(&held, in, &call.in, 0, U8, "in") && take_array(&held, out, &call.out, 1, U8, "out")
        && check_size(call.filter, 0, 4, "filter") && check_rows(&call.out, &call.in, call.step))
        RUN(png_rows, call.out);
    return answer(&held, status);
}

/* png_unfilter(in, out, step) */
PyObject *bind_png_unfilter(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *in, *out;
    PngRowsCall call = {.filter = 0};
    Held held = {.count = 0};
    int status = REFUSED;
    if (PyArg_ParseTuple(arguments, "OOn", &in, &out, &call.step)
        && take_array(&held, in, &call.in, 0, U8, "in") && take_array(&held, out, &call.out, 1, U8, "out")
        && check_rows(&call.in, &call.out, call.step))
        RUN(png_unfilter, call.out);
    return answer(&held, status);
}
