#include "binding.h"

/* Take the weights of an axis: each of *results* depends on samples of an axis of *size*, at most as many as there are
   taps, and does not begin or end before the previous one. */
static int take_axis(Held *held, PyObject *seen, PyObject *taps, ResampleAxis *axis, ptrdiff_t results, ptrdiff_t size,
                     const char *name)
{
    if (!take_array(held, seen, &axis->seen, 0, I32, name) || !take_array(held, taps, &axis->taps, 0, F64, name))
        return 0;
    if (axis->seen.planes != 1 || axis->seen.rows != 2 || axis->seen.samples != results || axis->taps.planes != 1
        || axis->taps.rows != results) {
        PyErr_Format(PyExc_ValueError, "%s: its sizes are not those of %zd results", name, results);
        return 0;
    }
    const int32_t *first = row_of(&axis->seen, 0, 0), *end = row_of(&axis->seen, 0, 1);
    for (ptrdiff_t k = 0; k < results; k++)
        if (first[k] < (k ? first[k - 1] : 0) || end[k] < (k ? end[k - 1] : 0) || end[k] <= first[k] || end[k] > size
            || end[k] - first[k] > axis->taps.samples) {
            PyErr_Format(PyExc_ValueError, "%s: result %zd does not see samples from %d to %d of %zd", name, k,
                         (int)first[k], (int)end[k], size);
            return 0;
        }
    return 1;
}

/* resample(in, out, seen_down, down, seen_across, across, step, in_double, across_first, raised) */
PyObject *bind_resample(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *in, *out, *seen_down, *down, *seen_across, *across;
    ResampleCall call;
    Held held = {.count = 0};
    int status = REFUSED;
    if (PyArg_ParseTuple(arguments, "OOOOOOnppd", &in, &out, &seen_down, &down, &seen_across, &across, &call.step,
                         &call.in_double, &call.across_first, &call.raised)
        && take_array(&held, in, &call.in, 0, SAMPLES, "in") && take_array(&held, out, &call.out, 1, SAMPLES, "out")
        && check_size(call.step, 1, MOST_STEP, "step")
        && check_size(call.in.samples % call.step + call.out.samples % call.step, 0, 0, "part of a column")
        && take_axis(&held, seen_down, down, &call.down, call.out.rows, call.in.rows, "down")
        && take_axis(&held, seen_across, across, &call.across, call.out.samples / call.step,
                     call.in.samples / call.step, "across")
        && check_size(call.out.planes, call.in.planes, call.in.planes, "planes of out"))
        RUN(resample, call.out);
    return answer(&held, status);
}

/* settle(values, raised) */
PyObject *bind_settle(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *values;
    SettleCall call;
    Held held = {.count = 0};
    int status = REFUSED;
    if (PyArg_ParseTuple(arguments, "Od", &values, &call.raised) && take_array(&held, values, &call.out, 1, REALS, "values"))
        RUN(settle, call.out);
    return answer(&held, status);
}
