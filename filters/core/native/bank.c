#include "binding.h"

/* bank(in, out, weights, bias, inputs, height, width, step, stride_y, stride_x, down, across, divisor,
        precise) */
PyObject *bind_bank(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *in, *out, *weights, *bias;
    BankCall call;
    Held held = {.count = 0};
    int status = REFUSED;
    ptrdiff_t count;
    if (!PyArg_ParseTuple(arguments, "OOOOnnnnnnnndp", &in, &out, &weights, &bias, &call.inputs, &call.height,
                          &call.width, &call.step, &call.stride_y, &call.stride_x, &call.down, &call.across,
                          &call.divisor, &call.precise)
        || !take_array(&held, in, &call.in, 0, SAMPLES, "in")
        || !take_array(&held, out, &call.out, 1, SAMPLES, "out")
        || !take_taps(&held, weights, &call.weights, &count, "weights")
        || !take_taps(&held, bias, &call.bias, &call.maps, "bias")
        || !check_size(call.maps, 1, PTRDIFF_MAX, "bias")
        || !check_size(call.out.planes, 1, 1, "planes of out")
        || !check_size(call.out.samples % call.maps, 0, 0, "part of a column of out")
        || !check_size(call.step, 1, call.in.samples + 1, "step"))
        return answer(&held, status);
    const ptrdiff_t results = call.out.samples / call.maps, maps = call.maps;
    const ptrdiff_t channels = call.in.planes * call.step;
    if (!check_axis(call.in.rows, call.out.rows, call.height, &call.down, &call.stride_y, "rows")
        || !check_axis(call.in.samples / call.step, results, call.width, &call.across, &call.stride_x, "columns")
        || !check_size(call.inputs, 1, channels, "inputs"))
        return answer(&held, status);
    call.groups = channels / call.inputs;
    const ptrdiff_t taps = count / maps;
    if (channels % call.inputs || maps % call.groups || count % maps || taps % call.inputs
        || taps / call.inputs % call.height || taps / call.inputs / call.height != call.width) {
        PyErr_SetString(PyExc_ValueError, "weights: do not fit the maps and channels");
        return answer(&held, status);
    }
    /* A tap that is 0 in one of the maps would spread NaN to it. */
    call.apart = 0;
    if (call.in.type & REALS)
        for (ptrdiff_t t = 0; t < count; t++)
            call.apart |= call.weights[t] == 0;
    RUN(bank, call.out);
    return answer(&held, status);
}
