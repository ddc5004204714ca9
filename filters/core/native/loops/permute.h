/* Moving pixels unchanged: rows and columns are reversed, exchanged, or picked by index. Samples of any type are
   treated as bytes. */

typedef uint8_t Bytes16 __attribute__((vector_size(16)));

/* Copy pixels from the last to the first. Those of 6 and 12 bytes are moved as *wide* ones, each of which overwrites
   the excess of the previous one. */
static inline __attribute__((always_inline)) void reverse_row(uint8_t *to, const uint8_t *from, ptrdiff_t count,
                                                              ptrdiff_t first, const size_t step, const size_t wide)
{
    const uint8_t *last = from + (size_t)(count - 1) * step;
    ptrdiff_t i = first;
    if (wide != step && count > i) {
        /* The first one would be read beyond the row, the last one written. */
        move_pixel(to + (size_t)i * step, last - (size_t)i * step, step);
        for (i++; i < count - 1; i++)
            move_pixel(to + (size_t)i * step, last - (size_t)i * step, wide);
    }
    for (; i < count; i++)
        move_pixel(to + (size_t)i * step, last - (size_t)i * step, step);
}

/* Reverse as many pixels as a vector of 16 bytes holds at once, and return the number: 12 MP of RGB take 6 ms instead
   of 8, and of gray 1.5 instead of 3. A vector holds 5 pixels of RGB after a byte of the previous one, and writes one
   byte beyond them, which the next ones overwrite. */
static ptrdiff_t reverse_vectors(uint8_t *to, const uint8_t *from, ptrdiff_t count, ptrdiff_t step)
{
    ptrdiff_t i = 0;
#define REVERSE(pixels, room, before, ...)                                                        \
    for (; i + (room) <= count; i += (pixels)) {                                                  \
        Bytes16 bytes;                                                                            \
        memcpy(&bytes, from + (count - (pixels) - i) * step - (before), sizeof bytes);            \
        bytes = __builtin_shufflevector(bytes, bytes, __VA_ARGS__);                               \
        memcpy(to + i * step, &bytes, sizeof bytes);                                              \
    }
    switch (step) {
    case 1: REVERSE(16, 16, 0, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0) break;
    case 2: REVERSE(8, 8, 0, 14, 15, 12, 13, 10, 11, 8, 9, 6, 7, 4, 5, 2, 3, 0, 1) break;
    case 3: REVERSE(5, 6, 1, 13, 14, 15, 10, 11, 12, 7, 8, 9, 4, 5, 6, 1, 2, 3, 0) break;
    case 4: REVERSE(4, 4, 0, 12, 13, 14, 15, 8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3) break;
    default: break;
    }
#undef REVERSE
    return i;
}

static void reverse(uint8_t *to, const uint8_t *from, ptrdiff_t count, ptrdiff_t step)
{
    const ptrdiff_t done = reverse_vectors(to, from, count, step);
    switch (step) {
    case 1: reverse_row(to, from, count, done, 1, 1); break;
    case 2: reverse_row(to, from, count, done, 2, 2); break;
    case 3: reverse_row(to, from, count, done, 3, 3); break;
    case 4: reverse_row(to, from, count, done, 4, 4); break;
    case 6: reverse_row(to, from, count, 0, 6, 8); break;
    case 8: reverse_row(to, from, count, 0, 8, 8); break;
    case 12: reverse_row(to, from, count, 0, 12, 16); break;
    case 16: reverse_row(to, from, count, 0, 16, 16); break;
    default: reverse_row(to, from, count, 0, (size_t)step, (size_t)step);
    }
}

/* The number of lines of the result, and of pixels per line, to write together. */
enum { LINES = 128, TILE_PIXELS = 16 };

/* The first pixel of a line of the result, and the distances of its pixels and lines in the image. */
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
            move_pixel(to + (size_t)x * step, from + x * course.pixel, step);
    }
}

/* Exchange rows and columns of a square of *count* vectors of as many pixels. */
static inline __attribute__((always_inline)) void exchange_vectors(Bytes16 *rows, const int count)
{
    Bytes16 turned[16];
    for (int level = 1; level < count; level *= 2) {
        for (int i = 0; i < count / 2; i++) {
            const Bytes16 a = rows[i], b = rows[i + count / 2];
            if (count == 16) {
                turned[2 * i] = __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
                turned[2 * i + 1] = __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
            } else if (count == 8) {
                turned[2 * i] = __builtin_shufflevector(a, b, 0, 1, 16, 17, 2, 3, 18, 19, 4, 5, 20, 21, 6, 7, 22, 23);
                turned[2 * i + 1] = __builtin_shufflevector(a, b, 8, 9, 24, 25, 10, 11, 26, 27, 12, 13, 28, 29, 14, 15, 30, 31);
            } else {
                turned[2 * i] = __builtin_shufflevector(a, b, 0, 1, 2, 3, 16, 17, 18, 19, 4, 5, 6, 7, 20, 21, 22, 23);
                turned[2 * i + 1] = __builtin_shufflevector(a, b, 8, 9, 10, 11, 24, 25, 26, 27, 12, 13, 14, 15, 28, 29, 30, 31);
            }
        }
        for (int i = 0; i < count; i++)
            rows[i] = turned[i];
    }
}

/* Copy pixels of 1, 2 or 4 bytes in squares that fit vectors: 12 MP of gray take 3 ms instead of 8. */
static inline __attribute__((always_inline)) void copy_squares(const PermuteCall *call, Course course, ptrdiff_t row,
                                                               ptrdiff_t rows, ptrdiff_t column, ptrdiff_t columns,
                                                               const ptrdiff_t step)
{
    const ptrdiff_t side = 16 / step, back = course.line < 0 ? side - 1 : 0;
    const ptrdiff_t down = rows / side * side, across = columns / side * side;
    for (ptrdiff_t x = column; x < column + across; x += side)
        for (ptrdiff_t y = row; y < row + down; y += side) {
            Bytes16 square[16];
            const uint8_t *from = course.first + x * course.pixel + (y + back) * course.line;
            for (ptrdiff_t i = 0; i < side; i++)
                memcpy(&square[i], from + i * course.pixel, sizeof square[i]);
            exchange_vectors(square, (int)side);
            for (ptrdiff_t i = 0; i < side; i++)
                memcpy((uint8_t *)row_of(&call->out, 0, y + (back ? back - i : i)) + x * step, &square[i], sizeof square[i]);
        }
    copy_tile(call, course, row + down, rows - down, column, columns, (size_t)step);
    copy_tile(call, course, row, down, column + across, columns - across, (size_t)step);
}

/* Copy pixels of 3 bytes in fours, each group as 16 bytes, of which the next overwrites the last 4: RGB takes 14 ms
   instead of 22. */
static void copy_threes(const PermuteCall *call, Course course, ptrdiff_t row, ptrdiff_t rows, ptrdiff_t column,
                        ptrdiff_t columns)
{
    const ptrdiff_t back = course.line < 0 ? 3 : 0;
    /* Columns of the image become lines; nothing is read beyond the last two. */
    const ptrdiff_t first = back ? MIN(MAX(row, 2), row + rows) : row, last = back ? row + rows : MIN(row + rows, call->out.rows - 2);
    const ptrdiff_t end = MIN(column + columns, call->in.rows - 2);
    const ptrdiff_t down = MAX(last - first, 0) / 4 * 4, across = MAX(end - column, 0) / 4 * 4;
    for (ptrdiff_t y = first; y < first + down; y += 4)
        for (ptrdiff_t x = column; x < column + across; x += 4) {
            Bytes16 square[16];
            const uint8_t *from = course.first + x * course.pixel + (y + back) * course.line;
            for (ptrdiff_t i = 0; i < 4; i++) {
                memcpy(&square[i], from + i * course.pixel, sizeof square[i]);
                square[i] = __builtin_shufflevector(square[i], square[i], 0, 1, 2, 0, 3, 4, 5, 0, 6, 7, 8, 0, 9, 10, 11, 0);
            }
            exchange_vectors(square, 4);
            for (ptrdiff_t i = 0; i < 4; i++) {
                const Bytes16 line = __builtin_shufflevector(square[i], square[i], 0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, 3,
                                                             3, 3, 3);
                memcpy((uint8_t *)row_of(&call->out, 0, y + (back ? back - i : i)) + x * 3, &line, sizeof line);
            }
        }
    copy_tile(call, course, row, first - row, column, columns, 3);
    copy_tile(call, course, first, down, column + across, columns - across, 3);
    copy_tile(call, course, first + down, row + rows - first - down, column, columns, 3);
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
        for (ptrdiff_t column = 0; column < pixels; column += TILE_PIXELS) {
            const ptrdiff_t rows = MIN(LINES, lines - row), columns = MIN(TILE_PIXELS, pixels - column);
            switch (step) {
            case 1: copy_squares(call, course, row, rows, column, columns, 1); break;
            case 2: copy_squares(call, course, row, rows, column, columns, 2); break;
            case 3: copy_threes(call, course, row, rows, column, columns); break;
            case 4: copy_squares(call, course, row, rows, column, columns, 4); break;
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

/* Copy pixels of a row by the indices of their columns. */
static inline __attribute__((always_inline)) void pick_row(uint8_t *to, const uint8_t *from, const int32_t *columns,
                                                           ptrdiff_t count, const size_t step)
{
    for (ptrdiff_t x = 0; x < count; x++)
        move_pixel(to + (size_t)x * step, from + (size_t)columns[x] * step, step);
}

/* Pick rows and columns by index; a repeated row is copied. */
static int pick(const PickCall *call)
{
    const int32_t *rows = row_of(&call->rows, 0, 0), *columns = row_of(&call->columns, 0, 0);
    const ptrdiff_t count = call->columns.samples;
    for (ptrdiff_t y = 0; y < call->out.rows; y++) {
        uint8_t *to = row_of(&call->out, 0, y);
        const uint8_t *from = row_of(&call->in, 0, rows[y]);
        if (y && rows[y] == rows[y - 1]) {
            memmove(to, row_of(&call->out, 0, y - 1), (size_t)call->out.samples);
            continue;
        }
        switch (call->step) {
        case 1: pick_row(to, from, columns, count, 1); break;
        case 2: pick_row(to, from, columns, count, 2); break;
        case 3: pick_row(to, from, columns, count, 3); break;
        case 4: pick_row(to, from, columns, count, 4); break;
        case 6: pick_row(to, from, columns, count, 6); break;
        case 8: pick_row(to, from, columns, count, 8); break;
        case 12: pick_row(to, from, columns, count, 12); break;
        default: pick_row(to, from, columns, count, (size_t)call->step);
        }
    }
    return 0;
}
