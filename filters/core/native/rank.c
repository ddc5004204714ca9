#include "binding.h"

#define MOST_SIDE 65535
#define MOST_RANKED (1 << 24)

static int take_window(Held *held, PyObject *in, PyObject *out, RankCall *call)
{
    if (!take_array(held, in, &call->in, 0, SAMPLES, "in")
        || !take_array(held, out, &call->out, 1, call->in.type, "out")
        || !check_size(call->height, 1, MOST_SIDE, "height") || !check_size(call->width, 1, MOST_SIDE, "width")
        || !check_size(call->height * call->width, 1, MOST_RANKED, "window")
        || !check_size(call->step, 1, MOST_SIDE, "step")
        || !check_window(&call->in, &call->out, call->height, call->width, 1, call->step))
        return 0;
    if (call->out.samples % call->step == 0)
        return 1;
    PyErr_Format(PyExc_ValueError, "out: rows of %zd samples are not of %zd channels", call->out.samples, call->step);
    return 0;
}

/* Check that each rank is below its number of samples, or -1. */
static int check_ranks(const RankCall *call)
{
    const ptrdiff_t count = call->height * call->width, given = call->ranks_count;
    if (given != 1 && given != count + 1) {
        PyErr_Format(PyExc_ValueError, "ranks: %zd are given, not 1 or %zd", given, count + 1);
        return 0;
    }
    for (ptrdiff_t i = 0; i < given; i++) {
        const ptrdiff_t samples = given == 1 ? count : i, least = given == 1 ? 0 : -1;
        if (!(call->ranks[i] >= (double)least && call->ranks[i] < (double)(samples ? samples : least + 1))) {
            PyErr_Format(PyExc_ValueError, "ranks: the rank for %zd samples is none of theirs", samples);
            return 0;
        }
    }
    const int has_network = call->height == call->width && (count == 9 || count == 25) && given == 1;
    if (!call->network || (has_network && call->ranks[0] == (double)(count / 2)))
        return 1;
    PyErr_Format(PyExc_ValueError, "ranks: only the medians of 3 x 3 and 5 x 5 have a network");
    return 0;
}

/* rank(in, out, height, width, step, ranks, network) */
PyObject *bind_rank(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *in, *out, *ranks;
    RankCall call = {.whole = 0};
    Held held = {.count = 0};
    int status = REFUSED;
    if (PyArg_ParseTuple(arguments, "OOnnnOp", &in, &out, &call.height, &call.width, &call.step, &ranks,
                         &call.network)
        && take_window(&held, in, out, &call) && take_taps(&held, ranks, &call.ranks, &call.ranks_count, "ranks")
        && check_ranks(&call))
        RUN(rank, call.out);
    return answer(&held, status);
}

/* mode(in, out, height, width, step, whole) */
PyObject *bind_mode(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *in, *out;
    RankCall call = {.ranks = NULL};
    Held held = {.count = 0};
    int status = REFUSED;
    if (PyArg_ParseTuple(arguments, "OOnnnp", &in, &out, &call.height, &call.width, &call.step, &call.whole)
        && take_window(&held, in, out, &call))
        RUN(mode, call.out);
    return answer(&held, status);
}
