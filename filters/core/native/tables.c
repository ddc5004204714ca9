#include "binding.h"

#define WHOLE (U8 | U16)

/* Check that a row of *table* has an entry for every whole number of the type of *in*. */
static int check_numbers(const Array *in, const Array *table, const char *name)
{
    const ptrdiff_t numbers = in->type == U8 ? 1 << 8 : 1 << 16;
    return check_size(table->planes, 1, 1, "planes of the table") && check_size(table->samples, numbers, numbers, name);
}

/* look_up(in, out, table, step) */
PyObject *bind_look_up(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *in, *out, *table;
    LookUpCall call;
    Held held = {.count = 0};
    int status = REFUSED;
    if (PyArg_ParseTuple(arguments, "OOOn", &in, &out, &table, &call.step)
        && take_array(&held, in, &call.in, 0, WHOLE, "in") && take_array(&held, out, &call.out, 1, WHOLE | REALS, "out")
        && take_array(&held, table, &call.table, 0, call.out.type, "table") && check_pixels(&call.in, call.step)
        && check_window(&call.in, &call.out, 1, 1, 1, 1) && check_numbers(&call.in, &call.table, "numbers of the table")) {
        const ptrdiff_t channels = call.in.planes * call.step;
        if (call.table.rows == 1 || check_size(call.table.rows, channels, channels, "rows of the table"))
            RUN(look_up, call.out);
    }
    return answer(&held, status);
}

/* histogram(in, out, step) */
PyObject *bind_histogram(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *in, *out;
    HistogramCall call;
    Held held = {.count = 0};
    int status = REFUSED;
    if (PyArg_ParseTuple(arguments, "OOn", &in, &out, &call.step)
        && take_array(&held, in, &call.in, 0, WHOLE, "in") && take_array(&held, out, &call.out, 1, I32, "out")
        && check_pixels(&call.in, call.step) && check_numbers(&call.in, &call.out, "numbers counted")
        && check_size(call.out.rows, call.in.planes * call.step, call.in.planes * call.step, "rows of counts"))
        RUN(histogram, call.in);
    return answer(&held, status);
}
