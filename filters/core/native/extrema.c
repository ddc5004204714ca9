#include "binding.h"

/* Take the rectangles of a shape, the samples of rows of four; check that they are sorted and lie in the window. */
static int take_rectangles(Held *held, PyObject *object, ExtremaCall *call)
{
    Array array;
    if (!take_array(held, object, &array, 0, I32, "rectangles"))
        return 0;
    call->rectangles = (const Rectangle *)array.data;
    call->count = array.rows;
    int sound = array.planes == 1 && array.rows >= 1 && array.samples == 4
                && (array.rows == 1 || array.row_stride == (ptrdiff_t)sizeof(Rectangle));
    for (ptrdiff_t i = 0; sound && i < call->count; i++) {
        const Rectangle *r = &call->rectangles[i];
        sound = r->width >= 1 && r->height >= 1 && r->x >= 0 && r->y >= 0 && r->width <= call->width - r->x
                && r->height <= call->height - r->y
                && (!i || r[-1].width < r->width || (r[-1].width == r->width && r[-1].height <= r->height));
    }
    if (!sound)
        PyErr_SetString(PyExc_ValueError, "rectangles: they are not sorted, or do not lie in the window");
    return sound;
}

/* extrema(in, out, rectangles, width, height, across, greatest, ignoring) */
PyObject *bind_extrema(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *in, *out, *rectangles;
    ExtremaCall call;
    Held held = {.count = 0};
    int status = REFUSED;
    if (PyArg_ParseTuple(arguments, "OOOnnnpp", &in, &out, &rectangles, &call.width, &call.height, &call.across,
                         &call.greatest, &call.ignoring)
        && take_array(&held, in, &call.in, 0, SAMPLES, "in")
        && take_array(&held, out, &call.out, 1, (unsigned)call.in.type, "out")
        && check_window(&call.in, &call.out, call.height, call.width, 1, call.across)
        && take_rectangles(&held, rectangles, &call))
        RUN(extrema, call.out);
    return answer(&held, status);
}
