#include "binding.h"

/* Channels and maps of a bank. */
#define MOST_CHANNELS (1 << 24)

static int check_power_of_two(ptrdiff_t size, const char *name)
{
    if (!check_size(size, FOURIER_PANEL, 1 << 14, name))
        return 0;
    if (size & (size - 1))
        PyErr_Format(PyExc_ValueError, "%s: %zd is no power of 2", name, size);
    return !(size & (size - 1));
}

/* Check that the spectrum and the twiddles fit tiles that are large enough for the kernel. */
static int check_tile(const FourierCall *call)
{
    const Array *spectrum = &call->spectrum;
    if (!check_power_of_two(call->rows, "rows") || !check_power_of_two(spectrum->rows, "spectrum")
        || !check_size(call->height, 1, call->rows, "height") || !check_size(call->width, 1, spectrum->rows, "width"))
        return 0;
    const ptrdiff_t longest = call->rows > spectrum->rows ? call->rows : spectrum->rows, size = 2 * FOURIER_PANEL;
    const ptrdiff_t kernels = call->inputs ? call->inputs * call->out.planes : 1;
    if (spectrum->samples == size && spectrum->row_stride == size * (spectrum->type == F64 ? 8 : 4)
        && spectrum->planes == kernels * (call->rows / FOURIER_PANEL) && call->twiddle_count == 3 * longest)
        return 1;
    PyErr_SetString(PyExc_ValueError, "spectrum: its size is not that of the tiles and kernels");
    return 0;
}

/* Check that the result has the size left by the kernel; a bank's maps use whole groups of channels. */
static int check_result(const FourierCall *call)
{
    Array in = call->in;
    if (!check_size(call->step, 1, in.samples, "step") || !check_size(call->inputs, 0, in.planes * call->step, "inputs"))
        return 0;
    const ptrdiff_t channels = in.planes * call->step, groups = call->inputs ? channels / call->inputs : 1;
    if (call->inputs && (!check_size(channels, 1, MOST_CHANNELS, "channels") || !check_size(call->out.planes, 0, MOST_CHANNELS, "maps")))
        return 0;
    if (in.samples % call->step || (call->inputs && (channels % call->inputs || call->out.planes % groups))) {
        PyErr_SetString(PyExc_ValueError, "in: no whole number of columns or of groups");
        return 0;
    }
    if (call->inputs)
        in.planes = call->out.planes, in.samples /= call->step;
    return check_window(&in, &call->out, call->height, call->width, 1, call->out_step);
}

/* fourier(in, out, spectrum, twiddles, rows, height, width, inputs, step, level, level_sum, grid, divisor) */
PyObject *bind_fourier(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *in, *out, *spectrum, *twiddles;
    FourierCall call;
    Held held = {.count = 0};
    int status = REFUSED;
    if (PyArg_ParseTuple(arguments, "OOOOnnnnndddd", &in, &out, &spectrum, &twiddles, &call.rows, &call.height,
                         &call.width, &call.inputs, &call.step, &call.level, &call.level_sum, &call.grid, &call.divisor)
        && take_array(&held, in, &call.in, 0, SAMPLES, "in") && take_array(&held, out, &call.out, 1, SAMPLES, "out")
        && take_array(&held, spectrum, &call.spectrum, 0, REALS, "spectrum")
        && take_taps(&held, twiddles, &call.twiddles, &call.twiddle_count, "twiddles")) {
        call.out_step = call.inputs ? 1 : call.step;
        if (check_result(&call) && check_tile(&call))
            RUN(fourier, call.out);
    }
    return answer(&held, status);
}
