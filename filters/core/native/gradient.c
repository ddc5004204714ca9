#include "binding.h"

/* Check a map that is asked for: its size follows from the input's, and its type from that of the sums. */
static int check_map(const GradientCall *call, const Array *map, ptrdiff_t count, int rounded)
{
    if (!map->data)
        return 1;
    const SampleType real = call->sums == SUMS_DOUBLE ? F64 : F32;
    if (map->type != real && !(rounded && (map->type & (U8 | U16)))) {
        PyErr_SetString(PyExc_TypeError, "a map has not the type of the sums");
        return 0;
    }
    return check_window(&call->in, map, count, count, 1, call->across);
}

/* Take what the calls share, and check it; return whether all is well. */
static int take_call(Held *held, GradientCall *call, PyObject *in, PyObject *smooth, PyObject *derivative,
                     Py_ssize_t norm, Py_ssize_t sums)
{
    if (!take_array(held, in, &call->in, 0, SAMPLES, "in")
        || !take_taps(held, smooth, &call->smooth, &call->smooth_count, "smooth")
        || !take_taps(held, derivative, &call->derivative, &call->derivative_count, "derivative")
        || !check_size(call->smooth_count, 1, MOST_WEIGHTS, "smooth")
        || !check_size(call->derivative_count, 1, MOST_WEIGHTS, "derivative")
        || !check_size((call->smooth_count + call->derivative_count) % 2, 0, 0, "weights, odd and even in number")
        || !check_size(norm, L2, MOST, "norm") || !check_size(sums, SUMS_INT16, SUMS_DOUBLE, "sums"))
        return 0;
    if (sums == SUMS_INT16 && call->in.type != U8) {
        PyErr_SetString(PyExc_TypeError, "in: sums in int16 are those of uint8");
        return 0;
    }
    call->norm = (Norm)norm, call->sums = (int)sums;
    return 1;
}

static ptrdiff_t reach_of(const GradientCall *call)
{
    return call->smooth_count > call->derivative_count ? call->smooth_count : call->derivative_count;
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
        && check_size(call.across, 1, MOST_SAMPLES / MOST_WEIGHTS, "across")
        && take_optional(&held, gx, &call.gx, 1, REALS, "gx") && take_optional(&held, gy, &call.gy, 1, REALS, "gy")
        && take_optional(&held, magnitude, &call.magnitude, 1, REALS, "magnitude")
        && take_optional(&held, angle, &call.angle, 1, REALS, "angle")
        && take_optional(&held, image, &call.image, 1, SAMPLES, "image")
        && check_map(&call, &call.gx, reach_of(&call), 0) && check_map(&call, &call.gy, reach_of(&call), 0)
        && check_map(&call, &call.magnitude, reach_of(&call), 0) && check_map(&call, &call.angle, reach_of(&call), 0)
        && check_map(&call, &call.image, reach_of(&call), 1))
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
        && check_size(sums, SUMS_FLOAT, SUMS_DOUBLE, "sums")
        && take_call(&held, &call, in, smooth, derivative, norm, sums)
        && take_array(&held, out, &call.thin, 1, U8 | (sums == SUMS_DOUBLE ? F64 : F32), "out")
        && check_window(&call.in, &call.thin, reach_of(&call) + 2, reach_of(&call) + 2, 1, 1))
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
    if (!PyArg_ParseTuple(arguments, "OOnOO", &gx, &gy, &norm, &magnitude, &angle)
        || !take_array(&held, gx, &call.gx, 0, REALS, "gx") || !take_array(&held, gy, &call.gy, 0, call.gx.type, "gy")
        || !take_optional(&held, magnitude, &call.magnitude, 1, call.gx.type, "magnitude")
        || !take_optional(&held, angle, &call.angle, 1, call.gx.type, "angle") || !check_size(norm, L2, MOST, "norm"))
        return answer(&held, status);
    call.norm = (Norm)norm;
    if (check_window(&call.gx, &call.gy, 1, 1, 1, 1)
        && (!call.magnitude.data || check_window(&call.gx, &call.magnitude, 1, 1, 1, 1))
        && (!call.angle.data || check_window(&call.gx, &call.angle, 1, 1, 1, 1)))
        RUN(polar, call.gx);
    return answer(&held, status);
}
