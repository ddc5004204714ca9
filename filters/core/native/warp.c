#include "binding.h"

#include <math.h>

/* Check that the matrix maps every row and column of the result to finite points. */
static int check_matrix(const double *matrix, ptrdiff_t entries)
{
    if (entries < 9 || entries % 9) {
        PyErr_SetString(PyExc_ValueError, "matrix: it has 9 entries, or as many for each of several images");
        return 0;
    }
    for (ptrdiff_t i = 0; i < entries; i++)
        if (!(fabs(matrix[i]) <= 1e100)) {
            PyErr_SetString(PyExc_ValueError, "matrix: its entries are finite, and no more than 1e100");
            return 0;
        }
    return 1;
}

static int check_warp(const WarpCall *call, ptrdiff_t fills)
{
    const Array *in = &call->in, *out = &call->out;
    const ptrdiff_t channels = in->planes * call->step;
    if (in->planes != out->planes || out->samples % call->step) {
        PyErr_SetString(PyExc_ValueError, "out: its planes or columns are not those of pixels of the input");
        return 0;
    }
    return check_size(fills, channels, channels, "fill") && check_size(in->rows, 1, WARP_MOST, "rows")
           && check_size(in->samples / call->step, 1, WARP_MOST, "columns")
           && check_size(out->samples / call->step, 0, WARP_MOST, "columns of out")
           && check_size(call->row, 0, WARP_MOST, "row") && check_size(out->rows, 0, WARP_MOST, "rows of out");
}

/* Warp images that lie one below the other, each by its own matrix. */
static int warp_images(const WarpCall *whole, ptrdiff_t images)
{
    WarpCall call = *whole;
    int status = DONE;
    call.in.rows /= images;
    call.out.rows /= images;
    for (ptrdiff_t image = 0; image < images && status == DONE; image++) {
        call.in.data = (char *)row_of(&whole->in, 0, image * call.in.rows);
        call.out.data = (char *)row_of(&whole->out, 0, image * call.out.rows);
        call.matrix = whole->matrix + 9 * image;
        status = chosen->warp(&call);
    }
    return status;
}

static int check_images(const WarpCall *call, ptrdiff_t images)
{
    if (call->in.rows % images || call->out.rows % images || (images > 1 && call->row)) {
        PyErr_SetString(PyExc_ValueError, "matrix: the rows of several images are as many for each, and the first is 0");
        return 0;
    }
    return 1;
}

/* warp(in, out, matrix, fill, step, row, interpolation, border, in_double) */
PyObject *bind_warp(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *in, *out, *matrix, *fill;
    WarpCall call;
    ptrdiff_t entries, fills;
    Held held = {.count = 0};
    int status = REFUSED, interpolation, border;
    if (PyArg_ParseTuple(arguments, "OOOOnniip", &in, &out, &matrix, &fill, &call.step, &call.row, &interpolation,
                         &border, &call.in_double)
        && take_array(&held, in, &call.in, 0, SAMPLES, "in") && take_array(&held, out, &call.out, 1, SAMPLES, "out")
        && take_taps(&held, matrix, &call.matrix, &entries, "matrix") && check_matrix(call.matrix, entries)
        && take_taps(&held, fill, &call.fill, &fills, "fill")
        && check_size(interpolation, WARP_NEAREST, WARP_BICUBIC, "interpolation")
        && check_size(border, BORDER_REFLECT, BORDER_CONSTANT, "border") && check_size(call.step, 1, MOST_STEP, "step")
        && check_pixels(&call.in, call.step) && check_warp(&call, fills) && check_images(&call, entries / 9)) {
        call.interpolation = (Interpolation)interpolation;
        call.border = (BorderRule)border;
        status = DONE;
        if (call.out.planes && call.out.rows && call.out.samples)
            WITHOUT_GIL(status = warp_images(&call, entries / 9));
    }
    return answer(&held, status);
}
