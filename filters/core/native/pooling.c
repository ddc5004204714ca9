#include "binding.h"

static int check_pool(PoolCall *call)
{
    const Array *in = &call->in, *out = &call->out;
    if (!check_size(call->op, POOL_MIN, POOL_NORM, "op") || !check_size(call->step, 1, PTRDIFF_MAX, "step"))
        return 0;
    const int selects = call->op == POOL_MIN || call->op == POOL_MAX;
    if (in->planes != out->planes || in->samples % call->step || out->samples % call->step
        || (selects && in->type != out->type)) {
        PyErr_SetString(PyExc_ValueError, "out: its planes, columns or type are not those of the input");
        return 0;
    }
    return check_axis(in->rows, out->rows, call->height, &call->down, &call->stride_y, "rows")
           && check_axis(in->samples / call->step, out->samples / call->step, call->width, &call->across,
                         &call->stride_x, "columns");
}

static ptrdiff_t within(ptrdiff_t place, ptrdiff_t size)
{
    return place < 0 ? 0 : place < size ? place : size;
}

/* pool(in, out, op, ignoring, in_double, height, width, stride_y, stride_x, down, across, row_first, row_end,
        column_first, column_end, step) */
PyObject *bind_pool(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *in, *out;
    PoolCall call;
    Held held = {.count = 0};
    int status = REFUSED, op, in_double;
    if (PyArg_ParseTuple(arguments, "OOippnnnnnnnnnnn", &in, &out, &op, &call.ignoring, &in_double, &call.height,
                         &call.width, &call.stride_y, &call.stride_x, &call.down, &call.across, &call.row_first,
                         &call.row_end, &call.column_first, &call.column_end, &call.step)
        && take_array(&held, in, &call.in, 0, SAMPLES, "in") && take_array(&held, out, &call.out, 1, SAMPLES, "out")) {
        call.op = (PoolOp)op;
        call.sums = in_double ? F64 : F32;
        if (check_pool(&call)) {
            call.row_first = within(call.row_first, call.in.rows);
            call.row_end = within(call.row_end, call.in.rows);
            call.column_first = within(call.column_first, call.in.samples / call.step);
            call.column_end = within(call.column_end, call.in.samples / call.step);
            RUN(pool, call.out);
        }
    }
    return answer(&held, status);
}
