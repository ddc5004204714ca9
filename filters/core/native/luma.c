#include "binding.h"

/* Take *count* numbers for each plane of an array. */
static int take_factors(Held *held, PyObject *object, const double **factors, const Array *in, ptrdiff_t each)
{
    ptrdiff_t count;
    return take_taps(held, object, factors, &count, "factors")
           && check_size(count, in->planes * each, in->planes * each, "factors");
}

/* luma_sums(in, out, brightness, weights, divisor, step) */
PyObject *bind_luma_sums(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *in, *out, *brightness, *weights;
    LumaSumsCall call;
    ptrdiff_t count;
    Held held = {.count = 0};
    int status = REFUSED;
    if (PyArg_ParseTuple(arguments, "OOOOdn", &in, &out, &brightness, &weights, &call.divisor, &call.step)
        && take_array(&held, in, &call.in, 0, SAMPLES, "in") && take_array(&held, out, &call.out, 1, F64, "out")
        && take_factors(&held, brightness, &call.brightness, &call.in, 1)
        && take_taps(&held, weights, &call.weights, &count, "weights") && check_size(count, 3, 3, "weights")
        && (call.step == 1 || check_size(call.step, 3, 3, "step"))
        && check_size(call.in.samples % call.step, 0, 0, "samples beyond the last pixel")
        && check_size(call.out.planes, call.in.planes, call.in.planes, "planes of out")
        && check_size(call.out.rows, call.in.rows, call.in.rows, "rows of out")
        && check_size(call.out.samples, 1, 1, "sums of a row"))
        RUN(luma_sums, call.out);
    return answer(&held, status);
}

/* contrast(in, out, factors) */
PyObject *bind_contrast(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *in, *out, *factors;
    ContrastCall call;
    Held held = {.count = 0};
    int status = REFUSED;
    if (PyArg_ParseTuple(arguments, "OOO", &in, &out, &factors)
        && take_array(&held, in, &call.in, 0, SAMPLES, "in") && take_array(&held, out, &call.out, 1, REALS, "out")
        && take_factors(&held, factors, &call.factors, &call.in, 3) && check_window(&call.in, &call.out, 1, 1, 1, 1))
        RUN(contrast, call.out);
    return answer(&held, status);
}

/* luma(in, out, weights, divisor) */
PyObject *bind_luma(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *in, *out, *weights;
    LumaCall call;
    ptrdiff_t count;
    Held held = {.count = 0};
    int status = REFUSED;
    if (PyArg_ParseTuple(arguments, "OOOd", &in, &out, &weights, &call.divisor)
        && take_array(&held, in, &call.in, 0, SAMPLES, "in") && take_array(&held, out, &call.out, 1, REALS, "out")
        && take_taps(&held, weights, &call.weights, &count, "weights") && check_size(count, 3, 3, "weights")
        && check_size(call.in.samples % 3, 0, 0, "samples beyond the last pixel")) {
        const Array pixels = {.planes = call.in.planes, .rows = call.in.rows, .samples = call.in.samples / 3};
        if (check_window(&pixels, &call.out, 1, 1, 1, 1))
            RUN(luma, call.out);
    }
    return answer(&held, status);
}
