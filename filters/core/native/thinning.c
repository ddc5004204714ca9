#include "binding.h"

/* thin(gx, gy, norm, low, high, out) */
PyObject *bind_thin(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *gx, *gy, *out;
    ThinCall call;
    Py_ssize_t norm;
    Held held = {.count = 0};
    int status = REFUSED;
    if (!PyArg_ParseTuple(arguments, "OOnddO", &gx, &gy, &norm, &call.low, &call.high, &out)
        || !take_array(&held, gx, &call.gx, 0, REALS, "gx") || !take_array(&held, gy, &call.gy, 0, call.gx.type, "gy")
        || !take_array(&held, out, &call.out, 1, call.gx.type | U8, "out") || !check_size(norm, L2, MOST, "norm"))
        return answer(&held, status);
    call.norm = (Norm)norm;
    if (check_window(&call.gx, &call.out, 3, 3, 1, 1) && check_window(&call.gy, &call.out, 3, 3, 1, 1))
        RUN(thin, call.out);
    return answer(&held, status);
}
