#include "binding.h"

/* separable(in, out, column, row, down, across, stride_down, stride_across, step, divisor, in_double) */
PyObject *bind_separable(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *in, *out, *column, *row;
    SeparableCall call;
    Held held = {.count = 0};
    int status = REFUSED;
    if (PyArg_ParseTuple(arguments, "OOOOnnnnndp", &in, &out, &column, &row, &call.down, &call.across,
                         &call.stride_down, &call.stride_across, &call.step, &call.divisor, &call.in_double)
        && take_array(&held, in, &call.in, 0, SAMPLES, "in") && take_array(&held, out, &call.out, 1, SAMPLES, "out")
        && take_taps(&held, column, &call.column, &call.height, "column")
        && take_taps(&held, row, &call.row, &call.width, "row")
        && check_axis(call.in.rows, call.out.rows, call.height, &call.down, &call.stride_down, "rows")
        && check_size(call.step, 1, MOST_SAMPLES, "step")
        && check_size(call.in.samples % call.step + call.out.samples % call.step, 0, 0, "part of a column")
        && check_axis(call.in.samples / call.step, call.out.samples / call.step, call.width, &call.across,
                      &call.stride_across, "columns")
        && check_size(call.out.planes, call.in.planes, call.in.planes, "planes of out"))
        RUN(separable, call.out);
    return answer(&held, status);
}

/* interpolate(in, out, column, row, down, across, step, divisor) */
PyObject *bind_interpolate(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *in, *out, *column, *row;
    InterpolateCall call;
    Held held = {.count = 0};
    int status = REFUSED;
    ptrdiff_t columns, rows;
    if (PyArg_ParseTuple(arguments, "OOOOnnnd", &in, &out, &column, &row, &call.down, &call.across, &call.step,
                         &call.divisor)
        && take_array(&held, in, &call.in, 0, REALS, "in") && take_array(&held, out, &call.out, 1, SAMPLES, "out")
        && take_taps(&held, column, &call.column, &rows, "column")
        && take_taps(&held, row, &call.row, &columns, "row")
        && check_size(call.down, 1, rows < MOST_STEP ? rows : MOST_STEP, "down")
        && check_size(call.across, 1, columns < MOST_STEP ? columns : MOST_STEP, "across")
        && check_size(call.step, 1, MOST_SAMPLES, "step")) {
        call.height = rows / call.down;
        call.width = columns / call.across;
        /* The last cell of each axis may be used in part. */
        const ptrdiff_t cells_down = call.in.rows - call.height + 1,
                        cells_across = call.in.samples / call.step - call.width + 1;
        if (check_size(cells_down, 1, MOST_SAMPLES, "in") && check_size(cells_across, 1, MOST_SAMPLES, "in")
            && check_size(call.out.rows, 0, cells_down * call.down, "rows of out")
            && check_size(call.out.samples, 0, cells_across * call.across * call.step, "samples of out")
            && check_size(call.out.samples % call.step, 0, 0, "part of a column of out")
            && check_size(call.out.planes, call.in.planes, call.in.planes, "planes of out"))
            RUN(interpolate, call.out);
    }
    return answer(&held, status);
}
