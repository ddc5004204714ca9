/* Pooling: the samples of each window of a grid are joined, down the columns first, which leaves fewer for the rows.

   out[y, x] = the maximum, the minimum or the sum over i, j of in[y sy + i dy, x sx + j dx], where that counts

   Rows and columns from `row_first` and `column_first` on, up to `row_end` and `column_end`, count. */

#ifndef POOL_BEGUN
#define POOL_BEGUN
/* Return how many taps of a window that begins at *top* lie from *low* up to *high*, and where the first of them is. */
static ptrdiff_t taps_within(ptrdiff_t top, ptrdiff_t taps, ptrdiff_t gap, ptrdiff_t low, ptrdiff_t high,
                             ptrdiff_t *first)
{
    const ptrdiff_t begin = top < low ? (low - top + gap - 1) / gap : 0;
    const ptrdiff_t end = top < high ? MIN(taps, (high - top + gap - 1) / gap) : 0;
    *first = top + begin * gap;
    return MAX(end - begin, 0);
}
#endif

#define T(name) JOIN(name, KIND)
/* Samples of a window from one place on, in strides, above which they are not joined one by one. */
#define MUCH 8

#define GREATER(a, b) ((a) > (b) || IS_NAN(a) ? (a) : (b))
#define LESS(a, b) ((a) < (b) || IS_NAN(a) ? (a) : (b))
#define GREATER_THERE(a, b) ((a) > (b) || IS_NAN(b) ? (a) : (b))
#define LESS_THERE(a, b) ((a) < (b) || IS_NAN(b) ? (a) : (b))
#define SUM(a, b) (SAMPLE)((a) + (b))
/* Do something with JOINED, which joins two samples: NaN is the result, or counts nothing. */
#define FOR_OP(call, LOOP)                                                                          \
    switch ((call)->op) {                                                                           \
    case POOL_MAX: if ((call)->ignoring) LOOP(GREATER_THERE) else LOOP(GREATER) break;              \
    case POOL_MIN: if ((call)->ignoring) LOOP(LESS_THERE) else LOOP(LESS) break;                    \
    default: LOOP(SUM)                                                                              \
    }

/* Join two rows, sample by sample; *to* may be one of them, or begin before it. */
static void T(join)(SAMPLE *to, const SAMPLE *a, const SAMPLE *b, ptrdiff_t count, const PoolCall *call)
{
#define LOOP(JOINED)                          \
    {                                         \
        INDEPENDENT                           \
        for (ptrdiff_t i = 0; i < count; i++) \
            to[i] = JOINED(a[i], b[i]);       \
    }
    FOR_OP(call, LOOP)
#undef LOOP
}

/* Join the windows of a row, each sample by sample. */
static void T(across)(SAMPLE *restrict to, const SAMPLE *restrict row, ptrdiff_t columns, const PoolCall *call)
{
    const ptrdiff_t step = call->step, gap = call->across * step, advance = call->stride_x * step;
#define LOOP(JOINED)                                             \
    for (ptrdiff_t x = 0; x < columns; x++)                      \
        for (ptrdiff_t c = 0; c < step; c++) {                   \
            const SAMPLE *from = row + x * advance + c;          \
            SAMPLE joined = *from;                               \
            for (ptrdiff_t j = 1; j < call->width; j++)          \
                joined = JOINED(joined, from[j * gap]);          \
            to[x * step + c] = joined;                           \
        }
    FOR_OP(call, LOOP)
#undef LOOP
}

/* The same by doubling: of windows of n samples, two, one behind the other, are a window of 2n. *row* is lost. */
static void T(across_many)(SAMPLE *to, SAMPLE *buffer, SAMPLE *row, ptrdiff_t samples, ptrdiff_t columns,
                           const PoolCall *call)
{
    const ptrdiff_t step = call->step, gap = call->across * step, advance = call->stride_x * step;
    const ptrdiff_t wanted = (columns - 1) * advance + step;
    SAMPLE *sums = call->stride_x == 1 ? to : buffer;
    ptrdiff_t joined = 0;
    for (ptrdiff_t n = 1; n <= call->width; n *= 2) {
        if (n > 1)
            T(join)(row, row, row + n / 2 * gap, samples - (n - 1) * gap, call);
        if (!(call->width & n))
            continue;
        if (joined)
            T(join)(sums, sums, row + joined * gap, wanted, call);
        else
            memcpy(sums, row, (size_t)wanted * sizeof(SAMPLE));
        joined += n;
    }
    for (ptrdiff_t x = 0; sums != to && x < columns; x++)
        for (ptrdiff_t c = 0; c < step; c++)
            to[x * step + c] = sums[x * advance + c];
}

/* Return a row of the input: itself, or *buffer* with its samples converted, and squared for a norm. */
static const SAMPLE *T(pooled_row)(const PoolCall *call, ptrdiff_t plane, ptrdiff_t y, SAMPLE *buffer)
{
    const void *row = row_of(&call->in, plane, y);
#ifdef REAL
    if (call->in.type != OWN_TYPE || call->op == POOL_NORM) {
        R(read_row)(buffer, row, call->in.type, 0, call->in.samples);
        for (ptrdiff_t i = 0; call->op == POOL_NORM && i < call->in.samples; i++)
            buffer[i] *= buffer[i];
        return buffer;
    }
#else
    (void)buffer;
#endif
    return row;
}

/* Write a row of results: of sums the means, or the roots. */
static void T(write_pooled)(const PoolCall *call, ptrdiff_t plane, ptrdiff_t y, SAMPLE *joined,
                            const ptrdiff_t *counts, ptrdiff_t rows)
{
    void *to = row_of(&call->out, plane, y);
#ifdef REAL
    if (call->op == POOL_MEAN)
        for (ptrdiff_t i = 0; i < call->out.samples; i++)
            joined[i] /= (REAL)(counts[i] * rows);
    if (call->op == POOL_NORM)
        for (ptrdiff_t i = 0; i < call->out.samples; i++)
            joined[i] = (REAL)sqrt((double)joined[i]);
    R(write_row)(to, call->out.type, 0, joined, call->out.samples, 1);
#else
    (void)counts, (void)rows;
    memcpy(to, joined, (size_t)call->out.samples * sizeof(SAMPLE));
#endif
}

static int T(pool)(const PoolCall *call)
{
    const Array *in = &call->in, *out = &call->out;
    const ptrdiff_t height = call->height, samples = in->samples, step = call->step, room = samples + SPARE;
    const ptrdiff_t columns = out->samples / step;
    assert(in->rows > (out->rows - 1) * call->stride_y + (height - 1) * call->down);
    assert(samples / step > (columns - 1) * call->stride_x + (call->width - 1) * call->across);
    /* Of windows that overlap much, a window ends one block of as many rows and begins the next: of each block the
       joins up to its end are kept (van Herk, 1992). That takes three joins a row, whatever the window. */
    const int blocks = call->down == 1 && height > MUCH * call->stride_y;
    const int doubling = call->width > MUCH * call->stride_x;
    const ptrdiff_t rows_kept = 5 + (blocks ? height : 0);
    SAMPLE *memory = calloc((size_t)(rows_kept * room) * sizeof(SAMPLE) + (size_t)out->samples * sizeof(ptrdiff_t), 1);
    if (!memory)
        return -1;
    ptrdiff_t *counts = (ptrdiff_t *)memory;
    SAMPLE *joined = (SAMPLE *)(counts + out->samples), *buffer = joined + room, *sums = buffer + room,
           *result = sums + room, *begun = result + room, *ends = begun + room;
    const SAMPLE nothing = call->op == POOL_MAX   ? (call->ignoring ? MISSING : LEAST)
                           : call->op == POOL_MIN ? (call->ignoring ? MISSING : MOST)
                                                  : 0;
    ptrdiff_t first;
    for (ptrdiff_t i = 0; i < out->samples; i++)
        counts[i] = taps_within(i / step * call->stride_x, call->width, call->across, call->column_first,
                                call->column_end, &first);
    for (ptrdiff_t plane = 0; plane < in->planes; plane++) {
        ptrdiff_t block = -1, done = 0;
        for (ptrdiff_t y = 0; y < out->rows; y++) {
            const ptrdiff_t top = y * call->stride_y;
            const ptrdiff_t taps = taps_within(top, height, call->down, call->row_first, call->row_end, &first);
            if (blocks) {
                if (top / height != block) {
                    block = top / height, done = (block + 1) * height;
                    for (ptrdiff_t i = 0; i < samples; i++)
                        begun[i] = ends[(height - 1) * room + i] = nothing;
                    for (ptrdiff_t i = height - 1; i >= 0; i--) {
                        SAMPLE *end = ends + i * room, *below = i + 1 < height ? end + room : end;
                        const ptrdiff_t row = block * height + i;
                        if (row >= call->row_first && row < call->row_end)
                            T(join)(end, T(pooled_row)(call, plane, row, buffer), below, samples, call);
                        else
                            memmove(end, below, (size_t)samples * sizeof(SAMPLE));
                    }
                }
                for (; done < top + height; done++)
                    if (done >= call->row_first && done < call->row_end)
                        T(join)(begun, begun, T(pooled_row)(call, plane, done, buffer), samples, call);
                T(join)(joined, ends + top % height * room, begun, samples, call);
            } else {
                for (ptrdiff_t i = 0; taps < 1 && i < samples; i++)
                    joined[i] = nothing;
                const SAMPLE *row = taps > 0 ? T(pooled_row)(call, plane, first, joined) : joined;
                for (ptrdiff_t i = 1; i < taps; i++, row = joined)
                    T(join)(joined, row, T(pooled_row)(call, plane, first + i * call->down, buffer), samples, call);
                if (row != joined)
                    memcpy(joined, row, (size_t)samples * sizeof(SAMPLE));
            }
            for (ptrdiff_t i = 0; i < call->column_first * step; i++)
                joined[i] = nothing;
            for (ptrdiff_t i = call->column_end * step; i < samples; i++)
                joined[i] = nothing;
            if (doubling)
                T(across_many)(result, sums, joined, samples, columns, call);
            else if (call->stride_x == 1) {
                memcpy(result, joined, (size_t)out->samples * sizeof(SAMPLE));
                for (ptrdiff_t j = 1; j < call->width; j++)
                    T(join)(result, result, joined + j * call->across * step, out->samples, call);
            } else
                T(across)(result, joined, columns, call);
            T(write_pooled)(call, plane, y, result, counts, taps);
        }
    }
    free(memory);
    return 0;
}

#undef T
#undef KIND
#undef SAMPLE
#undef OWN_TYPE
#undef IS_NAN
#undef LEAST
#undef MOST
#undef MISSING
#undef GREATER
#undef LESS
#undef GREATER_THERE
#undef LESS_THERE
#undef SUM
#undef FOR_OP
#undef MUCH
