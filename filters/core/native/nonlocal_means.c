#include "binding.h"

/* nonlocal_means(in, out, opacity or None, step, x, y, patch, factor, spared, ignoring) */
PyObject *bind_nonlocal_means(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *in, *out, *opacity;
    NonlocalMeansCall call;
    const ptrdiff_t most = 1 << 20;
    Held held = {.count = 0};
    int status = REFUSED;
    if (PyArg_ParseTuple(arguments, "OOOnnnnddp", &in, &out, &opacity, &call.step, &call.x, &call.y, &call.patch,
                         &call.factor, &call.spared, &call.ignoring)
        && take_array(&held, in, &call.in, 0, SAMPLES, "in") && take_array(&held, out, &call.out, 1, SAMPLES, "out")
        && check_pixels(&call.in, call.step) && check_size(call.x, 0, most, "x") && check_size(call.y, 0, most, "y")
        && check_size(call.patch, 0, most, "patch")
        && check_window(&call.in, &call.out, 2 * (call.y + call.patch) + 1, 2 * (call.x + call.patch) + 1, 1, call.step)
        && take_opacity(&held, opacity, &call.opacity, &call.in, call.step))
        RUN(nonlocal_means, call.out);
    return answer(&held, status);
}
