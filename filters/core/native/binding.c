#include "binding.h"

static unsigned type_of(const Py_buffer *view)
{
    const char *format = view->format ? view->format : "B";
    if (format[0] == (PY_LITTLE_ENDIAN ? '<' : '>')) /* the machine's order, stated by the array's type */
        format++;
    if (format[0] == '\0' || format[1] != '\0')
        return 0;
    switch (format[0]) {
    case '?':
    case 'B': return U8;
    case 'H': return U16;
    case 'h': return I16;
    case 'i': return I32;
    case 'l': return view->itemsize == 4 ? I32 : 0;
    case 'f': return F32;
    case 'd': return F64;
    default: return 0;
    }
}

int take_array(Held *held, PyObject *object, Array *array, int writable, unsigned types, const char *name)
{
    Py_buffer *view = &held->views[held->count];
    if (PyObject_GetBuffer(object, view, PyBUF_STRIDES | PyBUF_FORMAT | (writable ? PyBUF_WRITABLE : 0)))
        return 0;
    held->count++;
    const unsigned type = type_of(view);
    if (!(type & types)) {
        PyErr_Format(PyExc_TypeError, "%s: samples of this type are not supported", name);
        return 0;
    }
    if (view->ndim != 3) {
        PyErr_Format(PyExc_ValueError, "%s: must have three dimensions, not %d", name, view->ndim);
        return 0;
    }
    const Py_ssize_t *shape = view->shape, *strides = view->strides, size = view->itemsize;
    if (shape[2] > 1 && strides[2] != size) {
        PyErr_Format(PyExc_ValueError, "%s: the samples of a row are not contiguous", name);
        return 0;
    }
    if (strides[0] % size || strides[1] % size || (size_t)view->buf % (size_t)size) {
        PyErr_Format(PyExc_ValueError, "%s: the samples are not aligned", name);
        return 0;
    }
    ptrdiff_t room = MOST_SAMPLES;
    for (int axis = 0; axis < 3; axis++)
        if (shape[axis] > 1)
            room /= shape[axis];
    if (!room) {
        PyErr_Format(PyExc_ValueError, "%s: more than %zd samples", name, MOST_SAMPLES);
        return 0;
    }
    *array = (Array){view->buf, shape[0], shape[1], shape[2], strides[0], strides[1], (SampleType)type};
    return 1;
}

int take_optional(Held *held, PyObject *object, Array *array, int writable, unsigned types, const char *name)
{
    *array = (Array){.data = NULL};
    return object == Py_None || take_array(held, object, array, writable, types, name);
}

int take_taps(Held *held, PyObject *object, const double **taps, ptrdiff_t *count, const char *name)
{
    Py_buffer *view = &held->views[held->count];
    if (PyObject_GetBuffer(object, view, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT))
        return 0;
    held->count++;
    if (view->ndim != 1 || type_of(view) != F64) {
        PyErr_Format(PyExc_ValueError, "%s: must be a one-dimensional array of float64", name);
        return 0;
    }
    *taps = view->buf;
    *count = view->shape[0];
    return 1;
}

int check_size(ptrdiff_t size, ptrdiff_t least, ptrdiff_t most, const char *name)
{
    if (least <= size && size <= most)
        return 1;
    PyErr_Format(PyExc_ValueError, "%s: %zd is not from %zd to %zd", name, size, least, most);
    return 0;
}

int check_window(const Array *in, const Array *out, ptrdiff_t height, ptrdiff_t width, ptrdiff_t down,
                 ptrdiff_t across)
{
    /* If the window is one sample wide, the step to the next sample is at most that of channels. */
    if (!check_size(height, 1, MOST_SAMPLES, "height") || !check_size(width, 1, MOST_SAMPLES, "width")
        || !check_size(down, 1, height > 1 ? MOST_SAMPLES / height : MOST_STEP, "down")
        || !check_size(across, 1, width > 1 ? MOST_SAMPLES / width : MOST_STEP, "across"))
        return 0;
    if (in->planes == out->planes && in->rows == out->rows + (height - 1) * down
        && in->samples == out->samples + (width - 1) * across)
        return 1;
    PyErr_Format(PyExc_ValueError, "out: %zd, %zd, %zd do not follow from %zd, %zd, %zd", out->planes, out->rows,
                 out->samples, in->planes, in->rows, in->samples);
    return 0;
}

int check_axis(ptrdiff_t size, ptrdiff_t results, ptrdiff_t taps, ptrdiff_t *gap, ptrdiff_t *stride, const char *name)
{
    if (!check_size(taps, 1, MOST_SAMPLES, name) || !check_size(*stride, 1, PTRDIFF_MAX, "stride")
        || !check_size(*gap, 1, taps > 1 ? MOST_SAMPLES / taps : PTRDIFF_MAX, "dilation"))
        return 0;
    *gap = taps > 1 ? *gap : 1, *stride = results > 1 ? *stride : 1;
    const ptrdiff_t reach = (taps - 1) * *gap;
    if (!results || (reach < size && results - 1 <= (size - 1 - reach) / *stride))
        return 1;
    PyErr_Format(PyExc_ValueError, "out: %zd %s do not follow from %zd", results, name, size);
    return 0;
}

int check_pixels(const Array *in, ptrdiff_t step)
{
    if (step >= 1 && in->samples % step == 0 && in->planes >= 1 && (in->planes == 1 || step == 1))
        return 1;
    PyErr_Format(PyExc_ValueError, "in: %zd x %zd samples are no pixels of %zd", in->planes, in->samples, step);
    return 0;
}

int take_opacity(Held *held, PyObject *object, Array *opacity, const Array *in, ptrdiff_t step)
{
    if (object == Py_None) {
        opacity->data = NULL;
        return 1;
    }
    if (!take_array(held, object, opacity, 0, SAMPLES, "opacity"))
        return 0;
    if (opacity->planes == 1 && opacity->rows == in->rows && opacity->samples == in->samples / step)
        return 1;
    PyErr_SetString(PyExc_ValueError, "opacity: one sample is taken for each pixel");
    return 0;
}

PyObject *answer(Held *held, int status)
{
    while (held->count)
        PyBuffer_Release(&held->views[--held->count]);
    if (status == DONE)
        Py_RETURN_NONE;
    return status == NO_MEMORY ? PyErr_NoMemory() : NULL;
}
