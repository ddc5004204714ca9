#include "binding.h"

/* Check that as many windows as there are results lie along an axis of the input. */
static int check_windows(ptrdiff_t size, ptrdiff_t results, ptrdiff_t taps, ptrdiff_t stride, ptrdiff_t gap)
{
    const ptrdiff_t most = PTRDIFF_MAX / 4096;
    if (!check_size(taps, 1, 1 << 20, "window") || !check_size(stride, 1, 1 << 20, "stride")
        || !check_size(gap, 1, 1 << 20, "dilation") || !check_size(size, 0, most, "in")
        || !check_size(results, 0, most >> 21, "out"))
        return 0;
    if (results == 0 || (results - 1) * stride + (taps - 1) * gap < size)
        return 1;
    PyErr_Format(PyExc_ValueError, "out: %zd windows do not lie in %zd samples", results, size);
    return 0;
}

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
    return check_windows(in->rows, out->rows, call->height, call->stride_y, call->down)
        && check_windows(in->samples / call->step, out->samples / call->step, call->width, call->stride_x, call->across);
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
            WITHOUT_GIL(status = chosen->pool(&call));
        }
    }
    return answer(&held, status);
}
