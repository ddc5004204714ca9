#include "binding.h"

/* Check that a spectrum is one of tiles that hold the kernel, and that the twiddles are those of its sizes. */
static int check_tile(const FourierCall *call)
{
    const Array *spectrum = &call->spectrum;
    const ptrdiff_t most = 1 << 14, wide = FOURIER_PANEL;
    if (!check_size(spectrum->planes, 1, most / wide, "spectrum") || !check_size(spectrum->rows, wide, most, "spectrum"))
        return 0;
    const ptrdiff_t rows = spectrum->planes * wide, columns = spectrum->rows;
    if ((rows & (rows - 1)) || (columns & (columns - 1)) || spectrum->samples != 2 * wide
        || spectrum->row_stride != 2 * wide * (spectrum->type == F64 ? 8 : 4)
        || call->twiddle_count != 3 * (rows > columns ? rows : columns) || call->in.samples % call->step) {
        PyErr_SetString(PyExc_ValueError, "spectrum: not of panels of tiles");
        return 0;
    }
    return check_size(call->height, 1, rows, "height") && check_size(call->width, 1, columns, "width");
}

/* fourier(in, out, spectrum, twiddles, height, width, step, level, level_sum, grid, divisor) */
PyObject *bind_fourier(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *in, *out, *spectrum, *twiddles;
    FourierCall call;
    Held held = {.count = 0};
    int status = REFUSED;
    if (PyArg_ParseTuple(arguments, "OOOOnnndddd", &in, &out, &spectrum, &twiddles, &call.height, &call.width,
                         &call.step, &call.level, &call.level_sum, &call.grid, &call.divisor)
        && take_array(&held, in, &call.in, 0, SAMPLES, "in") && take_array(&held, out, &call.out, 1, SAMPLES, "out")
        && take_array(&held, spectrum, &call.spectrum, 0, REALS, "spectrum")
        && take_taps(&held, twiddles, &call.twiddles, &call.twiddle_count, "twiddles")
        && check_size(call.step, 1, call.in.samples, "step")
        && check_window(&call.in, &call.out, call.height, call.width, 1, call.step) && check_tile(&call))
        WITHOUT_GIL(status = chosen->fourier(&call));
    return answer(&held, status);
}
