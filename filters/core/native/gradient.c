#include "binding.h"

static int take_norm(Norm *to, Py_ssize_t norm)
{
    *to = (Norm)norm;
    return check_size(norm, L2, MOST, "norm");
}

/* Take and check the common arguments of the calls. */
static int take_call(Held *held, GradientCall *call, PyObject *in, PyObject *smooth, PyObject *derivative,
                     Py_ssize_t norm, Py_ssize_t sums)
{
    call->sums = (int)sums;
    return check_size(sums, SUMS_INT16, SUMS_DOUBLE, "sums")
           && check_size(call->across, 1, MOST_SAMPLES / MOST_WEIGHTS, "across")
           && take_array(held, in, &call->in, 0, sums == SUMS_INT16 ? U8 : SAMPLES, "in")
           && take_taps(held, smooth, &call->smooth, &call->smooth_count, "smooth")
           && take_taps(held, derivative, &call->derivative, &call->derivative_count, "derivative")
           && check_size(call->smooth_count, 1, MOST_WEIGHTS, "smooth")
           && check_size(call->derivative_count, 1, MOST_WEIGHTS, "derivative")
           && check_size((call->smooth_count + call->derivative_count) % 2, 0, 0, "weights, odd and even in number")
           && take_norm(&call->norm, norm);
}

/* Check that a result has the size of the input less *around*. */
static int check_result(const GradientCall *call, const Array *result, ptrdiff_t around)
{
    const ptrdiff_t reach
        = around + (call->smooth_count > call->derivative_count ? call->smooth_count : call->derivative_count);
    return check_window(&call->in, result, reach, reach, 1, call->across);
}

/* Take a map of the type of the sums, or among *others*, or None. */
static int take_map(Held *held, const GradientCall *call, PyObject *object, Array *map, unsigned others,
                    const char *name)
{
    return take_optional(held, object, map, 1, others | (call->sums == SUMS_DOUBLE ? F64 : F32), name)
           && (!map->data || check_result(call, map, 0));
}

/* gradient(in, smooth, derivative, across, norm, sums, gx, gy, magnitude, angle, image) */
PyObject *bind_gradient(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *in, *smooth, *derivative, *gx, *gy, *magnitude, *angle, *image;
    GradientCall call = {.across = 1};
    Py_ssize_t norm, sums;
    Held held = {.count = 0};
    int status = REFUSED;
    if (PyArg_ParseTuple(arguments, "OOOnnnOOOOO", &in, &smooth, &derivative, &call.across, &norm, &sums, &gx, &gy,
                         &magnitude, &angle, &image)
        && take_call(&held, &call, in, smooth, derivative, norm, sums)
        && take_map(&held, &call, gx, &call.gx, 0, "gx") && take_map(&held, &call, gy, &call.gy, 0, "gy")
        && take_map(&held, &call, magnitude, &call.magnitude, 0, "magnitude")
        && take_map(&held, &call, angle, &call.angle, 0, "angle")
        && take_map(&held, &call, image, &call.image, U8 | U16, "image"))
        RUN(gradient, call.in);
    return answer(&held, status);
}

/* thinned_gradient(in, smooth, derivative, norm, sums, low, high, begins, ends, out) */
PyObject *bind_thinned_gradient(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *in, *smooth, *derivative, *out;
    GradientCall call = {.across = 1};
    Py_ssize_t norm, sums;
    Held held = {.count = 0};
    int status = REFUSED;
    if (PyArg_ParseTuple(arguments, "OOOnnddppO", &in, &smooth, &derivative, &norm, &sums, &call.low, &call.high,
                         &call.begins, &call.ends, &out)
        && take_call(&held, &call, in, smooth, derivative, norm, sums)
        && take_array(&held, out, &call.thin, 1, U8 | (sums == SUMS_DOUBLE ? F64 : F32), "out")
        && check_result(&call, &call.thin, 2))
        RUN(gradient, call.in);
    return answer(&held, status);
}

/* polar(gx, gy, norm, magnitude, angle) */
PyObject *bind_polar(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *gx, *gy, *magnitude, *angle;
    PolarCall call;
    Py_ssize_t norm;
    Held held = {.count = 0};
    int status = REFUSED;
    if (PyArg_ParseTuple(arguments, "OOnOO", &gx, &gy, &norm, &magnitude, &angle)
        && take_array(&held, gx, &call.gx, 0, REALS, "gx") && take_array(&held, gy, &call.gy, 0, call.gx.type, "gy")
        && take_optional(&held, magnitude, &call.magnitude, 1, call.gx.type, "magnitude")
        && take_optional(&held, angle, &call.angle, 1, call.gx.type, "angle") && take_norm(&call.norm, norm)
        && check_window(&call.gx, &call.gy, 1, 1, 1, 1)
        && (!call.magnitude.data || check_window(&call.gx, &call.magnitude, 1, 1, 1, 1))
        && (!call.angle.data || check_window(&call.gx, &call.angle, 1, 1, 1, 1)))
        RUN(polar, call.gx);
    return answer(&held, status);
}

/* thin(gx, gy, norm, low, high, out) */
PyObject *bind_thin(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *gx, *gy, *out;
    ThinCall call;
    Py_ssize_t norm;
    Held held = {.count = 0};
    int status = REFUSED;
    if (PyArg_ParseTuple(arguments, "OOnddO", &gx, &gy, &norm, &call.low, &call.high, &out)
        && take_array(&held, gx, &call.gx, 0, REALS, "gx") && take_array(&held, gy, &call.gy, 0, call.gx.type, "gy")
        && take_array(&held, out, &call.out, 1, call.gx.type | U8, "out") && take_norm(&call.norm, norm)
        && check_window(&call.gx, &call.out, 3, 3, 1, 1) && check_window(&call.gy, &call.out, 3, 3, 1, 1))
        RUN(thin, call.out);
    return answer(&held, status);
}
