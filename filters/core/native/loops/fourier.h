/* Correlation by the Fourier transform, tile by tile (overlap-save): a tile of the input is transformed, multiplied by
   the conjugate spectrum of the kernel, and transformed back; the results that wrapped round are dropped.

   out[y, x] = Σᵢ Σⱼ taps[i, j] in[y + i, x + j]

   Two real tiles are transformed at once, as the real and the imaginary part: the kernel is real, so they stay apart.
   A tile lies in panels of WIDE columns; each row of a panel is WIDE real parts and WIDE imaginary ones. A column is
   transformed as one lane of vectors, so nothing is shuffled, and a panel of 256 rows stays in the first-level cache
   from its first pass to its last. Forwards frequencies are decimated, backwards time, so nothing is put in order: the
   spectrum of the kernel comes in the same order, in panels of frequencies along y. */

#ifndef WIDE
#define WIDE FOURIER_PANEL
#define ROW (2 * WIDE)
/* Rows of a panel above which its quarters are finished one after the other, each in the first-level cache. */
#define CACHED_ROWS 256
#endif

/* Turn b and d into b + d and b - d, of a complex vector each. */
#define SUM_AND_DIFFERENCE(sum, difference, a, b) \
    const VECTOR sum##_re = a##_re + b##_re, sum##_im = a##_im + b##_im, difference##_re = a##_re - b##_re, \
                 difference##_im = a##_im - b##_im

/* Take the complex vector at a row; store one. */
#define TAKE(name, row) const VECTOR name##_re = R(load)(row), name##_im = R(load)((row) + WIDE)
#define GIVE(row, re, im) R(store)(row, re), R(store)((row) + WIDE, im)

/* Multiply by a factor; by its conjugate. */
#define TIMES(row, re, im, w) GIVE(row, (w)[0] * (re) - (w)[1] * (im), (w)[0] * (im) + (w)[1] * (re))
#define TAKE_TIMES(name, row, w)                                           \
    const VECTOR name##_from = R(load)(row), name##_also = R(load)((row) + WIDE), \
                 name##_re = (w)[0] * name##_from + (w)[1] * name##_also,  \
                 name##_im = (w)[0] * name##_also - (w)[1] * name##_from

/* One pass over *n* rows: sums of four with the factors exp(-2πi jk / n), the j-th of them for the j-th quarter. */
static inline void R(split)(REAL *x, ptrdiff_t n, const REAL *twiddles)
{
    const ptrdiff_t quarter = n / 4, far = quarter * ROW;
    for (ptrdiff_t k = 0; k < quarter; k++) {
        const REAL *w = twiddles + 6 * (quarter + k);
        for (REAL *at = x + k * ROW, *end = at + WIDE; at < end; at += LANES) {
            TAKE(a, at);
            TAKE(b, at + far);
            TAKE(c, at + 2 * far);
            TAKE(d, at + 3 * far);
            SUM_AND_DIFFERENCE(even, s, a, c);
            SUM_AND_DIFFERENCE(odd, t, b, d);
            GIVE(at, even_re + odd_re, even_im + odd_im);
            if (k == 0) {
                GIVE(at + far, s_re + t_im, s_im - t_re);
                GIVE(at + 2 * far, even_re - odd_re, even_im - odd_im);
                GIVE(at + 3 * far, s_re - t_im, s_im + t_re);
            } else {
                TIMES(at + far, s_re + t_im, s_im - t_re, w);
                TIMES(at + 2 * far, even_re - odd_re, even_im - odd_im, w + 2);
                TIMES(at + 3 * far, s_re - t_im, s_im + t_re, w + 4);
            }
        }
    }
}

/* The reverse of it, but for a factor of 4. */
static inline void R(merge)(REAL *x, ptrdiff_t n, const REAL *twiddles)
{
    const ptrdiff_t quarter = n / 4, far = quarter * ROW;
    for (ptrdiff_t k = 0; k < quarter; k++) {
        const REAL *w = twiddles + 6 * (quarter + k);
        for (REAL *at = x + k * ROW, *end = at + WIDE; at < end; at += LANES) {
            TAKE(a, at);
            TAKE_TIMES(b, at + far, w);
            TAKE_TIMES(c, at + 2 * far, w + 2);
            TAKE_TIMES(d, at + 3 * far, w + 4);
            SUM_AND_DIFFERENCE(even, s, a, c);
            SUM_AND_DIFFERENCE(odd, t, b, d);
            GIVE(at, even_re + odd_re, even_im + odd_im);
            GIVE(at + far, s_re - t_im, s_im + t_re);
            GIVE(at + 2 * far, even_re - odd_re, even_im - odd_im);
            GIVE(at + 3 * far, s_re + t_im, s_im - t_re);
        }
    }
}

/* Sums and differences of neighbours: the pass that is left where the size is no power of 4, its own reverse. */
static void R(pairs)(REAL *x, ptrdiff_t n)
{
    for (REAL *row = x; row < x + n * ROW; row += 2 * ROW)
        for (REAL *at = row; at < row + WIDE; at += LANES) {
            TAKE(a, at);
            TAKE(b, at + ROW);
            GIVE(at, a_re + b_re, a_im + b_im);
            GIVE(at + ROW, a_re - b_re, a_im - b_im);
        }
}

/* Transform the columns of a panel of *n* rows. */
static void R(forwards)(REAL *x, ptrdiff_t n, const REAL *twiddles)
{
    if (n > CACHED_ROWS) {
        R(split)(x, n, twiddles);
        for (ptrdiff_t j = 0; j < 4; j++)
            R(forwards)(x + j * (n / 4) * ROW, n / 4, twiddles);
        return;
    }
    ptrdiff_t size = n;
    for (; size >= 4; size /= 4)
        for (REAL *part = x; part < x + n * ROW; part += size * ROW)
            R(split)(part, size, twiddles);
    if (size == 2)
        R(pairs)(x, n);
}

/* Transform them back, times *n*. */
static void R(backwards)(REAL *x, ptrdiff_t n, const REAL *twiddles)
{
    if (n > CACHED_ROWS) {
        for (ptrdiff_t j = 0; j < 4; j++)
            R(backwards)(x + j * (n / 4) * ROW, n / 4, twiddles);
        R(merge)(x, n, twiddles);
        return;
    }
    ptrdiff_t size = n;
    while (size > 2)
        size /= 4;
    if (size == 2)
        R(pairs)(x, n);
    for (size *= 4; size <= n; size *= 4)
        for (REAL *part = x; part < x + n * ROW; part += size * ROW)
            R(merge)(part, size, twiddles);
}

/* Multiply a panel by the spectrum's. */
static void R(multiply)(REAL *restrict x, const REAL *restrict spectrum, ptrdiff_t n)
{
    for (ptrdiff_t row = 0; row < n * ROW; row += ROW)
        for (ptrdiff_t i = row; i < row + WIDE; i += LANES) {
            TAKE(a, x + i);
            TAKE(b, spectrum + i);
            GIVE(x + i, a_re * b_re - a_im * b_im, a_re * b_im + a_im * b_re);
        }
}

/* Write the transpose of WIDE rows of WIDE samples; rows are ROW samples apart on both sides. Four by four of them pass
   through registers. */
static void R(transpose)(REAL *restrict to, const REAL *restrict from)
{
    for (ptrdiff_t i = 0; i < WIDE; i += 4)
        for (ptrdiff_t j = 0; j < WIDE; j += 4)
            for (ptrdiff_t y = 0; y < 4; y++)
                for (ptrdiff_t x = 0; x < 4; x++)
                    to[(j + x) * ROW + i + y] = from[(i + y) * ROW + j + x];
}

/* Turn *count* samples, *step* apart, into REAL, less *level*. */
static inline void R(take_samples)(REAL *restrict to, const void *from, SampleType type, ptrdiff_t first, ptrdiff_t step,
                                   ptrdiff_t count, REAL level)
{
#define CASE(name, type_)                                       \
    case name: {                                                \
        const type_ *samples = (const type_ *)from + first;     \
        for (ptrdiff_t i = 0; i < count; i++)                   \
            to[i] = (REAL)samples[i * step] - level;            \
        break;                                                  \
    }
    switch (type) {
        CASE(U8, uint8_t)
        CASE(U16, uint16_t)
        CASE(I16, int16_t)
        CASE(I32, int32_t)
        CASE(F32, float)
        CASE(F64, double)
    }
#undef CASE
}

/* Write *count* samples, *step* apart, in 8 and 16 bits rounded half up and saturated. */
static inline void R(give_samples)(void *to, SampleType type, ptrdiff_t first, ptrdiff_t step,
                                   const REAL *restrict from, ptrdiff_t count)
{
#define CASE(name, type_, value)                     \
    case name: {                                     \
        type_ *samples = (type_ *)to + first;        \
        for (ptrdiff_t i = 0; i < count; i++)        \
            samples[i * step] = (type_)(value);      \
        break;                                       \
    }
#define ROUNDED(most) (int32_t)MIN(MAX(from[i] + (REAL)0.5, 0), most)
    switch (type) {
        CASE(U8, uint8_t, ROUNDED(255))
        CASE(U16, uint16_t, ROUNDED(65535))
        CASE(I16, int16_t, from[i])
        CASE(I32, int32_t, from[i])
        CASE(F32, float, from[i])
        CASE(F64, double, from[i])
    }
#undef ROUNDED
#undef CASE
}

/* A place in the input and in the result: a channel of a plane, and a column. */
typedef struct {
    ptrdiff_t plane, channel, left;
} R(Place);

/* Fill half a panel, the real or the imaginary part, from a place on; 0 past the input's end. */
static void R(fill)(REAL *panel, const FourierCall *call, R(Place) place, ptrdiff_t top, ptrdiff_t rows)
{
    const Array *in = &call->in;
    const ptrdiff_t step = call->step, first = place.left * step + place.channel;
    const ptrdiff_t count = MAX(0, MIN(WIDE, in->samples / step - place.left));
    const REAL level = (REAL)call->level;
    for (ptrdiff_t y = 0; y < rows; y++, panel += ROW) {
        if (count == 0 || top + y >= in->rows) {
            memset(panel, 0, WIDE * sizeof(REAL));
            continue;
        }
        const void *from = row_of(in, place.plane, top + y);
        if (count == WIDE && step == 1) {
            R(take_samples)(panel, from, in->type, first, 1, WIDE, level);
            continue;
        }
        R(take_samples)(panel, from, in->type, first, step, count, level);
        memset(panel + count, 0, (size_t)(WIDE - count) * sizeof(REAL));
    }
}

/* Write half a panel to the result: on the grid of multiples of 1 / grid, if there is one, and divided. */
static void R(empty)(REAL *panel, const FourierCall *call, R(Place) place, ptrdiff_t top, ptrdiff_t rows,
                     ptrdiff_t count)
{
    const Array *out = &call->out;
    const ptrdiff_t step = call->step, first = place.left * step + place.channel;
    const REAL grid = (REAL)call->grid, divisor = (REAL)(call->grid * call->divisor), sum = (REAL)call->level_sum;
    for (ptrdiff_t y = 0; y < rows; y++, panel += ROW) {
        for (ptrdiff_t i = 0; i < WIDE; i++)
            panel[i] += sum;
        if (grid != 0)
            for (ptrdiff_t i = 0; i < WIDE; i++)
                panel[i] = (REAL)rint((double)(panel[i] * grid)) / divisor;
        void *to = row_of(out, place.plane, top + y);
        if (count == WIDE && step == 1)
            R(give_samples)(to, out->type, first, 1, panel, WIDE);
        else
            R(give_samples)(to, out->type, first, step, panel, count);
    }
}

static int R(fourier)(const FourierCall *call)
{
    const Array *in = &call->in, *out = &call->out, *spectrum = &call->spectrum;
    const ptrdiff_t step = call->step, rows = spectrum->planes * WIDE, columns = spectrum->rows;
    const ptrdiff_t down = rows - call->height + 1, across = columns - call->width + 1;
    const ptrdiff_t width = out->samples / step, tiles = (width + across - 1) / across;
    const ptrdiff_t panels = columns / WIDE, panel_size = rows * ROW, twiddles_size = 3 * MAX(rows, columns);
    assert(down > 0 && across > 0 && spectrum->samples == ROW && call->twiddle_count == twiddles_size);
    REAL *memory = malloc((size_t)(panels * panel_size + columns * ROW + twiddles_size) * sizeof(REAL) + 64);
    if (!memory)
        return -1;
    REAL *tile = (REAL *)(((uintptr_t)memory + 63) & ~(uintptr_t)63), *panel = tile + panels * panel_size,
         *twiddles = panel + columns * ROW;
    for (ptrdiff_t i = 0; i < twiddles_size; i++)
        twiddles[i] = (REAL)call->twiddles[i];
    for (ptrdiff_t top = 0; top < out->rows; top += down)
        for (ptrdiff_t number = 0; number < in->planes * step * tiles; number += 2) {
            R(Place) places[2];
            for (ptrdiff_t i = 0; i < 2; i++) {
                const ptrdiff_t image = (number + i) / tiles;
                places[i] = (R(Place)){image / step, image % step, (number + i) % tiles * across};
            }
            if (places[1].plane == in->planes)
                places[1].left = in->samples; /* there is no second one */
            for (ptrdiff_t p = 0; p < panels; p++) {
                REAL *x = tile + p * panel_size;
                for (ptrdiff_t i = 0; i < 2; i++) {
                    R(Place) place = places[i];
                    place.left += p * WIDE;
                    R(fill)(x + i * WIDE, call, place, top, rows);
                }
                R(forwards)(x, rows, twiddles);
            }
            for (ptrdiff_t p = 0; p < spectrum->planes; p++) {
                for (ptrdiff_t i = 0; i < panels; i++)
                    for (ptrdiff_t part = 0; part < ROW; part += WIDE)
                        R(transpose)(panel + i * WIDE * ROW + part, tile + i * panel_size + p * WIDE * ROW + part);
                R(forwards)(panel, columns, twiddles);
                R(multiply)(panel, row_of(spectrum, p, 0), columns);
                R(backwards)(panel, columns, twiddles);
                for (ptrdiff_t i = 0; i < panels; i++)
                    for (ptrdiff_t part = 0; part < ROW; part += WIDE)
                        R(transpose)(tile + i * panel_size + p * WIDE * ROW + part, panel + i * WIDE * ROW + part);
            }
            for (ptrdiff_t p = 0; p * WIDE < across; p++) {
                REAL *x = tile + p * panel_size;
                R(backwards)(x, rows, twiddles);
                for (ptrdiff_t i = 0; i < 2; i++) {
                    R(Place) place = places[i];
                    place.left += p * WIDE;
                    const ptrdiff_t count = MIN(WIDE, MIN(across - p * WIDE, width - place.left));
                    if (count > 0)
                        R(empty)(x + i * WIDE, call, place, top, MIN(down, out->rows - top), count);
                }
            }
        }
    free(memory);
    return 0;
}

#undef SUM_AND_DIFFERENCE
#undef TAKE
#undef GIVE
#undef TIMES
#undef TAKE_TIMES
