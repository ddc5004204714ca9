#include "binding.h"

/* Images arranged in a sheet, and cut out of it: the bindings of loops/sheet.h. */

/* Take the indices of rows or columns of the images, below *size*; -1 is the fill. */
static int take_numbers(Held *held, PyObject *object, Array *numbers, ptrdiff_t size, const char *name)
{
    if (!take_array(held, object, numbers, 0, I32, name) || !check_size(numbers->planes, 1, 1, name)
        || !check_size(numbers->rows, 1, 1, name) || !check_size(numbers->samples, 1, MOST_SAMPLES, name))
        return 0;
    const int32_t *places = row_of(numbers, 0, 0);
    for (ptrdiff_t i = 0; i < numbers->samples; i++)
        if (!check_size(places[i], -1, size - 1, name))
            return 0;
    return 1;
}

static int check_types(SampleType from, SampleType to)
{
    if (from == to || to == F64 || (to == F32 && from != F64))
        return 1;
    PyErr_SetString(PyExc_TypeError, "out: samples of this type do not hold those of the input");
    return 0;
}

/* Check that images of *height* fill *rows* of a sheet with *across* side by side; return the number one below the
   other. */
static ptrdiff_t check_images(ptrdiff_t rows, ptrdiff_t height, ptrdiff_t across)
{
    if (!check_size(height, 1, MOST_SAMPLES, "height") || !check_size(across, 1, MOST_SAMPLES, "across")
        || !check_size(rows % height, 0, 0, "rows beyond the last image")
        || !check_size(rows / height % across, 0, 0, "images beyond those that lie across"))
        return -1;
    return rows / height / across;
}

static int check_lay(const LayCall *call, ptrdiff_t fills)
{
    const Array *in = &call->in, *out = &call->out;
    const ptrdiff_t down = check_images(in->rows, call->height, call->across), wide = call->columns.samples;
    return down >= 0 && check_size(in->planes, 1, 1, "planes") && check_size(out->planes, 1, 1, "planes")
           && check_types(in->type, out->type) && check_size(fills, call->step, call->step, "fill")
           && check_size(out->rows % call->rows.samples, 0, 0, "rows beyond the last images")
           && check_size(out->rows / call->rows.samples, down, down, "images below each other")
           && check_size(out->samples % call->step, 0, 0, "samples beyond the last pixel")
           && check_size(out->samples / call->step % wide, 0, 0, "columns beyond the last image")
           && check_size(out->samples / call->step / wide, call->across, call->across, "images across");
}

/* lay(in, out, rows, columns, fill, height, across, step) */
PyObject *bind_lay(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *in, *out, *rows, *columns, *fill;
    LayCall call;
    ptrdiff_t fills;
    Held held = {.count = 0};
    int status = REFUSED;
    if (PyArg_ParseTuple(arguments, "OOOOOnnn", &in, &out, &rows, &columns, &fill, &call.height, &call.across,
                         &call.step)
        && take_array(&held, in, &call.in, 0, SAMPLES, "in") && take_array(&held, out, &call.out, 1, SAMPLES, "out")
        && take_taps(&held, fill, &call.fill, &fills, "fill") && check_size(call.step, 1, MOST_STEP, "step")
        && check_size(call.in.samples % call.step, 0, 0, "samples beyond the last pixel")
        && check_size(call.height, 1, MOST_SAMPLES, "height")
        && take_numbers(&held, rows, &call.rows, call.height, "rows")
        && take_numbers(&held, columns, &call.columns, call.in.samples / call.step, "columns")
        && check_lay(&call, fills))
        RUN(lay, call.out);
    return answer(&held, status);
}

static int check_cut(const CutCall *call)
{
    const Array *in = &call->in, *out = &call->out;
    const ptrdiff_t down = check_images(out->rows, call->height, call->across);
    if (down < 0 || !check_size(in->planes, 1, 1, "planes") || !check_size(out->planes, 1, 1, "planes")
        || !check_size(call->down, 1, MOST_SAMPLES, "down") || !check_size(call->wide, 1, MOST_SAMPLES, "wide"))
        return 0;
    if (down == 0 || out->samples == 0)
        return 1;
    return check_size(call->height, 1, in->rows, "height")
           && check_size(down - 1, 0, (in->rows - call->height) / call->down, "images below each other")
           && check_size(out->samples, 1, in->samples, "samples")
           && check_size(call->across - 1, 0, (in->samples - out->samples) / call->wide, "images across");
}

/* cut(in, out, height, across, down, wide) */
PyObject *bind_cut(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *in, *out;
    CutCall call;
    Held held = {.count = 0};
    int status = REFUSED;
    if (PyArg_ParseTuple(arguments, "OOnnnn", &in, &out, &call.height, &call.across, &call.down, &call.wide)
        && take_array(&held, in, &call.in, 0, U8, "in") && take_array(&held, out, &call.out, 1, U8, "out")
        && check_cut(&call))
        RUN(cut, call.out);
    return answer(&held, status);
}
