#include "binding.h"

/* recolour(in, out, table, weights, divisor, saturation, turn) */
PyObject *bind_recolour(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *in, *out, *table, *weights;
    RecolourCall call;
    ptrdiff_t count;
    Held held = {.count = 0};
    int status = REFUSED;
    if (PyArg_ParseTuple(arguments, "OOOOddd", &in, &out, &table, &weights, &call.divisor, &call.saturation, &call.turn)
        && take_array(&held, in, &call.in, 0, SAMPLES, "in") && take_array(&held, out, &call.out, 1, SAMPLES, "out")
        && take_optional(&held, table, &call.table, 0, REALS, "table")
        && take_taps(&held, weights, &call.weights, &count, "weights") && check_size(count, 3, 3, "weights")
        && check_pixels(&call.in, 3) && check_window(&call.in, &call.out, 1, 1, 1, 1)) {
        const ptrdiff_t numbers = call.in.type == U8 ? 1 << 8 : call.in.type == U16 ? 1 << 16 : 0;
        if (!(call.turn >= 0 && call.turn < 6))
            PyErr_SetString(PyExc_ValueError, "turn: is not from 0 to 6");
        else if (!call.table.data
                 || (check_size(call.table.planes, 1, 1, "planes of the table") && check_size(call.table.rows, 1, 1, "rows of the table")
                     && check_size(call.table.samples, numbers, numbers, "numbers of the table")
                     && check_size(numbers, 1, numbers, "whole numbers")))
            RUN(recolour, call.out);
    }
    return answer(&held, status);
}

/* opacity(in, out, opacity or None, step, full, least, divide); without an opacity it is the last channel */
PyObject *bind_opacity(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *in, *out, *opacity;
    OpacityCall call;
    Held held = {.count = 0};
    int status = REFUSED;
    if (PyArg_ParseTuple(arguments, "OOOnddp", &in, &out, &opacity, &call.step, &call.full, &call.least, &call.divide)
        && take_array(&held, in, &call.in, 0, SAMPLES, "in") && take_array(&held, out, &call.out, 1, SAMPLES, "out")
        && check_size(call.step, 1, 4, "step") && check_pixels(&call.in, call.step)
        && (opacity != Py_None || check_size(call.step, 2, 4, "step")) && take_opacity(&held, opacity, &call.opacity, &call.in, call.step)
        && check_window(&call.in, &call.out, 1, 1, 1, 1))
        RUN(opacity, call.out);
    return answer(&held, status);
}

/* local_curves(in, out, curves, step, low, scale, first_row, down, first_column, across, weights, divisor) */
PyObject *bind_local_curves(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *in, *out, *curves, *weights;
    LocalCurvesCall call;
    ptrdiff_t count;
    Held held = {.count = 0};
    int status = REFUSED;
    if (PyArg_ParseTuple(arguments, "OOOnddddddOd", &in, &out, &curves, &call.step, &call.low, &call.scale,
                         &call.first_row, &call.down, &call.first_column, &call.across, &weights, &call.divisor)
        && take_array(&held, in, &call.in, 0, SAMPLES, "in") && take_array(&held, out, &call.out, 1, SAMPLES, "out")
        && take_array(&held, curves, &call.curves, 0, REALS, "curves")
        && take_taps(&held, weights, &call.weights, &count, "weights") && check_size(count, 3, 3, "weights")
        && (call.step == 1 || check_size(call.step, 3, 3, "step")) && check_pixels(&call.in, call.step)
        && check_window(&call.in, &call.out, 1, 1, 1, 1) && check_size(call.curves.planes, 1, 1 << 16, "rows of tiles")
        && check_size(call.curves.rows, 1, 1 << 10, "columns of tiles")
        && check_size(call.curves.samples, 2, 1 << 16, "places of a curve")) {
        const ptrdiff_t length = call.curves.samples * (call.curves.type == F32 ? 4 : 8);
        if (call.curves.rows == 1 || check_size(call.curves.row_stride, length, length, "bytes from a curve to the next"))
            RUN(local_curves, call.out);
    }
    return answer(&held, status);
}
