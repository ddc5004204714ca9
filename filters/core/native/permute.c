#include "binding.h"

#include <string.h>

/* Bindings for moving pixels unchanged, of loops/permute.h; and splitting off the alpha, or recombining it. */

/* Check that the result has as many pixels as the input. */
static int check_pixels_of(const PermuteCall *call)
{
    const Array *in = &call->in, *out = &call->out;
    if (!check_size(in->planes, 1, 1, "planes") || !check_size(out->planes, 1, 1, "planes")
        || !check_size(call->step, 1, MOST_STEP, "step")
        || !check_size(in->samples % call->step, 0, 0, "samples beyond the last pixel"))
        return 0;
    const ptrdiff_t columns = in->samples / call->step, rows = in->rows;
    if (!call->swap)
        return check_size(out->rows, rows, rows, "rows") && check_size(out->samples, in->samples, in->samples, "samples");
    return check_size(out->rows, columns, columns, "rows")
           && check_size(out->samples % call->step, 0, 0, "samples beyond the last pixel of the result")
           && check_size(out->samples / call->step, rows, rows, "columns");
}

/* permute(in, out, step, swap, reverse_x, reverse_y) */
PyObject *bind_permute(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *in, *out;
    PermuteCall call;
    Held held = {.count = 0};
    int status = REFUSED;
    if (PyArg_ParseTuple(arguments, "OOnnnn", &in, &out, &call.step, &call.swap, &call.reverse_x, &call.reverse_y)
        && take_array(&held, in, &call.in, 0, U8, "in") && take_array(&held, out, &call.out, 1, U8, "out")
        && check_size(call.swap, 0, 1, "swap") && check_size(call.reverse_x, 0, 1, "reverse_x")
        && check_size(call.reverse_y, 0, 1, "reverse_y") && check_pixels_of(&call)) {
        if (call.in.rows && call.in.samples)
            RUN(permute, call.out);
        else
            status = DONE;
    }
    return answer(&held, status);
}

/* Take the indices of rows or columns, below *size*. */
static int take_places(Held *held, PyObject *object, Array *places, ptrdiff_t count, ptrdiff_t size, const char *name)
{
    if (!take_array(held, object, places, 0, I32, name) || !check_size(places->planes, 1, 1, name)
        || !check_size(places->rows, 1, 1, name) || !check_size(places->samples, count, count, name))
        return 0;
    const int32_t *numbers = row_of(places, 0, 0);
    for (ptrdiff_t i = 0; i < count; i++)
        if (!check_size(numbers[i], 0, size - 1, name))
            return 0;
    return 1;
}

/* pick(in, out, rows, columns, step) */
PyObject *bind_pick(PyObject *module, PyObject *arguments)
{
    (void)module;
    PyObject *in, *out, *rows, *columns;
    PickCall call;
    Held held = {.count = 0};
    int status = REFUSED;
    if (PyArg_ParseTuple(arguments, "OOOOn", &in, &out, &rows, &columns, &call.step)
        && take_array(&held, in, &call.in, 0, U8, "in") && take_array(&held, out, &call.out, 1, U8, "out")
        && check_size(call.in.planes, 1, 1, "planes") && check_size(call.out.planes, 1, 1, "planes")
        && check_size(call.step, 1, MOST_STEP, "step")
        && check_size(call.in.samples % call.step + call.out.samples % call.step, 0, 0, "samples beyond the last pixel")
        && take_places(&held, rows, &call.rows, call.out.rows, call.in.rows, "rows")
        && take_places(&held, columns, &call.columns, call.out.samples / call.step, call.in.samples / call.step, "columns"))
        RUN(pick, call.out);
    return answer(&held, status);
}

typedef struct {
    Array pixels, colours, alpha;
    ptrdiff_t step, part;
    int join;
} PartsCall;

/* Copy the parts of a pixel with *bytes* of colours; the parts may overlap in memory. */
static inline __attribute__((always_inline)) void part_pixel(uint8_t *pixel, uint8_t *colours, uint8_t *alpha,
                                                             const size_t rest, const size_t part, const size_t bytes,
                                                             const int join)
{
    if (join) {
        memmove(pixel, colours, bytes);
        memmove(pixel + rest, alpha, part);
    } else {
        memmove(colours, pixel, bytes);
        memmove(alpha, pixel + rest, part);
    }
}

/* Copy the parts of pixels. Three colours are moved as four: each pixel overwrites the excess of the previous one; the
   last one's fourth would lie beyond the row. */
static inline __attribute__((always_inline)) void part_row(uint8_t *pixels, uint8_t *colours, uint8_t *alpha,
                                                           ptrdiff_t count, const size_t step, const size_t part,
                                                           const int join)
{
    const size_t rest = step - part, wide = rest == 3 * part ? step : rest;
    for (ptrdiff_t i = 0; i < count - 1; i++, pixels += step, colours += rest, alpha += part)
        part_pixel(pixels, colours, alpha, rest, part, wide, join);
    part_pixel(pixels, colours, alpha, rest, part, rest, join);
}

static int parts(const PartsCall *call)
{
    const ptrdiff_t step = call->step, part = call->part, columns = call->pixels.samples / step;
    for (ptrdiff_t y = 0; y < call->pixels.rows; y++) {
        uint8_t *pixels = row_of(&call->pixels, 0, y), *colours = row_of(&call->colours, 0, y);
        uint8_t *alpha = row_of(&call->alpha, 0, y);
#define CASE(step_, part_)                                                  \
    if (step == (step_) && part == (part_)) {                               \
        if (call->join)                                                     \
            part_row(pixels, colours, alpha, columns, step_, part_, 1);     \
        else                                                                \
            part_row(pixels, colours, alpha, columns, step_, part_, 0);     \
        continue;                                                           \
    }
        CASE(4, 1)
        CASE(2, 1)
        CASE(8, 2)
        CASE(4, 2)
        CASE(16, 4)
#undef CASE
        part_row(pixels, colours, alpha, columns, (size_t)step, (size_t)part, call->join);
    }
    return 0;
}

/* Check that a part has *bytes* per pixel. */
static int check_part(const Array *part, const PartsCall *call, ptrdiff_t bytes, const char *name)
{
    const ptrdiff_t rows = call->pixels.rows, samples = call->pixels.samples / call->step * bytes;
    return check_size(part->planes, 1, 1, name) && check_size(part->rows, rows, rows, name)
           && check_size(part->samples, samples, samples, name);
}

static PyObject *bind_parts(PyObject *arguments, int join)
{
    PyObject *pixels, *colours, *alpha;
    PartsCall call = {.join = join};
    Held held = {.count = 0};
    int status = REFUSED;
    if (PyArg_ParseTuple(arguments, "OOOnn", &pixels, &colours, &alpha, &call.step, &call.part)
        && take_array(&held, pixels, &call.pixels, join, U8, "pixels")
        && take_array(&held, colours, &call.colours, !join, U8, "colours")
        && take_array(&held, alpha, &call.alpha, !join, U8, "alpha") && check_size(call.step, 2, MOST_STEP, "step")
        && check_size(call.part, 1, call.step - 1, "part") && check_size(call.pixels.planes, 1, 1, "planes")
        && check_size(call.pixels.samples % call.step, 0, 0, "samples beyond the last pixel")
        && check_part(&call.colours, &call, call.step - call.part, "colours")
        && check_part(&call.alpha, &call, call.part, "alpha")) {
        status = DONE;
        if (call.pixels.rows && call.pixels.samples)
            WITHOUT_GIL(status = parts(&call));
    }
    return answer(&held, status);
}

/* take_apart(pixels, colours, alpha, step, part) */
PyObject *bind_take_apart(PyObject *module, PyObject *arguments)
{
    (void)module;
    return bind_parts(arguments, 0);
}

/* put_together(pixels, colours, alpha, step, part) */
PyObject *bind_put_together(PyObject *module, PyObject *arguments)
{
    (void)module;
    return bind_parts(arguments, 1);
}
