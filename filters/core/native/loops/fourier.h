/* Correlation by the Fourier transform, tile by tile (overlap-save): a tile of the input is transformed, multiplied by
   the conjugate spectrum of the kernel, and transformed back; the results that wrapped round are dropped.

   out[y, x] = Σᵢ Σⱼ taps[i, j] in[y + i, x + j]

   Two real tiles are transformed at once, as the real and the imaginary part: the kernel is real, so they stay
   separate. A tile consists of panels of PANEL columns; each row of a panel is PANEL real parts and PANEL imaginary
   ones. A column is transformed as one lane of vectors, so no shuffles are needed, and a panel of 256 rows stays in the
   first-level cache during all passes. The forward transform decimates in frequency, the inverse in time, so no
   reordering is needed: the kernel's spectrum has the same order, in panels of frequencies along y. */

#ifndef PANEL
#define PANEL FOURIER_PANEL
#define PANEL_ROW (2 * PANEL)
/* Panels to read and write together: 64 columns of 8 bits are a cache line. */
#define PANELS 4
/* Panels with more rows finish their quarters one after the other, each in the first-level cache. */
#define CACHED_ROWS 256
#endif

/* Replace the complex vectors b and d by b + d and b - d. */
#define SUM_AND_DIFFERENCE(sum, difference, a, b) \
    const VECTOR sum##_re = a##_re + b##_re, sum##_im = a##_im + b##_im, difference##_re = a##_re - b##_re, \
                 difference##_im = a##_im - b##_im

/* Load and store the complex vector of a row. */
#define TAKE(name, row) const VECTOR name##_re = R(load)(row), name##_im = R(load)((row) + PANEL)
#define GIVE(row, re, im) R(store)(row, re), R(store)((row) + PANEL, im)

/* Multiply by a factor; by its conjugate. */
#define TIMES(row, re, im, w) GIVE(row, (w)[0] * (re) - (w)[1] * (im), (w)[0] * (im) + (w)[1] * (re))
#define TAKE_TIMES(name, row, w)                                           \
    const VECTOR name##_from = R(load)(row), name##_also = R(load)((row) + PANEL), \
                 name##_re = (w)[0] * name##_from + (w)[1] * name##_also,  \
                 name##_im = (w)[0] * name##_also - (w)[1] * name##_from

/* One pass over *n* rows: sums of four with the factors exp(-2πi jk / n), the j-th of them for the j-th quarter. */
static inline void R(split)(REAL *x, ptrdiff_t n, const REAL *twiddles)
{
    const ptrdiff_t quarter = n / 4, far = quarter * PANEL_ROW;
    for (ptrdiff_t k = 0; k < quarter; k++) {
        const REAL *w = twiddles + 6 * (quarter + k);
        for (REAL *at = x + k * PANEL_ROW, *end = at + PANEL; at < end; at += LANES) {
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

/* The inverse, up to a factor of 4. */
static inline void R(merge)(REAL *x, ptrdiff_t n, const REAL *twiddles)
{
    const ptrdiff_t quarter = n / 4, far = quarter * PANEL_ROW;
    for (ptrdiff_t k = 0; k < quarter; k++) {
        const REAL *w = twiddles + 6 * (quarter + k);
        for (REAL *at = x + k * PANEL_ROW, *end = at + PANEL; at < end; at += LANES) {
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

/* Sums and differences of neighbours: the remaining pass if the size is not a power of 4; its own inverse. */
static void R(pairs)(REAL *x, ptrdiff_t n)
{
    for (REAL *row = x; row < x + n * PANEL_ROW; row += 2 * PANEL_ROW)
        for (REAL *at = row; at < row + PANEL; at += LANES) {
            TAKE(a, at);
            TAKE(b, at + PANEL_ROW);
            GIVE(at, a_re + b_re, a_im + b_im);
            GIVE(at + PANEL_ROW, a_re - b_re, a_im - b_im);
        }
}

/* Transform the columns of a panel of *n* rows. */
static void R(forwards)(REAL *x, ptrdiff_t n, const REAL *twiddles)
{
    if (n > CACHED_ROWS) {
        R(split)(x, n, twiddles);
        for (ptrdiff_t j = 0; j < 4; j++)
            R(forwards)(x + j * (n / 4) * PANEL_ROW, n / 4, twiddles);
        return;
    }
    ptrdiff_t size = n;
    for (; size >= 4; size /= 4)
        for (REAL *part = x; part < x + n * PANEL_ROW; part += size * PANEL_ROW)
            R(split)(part, size, twiddles);
    if (size == 2)
        R(pairs)(x, n);
}

/* Transform them back, times *n*. */
static void R(backwards)(REAL *x, ptrdiff_t n, const REAL *twiddles)
{
    if (n > CACHED_ROWS) {
        for (ptrdiff_t j = 0; j < 4; j++)
            R(backwards)(x + j * (n / 4) * PANEL_ROW, n / 4, twiddles);
        R(merge)(x, n, twiddles);
        return;
    }
    ptrdiff_t size = n;
    while (size > 2)
        size /= 4;
    if (size == 2)
        R(pairs)(x, n);
    for (size *= 4; size <= n; size *= 4)
        for (REAL *part = x; part < x + n * PANEL_ROW; part += size * PANEL_ROW)
            R(merge)(part, size, twiddles);
}

/* Write the product of a panel of *n* rows and one of a spectrum, or add it to the existing values. */
static void R(multiply)(REAL *to, const REAL *x, const REAL *spectrum, ptrdiff_t n, int add)
{
    for (ptrdiff_t row = 0; row < n * PANEL_ROW; row += PANEL_ROW)
        for (ptrdiff_t i = row; i < row + PANEL; i += LANES) {
            TAKE(a, x + i);
            TAKE(b, spectrum + i);
            const VECTOR re = a_re * b_re - a_im * b_im, im = a_re * b_im + a_im * b_re;
            if (add)
                GIVE(to + i, R(load)(to + i) + re, R(load)(to + i + PANEL) + im);
            else
                GIVE(to + i, re, im);
        }
}

/* Write the transpose of PANEL rows of PANEL samples; rows are PANEL_ROW samples apart on both sides. */
static void R(transpose)(REAL *restrict to, const REAL *restrict from)
{
    for (ptrdiff_t y = 0; y < PANEL; y += 4)
        for (ptrdiff_t x = 0; x < PANEL; x += 4)
            R(transpose_four)(to + x * PANEL_ROW + y, PANEL_ROW, from + y * PANEL_ROW + x, PANEL_ROW);
}

/* The position of a tile's samples in the input and in the result. */
typedef struct {
    ptrdiff_t plane, channel, top, left;
} R(Place);

/* Fill the real or the imaginary parts of panels with samples minus the level, row by row; beyond the input's end they
   are 0. *spare* has room for the samples of all channels. */
static void R(fill)(REAL *panel, ptrdiff_t panels, ptrdiff_t rows, const FourierCall *call, R(Place) from, REAL *spare)
{
    const Array *in = &call->in;
    const ptrdiff_t step = call->step, count = MIN(panels * PANEL, in->samples / step - from.left);
    const REAL level = (REAL)call->level;
    memset(spare, 0, (size_t)(PANELS * PANEL * step) * sizeof(REAL));
    for (ptrdiff_t y = 0; y < rows; y++, panel += PANEL_ROW) {
        if (from.top + y < in->rows && count > 0)
            R(read_row)(spare, row_of(in, from.plane, from.top + y), in->type, from.left * step, count * step);
        else
            memset(spare, 0, (size_t)(PANELS * PANEL * step) * sizeof(REAL));
        for (ptrdiff_t p = 0; p < panels; p++) {
            REAL *to = panel + p * rows * PANEL_ROW;
            if (step == 1)
                for (ptrdiff_t i = 0; i < PANEL; i += LANES)
                    R(store)(to + i, R(load)(spare + p * PANEL + i) - level);
            else
                for (ptrdiff_t i = 0; i < PANEL; i++)
                    to[i] = spare[(p * PANEL + i) * step + from.channel] - level;
        }
    }
}

/* Write *columns* of panels to the result: on the grid of multiples of 1 / grid, if there is one, and divided. */
static void R(empty)(const REAL *panel, ptrdiff_t size, ptrdiff_t rows, ptrdiff_t columns, const FourierCall *call,
                     R(Place) to, REAL *spare)
{
    const Array *out = &call->out;
    const ptrdiff_t step = call->out_step;
    const REAL grid = (REAL)call->grid, divisor = grid != 0 ? (REAL)(call->grid * call->divisor) : 1;
    const REAL sum = (REAL)call->level_sum;
    REAL line[PANELS * PANEL];
    for (ptrdiff_t y = 0; y < rows; y++, panel += PANEL_ROW) {
        for (ptrdiff_t x = 0; x < columns; x += PANEL)
            for (ptrdiff_t i = 0; i < PANEL; i += LANES)
                R(store)(line + x + i, R(load)(panel + x / PANEL * size + i) + sum);
        if (grid != 0)
            for (ptrdiff_t i = 0; i < columns; i++)
                line[i] = (REAL)rint((double)(line[i] * grid));
        void *row = row_of(out, to.plane, to.top + y);
        R(write_row)(step == 1 ? row : spare, out->type, step == 1 ? to.left : 0, line, columns, divisor);
#define SPREAD(type_)                                                                        \
    for (ptrdiff_t x = 0; x < columns; x++)                                                  \
        ((type_ *)row)[(to.left + x) * step + to.channel] = ((const type_ *)(const void *)spare)[x]
        if (step > 1)
            switch (out->type) {
            case U8: SPREAD(uint8_t); break;
            case U16: SPREAD(uint16_t); break;
            case F32: SPREAD(float); break;
            default: SPREAD(double);
            }
#undef SPREAD
    }
}

/* A tile in progress: its panels of columns, and the positions of its real and its imaginary parts. */
typedef struct {
    REAL *tile, *spare;
    const REAL *twiddles;
    ptrdiff_t rows, columns, down, across; /* of the tile, and of its results */
    R(Place) places[2];
    ptrdiff_t used; /* the number of positions in use */
} R(Work);

/* Read two tiles of a channel each, and transform the columns. */
static void R(read_tiles)(const R(Work) *work, const FourierCall *call)
{
    const ptrdiff_t panels = work->columns / PANEL, size = work->rows * PANEL_ROW;
    for (ptrdiff_t p = 0; p < panels; p += PANELS) {
        const ptrdiff_t group = MIN(PANELS, panels - p);
        REAL *x = work->tile + p * size;
        for (ptrdiff_t i = 0; i < 2; i++) {
            R(Place) place = work->places[MIN(i, work->used - 1)];
            place.left += p * PANEL;
            R(fill)(x + i * PANEL, group, work->rows, call, place, work->spare);
        }
        for (ptrdiff_t i = 0; i < group; i++)
            R(forwards)(x + i * size, work->rows, work->twiddles);
    }
}

/* Transform the columns back, and write two tiles of results. */
static void R(write_tiles)(const R(Work) *work, const FourierCall *call)
{
    const Array *out = &call->out;
    const ptrdiff_t size = work->rows * PANEL_ROW;
    for (ptrdiff_t left = 0; left < work->across; left += PANELS * PANEL) {
        const ptrdiff_t wide = MIN(PANELS * PANEL, work->across - left);
        REAL *x = work->tile + left / PANEL * size;
        for (ptrdiff_t i = 0; i * PANEL < wide; i++)
            R(backwards)(x + i * size, work->rows, work->twiddles);
        for (ptrdiff_t i = 0; i < work->used; i++) {
            R(Place) place = work->places[i];
            place.left += left;
            R(empty)(x + i * PANEL, size, MIN(work->down, out->rows - place.top),
                     MIN(wide, out->samples / call->out_step - place.left), call, place, work->spare);
        }
    }
}

/* Return the offset of the i-th samples of panels of *rows* rows, counting real and imaginary ones. */
static inline REAL *R(of_panel)(REAL *panels, ptrdiff_t rows, ptrdiff_t i)
{
    return panels + i / PANEL_ROW * rows * PANEL_ROW + i % PANEL_ROW;
}

/* Transpose PANEL rows of all panels into a panel of frequencies along y, and transform along x. */
static void R(take_rows)(REAL *panel, const R(Work) *work, ptrdiff_t p)
{
    for (ptrdiff_t i = 0; i < 2 * work->columns; i += PANEL) /* real parts, imaginary ones, the next panel's */
        R(transpose)(R(of_panel)(panel, PANEL, i), R(of_panel)(work->tile + p * PANEL * PANEL_ROW, work->rows, i));
    R(forwards)(panel, work->columns, work->twiddles);
}

/* The inverse. */
static void R(give_rows)(REAL *panel, const R(Work) *work, ptrdiff_t p)
{
    R(backwards)(panel, work->columns, work->twiddles);
    for (ptrdiff_t i = 0; i < 2 * work->columns; i += PANEL)
        R(transpose)(R(of_panel)(work->tile + p * PANEL * PANEL_ROW, work->rows, i), R(of_panel)(panel, PANEL, i));
}

/* Correlate two tiles of one channel each with the kernel that all channels share. */
static void R(correlate_tiles)(const R(Work) *work, REAL *panel, const FourierCall *call)
{
    R(read_tiles)(work, call);
    for (ptrdiff_t p = 0; p < work->rows / PANEL; p++) {
        R(take_rows)(panel, work, p);
        R(multiply)(panel, panel, row_of(&call->spectrum, p, 0), work->columns, 0);
        R(give_rows)(panel, work, p);
    }
    R(write_tiles)(work, call);
}

/* Correlate two tiles with all kernels of a bank: each map is a sum over the channels of its group, whose *spectra* are
   computed once for all maps. */
static void R(correlate_bank)(R(Work) *work, REAL *panel, REAL *spectra, const FourierCall *call)
{
    const ptrdiff_t panels = work->rows / PANEL, size = work->columns * PANEL_ROW, step = call->step;
    for (ptrdiff_t c = 0; c < call->in.planes * step; c++) {
        for (ptrdiff_t i = 0; i < 2; i++)
            work->places[i].plane = c / step, work->places[i].channel = c % step;
        R(read_tiles)(work, call);
        for (ptrdiff_t p = 0; p < panels; p++)
            R(take_rows)(spectra + (c * panels + p) * size, work, p);
    }
    const ptrdiff_t groups = call->in.planes * step / call->inputs;
    for (ptrdiff_t map = 0; map < call->out.planes; map++) {
        const ptrdiff_t first = map / (call->out.planes / groups) * call->inputs;
        for (ptrdiff_t p = 0; p < panels; p++) {
            for (ptrdiff_t c = 0; c < call->inputs; c++)
                R(multiply)(panel, spectra + ((first + c) * panels + p) * size,
                            row_of(&call->spectrum, (map * call->inputs + c) * panels + p, 0), work->columns, c > 0);
            R(give_rows)(panel, work, p);
        }
        for (ptrdiff_t i = 0; i < 2; i++)
            work->places[i].plane = map, work->places[i].channel = 0;
        R(write_tiles)(work, call);
    }
}

static int R(fourier)(const FourierCall *call)
{
    const Array *in = &call->in, *out = &call->out;
    const ptrdiff_t rows = call->rows, columns = call->spectrum.rows, bank = call->inputs;
    R(Work) work = {.rows = rows, .columns = columns, .down = rows - call->height + 1,
                    .across = columns - call->width + 1};
    const ptrdiff_t tiles = (out->samples / call->out_step + work.across - 1) / work.across;
    /* Tiles of all channels, or tiles of one channel, are processed in pairs. */
    const ptrdiff_t images = bank ? 1 : in->planes * call->step, kept = bank ? in->planes * call->step : 0;
    const ptrdiff_t panel_size = columns * PANEL_ROW, tile_size = rows * panel_size / PANEL;
    const ptrdiff_t count = 3 * MAX(rows, columns);
    assert(work.down > 0 && work.across > 0 && call->spectrum.samples == PANEL_ROW && call->twiddle_count == count);
    const ptrdiff_t spare = PANELS * PANEL * MAX(call->step, (ptrdiff_t)(sizeof(double) / sizeof(REAL)));
    REAL *memory = malloc((size_t)((kept + 1) * tile_size + panel_size + spare + count) * sizeof(REAL) + 64);
    if (!memory)
        return -1;
    work.tile = (REAL *)(((uintptr_t)memory + 63) & ~(uintptr_t)63);
    REAL *panel = work.tile + tile_size, *spectra = panel + panel_size, *twiddles = spectra + kept * tile_size + spare;
    work.spare = spectra + kept * tile_size;
    for (ptrdiff_t i = 0; i < count; i++)
        twiddles[i] = (REAL)call->twiddles[i];
    work.twiddles = twiddles;
    for (ptrdiff_t top = 0; top < out->rows; top += work.down)
        for (ptrdiff_t number = 0; number < images * tiles; number += 2) {
            work.used = MIN(2, images * tiles - number);
            for (ptrdiff_t i = 0; i < 2; i++) {
                const ptrdiff_t image = (number + i) / tiles;
                work.places[i] =
                    (R(Place)){image / call->step, image % call->step, top, (number + i) % tiles * work.across};
            }
            if (bank)
                R(correlate_bank)(&work, panel, spectra, call);
            else
                R(correlate_tiles)(&work, panel, call);
        }
    free(memory);
    return 0;
}

#undef SUM_AND_DIFFERENCE
#undef TAKE
#undef GIVE
#undef TIMES
#undef TAKE_TIMES
#undef PANEL
#undef PANEL_ROW
#undef PANELS
#undef CACHED_ROWS
