#include "binding.h"

#include <assert.h>
#include <string.h>

/* Pixels moved as they are: rows and columns reversed, or exchanged; and the alpha taken from the colours, or put beside
   them. Nothing is computed, so that one form serves every instruction set. */

typedef struct {
    Array in, out;
    ptrdiff_t step, swap, reverse_x, reverse_y;
} PermuteCall;

/* Copy pixels from the last to the first. Pixels of 3 and 6 bytes move as *wide* ones, each of which writes over what
   the one before wrote past its end: 12 MP of RGB take 5 ms in place of 14. */
static inline __attribute__((always_inline)) void reverse_row(uint8_t *to, const uint8_t *from, ptrdiff_t count,
                                                              const size_t step, const size_t wide)
{
    const uint8_t *last = from + (size_t)(count - 1) * step;
    ptrdiff_t i = 0;
    if (wide != step && count > 0) {
        /* The first one would be read past the row, the last one written. */
        memcpy(to, last, step);
        for (i = 1; i < count - 1; i++)
            memcpy(to + (size_t)i * step, last - (size_t)i * step, wide);
    }
    for (; i < count; i++)
        memcpy(to + (size_t)i * step, last - (size_t)i * step, step);
}

/* Bytes, eight at a time. */
static void reverse_bytes(uint8_t *to, const uint8_t *from, ptrdiff_t count)
{
    ptrdiff_t i = 0;
    for (; i + 8 <= count; i += 8) {
        uint64_t eight;
        memcpy(&eight, from + count - 8 - i, sizeof eight);
        eight = __builtin_bswap64(eight);
        memcpy(to + i, &eight, sizeof eight);
    }
    for (; i < count; i++)
        to[i] = from[count - 1 - i];
}

static void reverse(uint8_t *to, const uint8_t *from, ptrdiff_t count, ptrdiff_t step)
{
    switch (step) {
    case 1: reverse_bytes(to, from, count); break;
    case 2: reverse_row(to, from, count, 2, 2); break;
    case 3: reverse_row(to, from, count, 3, 4); break;
    case 4: reverse_row(to, from, count, 4, 4); break;
    case 6: reverse_row(to, from, count, 6, 8); break;
    case 8: reverse_row(to, from, count, 8, 8); break;
    case 12: reverse_row(to, from, count, 12, 16); break;
    case 16: reverse_row(to, from, count, 16, 16); break;
    default: reverse_row(to, from, count, (size_t)step, (size_t)step);
    }
}

/* Exchange the bytes of eight words of eight: byte i of word j goes to byte j of word i. */
static void transpose_words(uint64_t *words)
{
    static const uint64_t masks[3] = {0x00ff00ff00ff00ff, 0x0000ffff0000ffff, 0x00000000ffffffff};
    for (int level = 0; level < 3; level++) {
        const int apart = 1 << level, bits = 8 << level;
        for (int i = 0; i < 8; i++)
            if (!(i & apart)) {
                const uint64_t a = words[i], b = words[i + apart], mask = masks[level];
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
                words[i] = (a & ~mask) | ((b & ~mask) >> bits);
                words[i + apart] = ((a & mask) << bits) | (b & mask);
#else
                words[i] = (a & mask) | ((b & mask) << bits);
                words[i + apart] = ((a & ~mask) >> bits) | (b & ~mask);
#endif
            }
    }
}

/* Lines of the result that are so near each other, and the pixels of a line, are written together. */
enum { LINES = 128, PIXELS = 16 };

/* The first pixel of a line of the result, and how far apart in the image its pixels and lines are. */
typedef struct {
    const uint8_t *first;
    ptrdiff_t pixel, line;
} Course;

static inline __attribute__((always_inline)) void copy_tile(const PermuteCall *call, Course course, ptrdiff_t row,
                                                            ptrdiff_t rows, ptrdiff_t column, ptrdiff_t columns,
                                                            const size_t step)
{
    for (ptrdiff_t y = row; y < row + rows; y++) {
        const uint8_t *from = course.first + column * course.pixel + y * course.line;
        uint8_t *to = (uint8_t *)row_of(&call->out, 0, y) + (size_t)column * step;
        for (ptrdiff_t x = 0; x < columns; x++)
            memcpy(to + (size_t)x * step, from + x * course.pixel, step);
    }
}

/* Bytes eight by eight: 12 MP of gray take 6 ms in place of 17. */
static void copy_byte_tile(const PermuteCall *call, Course course, ptrdiff_t row, ptrdiff_t rows, ptrdiff_t column,
                           ptrdiff_t columns)
{
    const int back = course.line < 0;
    ptrdiff_t x = column;
    for (; x + 8 <= column + columns; x += 8) {
        ptrdiff_t y = row;
        for (; y + 8 <= row + rows; y += 8) {
            uint64_t words[8];
            const uint8_t *from = course.first + x * course.pixel + (back ? y + 7 : y) * course.line;
            for (int i = 0; i < 8; i++)
                memcpy(&words[i], from + i * course.pixel, sizeof words[i]);
            transpose_words(words);
            for (int i = 0; i < 8; i++)
                memcpy((uint8_t *)row_of(&call->out, 0, y + (back ? 7 - i : i)) + x, &words[i], sizeof words[i]);
        }
        copy_tile(call, course, y, row + rows - y, x, 8, 1);
    }
    copy_tile(call, course, row, rows, x, column + columns - x, 1);
}

static void exchange(const PermuteCall *call)
{
    const Array *in = &call->in, *out = &call->out;
    const ptrdiff_t step = call->step, lines = out->rows, pixels = in->rows;
    const ptrdiff_t x = call->reverse_x ? lines - 1 : 0, y = call->reverse_y ? pixels - 1 : 0;
    const Course course = {
        .first = (const uint8_t *)row_of(in, 0, y) + x * step,
        .pixel = call->reverse_y ? -in->row_stride : in->row_stride,
        .line = call->reverse_x ? -step : step,
    };
    for (ptrdiff_t row = 0; row < lines; row += LINES)
        for (ptrdiff_t column = 0; column < pixels; column += PIXELS) {
            const ptrdiff_t rows = MIN(LINES, lines - row), columns = MIN(PIXELS, pixels - column);
            switch (step) {
            case 1: copy_byte_tile(call, course, row, rows, column, columns); break;
            case 2: copy_tile(call, course, row, rows, column, columns, 2); break;
            case 3: copy_tile(call, course, row, rows, column, columns, 3); break;
            case 4: copy_tile(call, course, row, rows, column, columns, 4); break;
            case 6: copy_tile(call, course, row, rows, column, columns, 6); break;
            case 8: copy_tile(call, course, row, rows, column, columns, 8); break;
            case 12: copy_tile(call, course, row, rows, column, columns, 12); break;
            default: copy_tile(call, course, row, rows, column, columns, (size_t)step);
            }
        }
}

static int permute(const PermuteCall *call)
{
    const Array *in = &call->in, *out = &call->out;
    if (call->swap) {
        assert(out->rows * call->step == in->samples && out->samples == in->rows * call->step);
        exchange(call);
        return 0;
    }
    assert(out->rows == in->rows && out->samples == in->samples && in->samples % call->step == 0);
    for (ptrdiff_t y = 0; y < out->rows; y++) {
        const uint8_t *from = row_of(in, 0, call->reverse_y ? in->rows - 1 - y : y);
        if (call->reverse_x)
            reverse(row_of(out, 0, y), from, out->samples / call->step, call->step);
        else
            memmove(row_of(out, 0, y), from, (size_t)out->samples);
    }
    return 0;
}

/* Check that the result has the pixels of the input. */
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
        status = DONE;
        if (call.in.rows && call.in.samples)
            WITHOUT_GIL(status = permute(&call));
    }
    return answer(&held, status);
}

typedef struct {
    Array pixels, colours, alpha;
    ptrdiff_t step, part;
    int join;
} PartsCall;

/* Copy the parts of a pixel, of the colours *bytes*; callers may give parts that lie in the same memory. */
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

/* Copy the parts of pixels. Three colours move as four: each pixel writes over what the one before wrote past its end; but
   the last one's fourth would lie past the row. */
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

/* Check that a part of the pixels has *bytes* of each. */
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
