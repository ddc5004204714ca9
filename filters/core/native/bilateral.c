#include "binding.h"

/* bilateral(in, out, opacity or None, step, exponents, height, width, scale, ignoring) */
PyObject *bind_bilateral(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *in, *out, *opacity, *exponents;
    BilateralCall call;
    ptrdiff_t taps;
    Held held = {.count = 0};
    int status = REFUSED;
    if (PyArg_ParseTuple(arguments, "OOOnOnndp", &in, &out, &opacity, &call.step, &exponents, &call.height,
                         &call.width, &call.scale, &call.ignoring)
        && take_array(&held, in, &call.in, 0, SAMPLES, "in") && take_array(&held, out, &call.out, 1, SAMPLES, "out")
        && check_pixels(&call.in, call.step)
        && check_window(&call.in, &call.out, call.height, call.width, 1, call.step)
        && take_opacity(&held, opacity, &call.opacity, &call.in, call.step)
        && take_taps(&held, exponents, &call.exponents, &taps, "exponents")
        && check_size(taps, call.height * call.width, call.height * call.width, "exponents"))
        RUN(bilateral, call.out);
    return answer(&held, status);
}
