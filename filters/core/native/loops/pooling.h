/* Pooling: the samples of each window of a grid are combined, first down the columns, which leaves fewer for the rows.

   out[y, x] = the maximum, the minimum or the sum over i, j of in[y sy + i dy, x sx + j dx], if that counts

   Rows and columns from `row_first` and `column_first` on, up to `row_end` and `column_end`, count. */

#ifndef POOL_BEGUN
#define POOL_BEGUN
/* Return the number of taps of a window at *top* that lie from *low* up to *high*, and the first of them. */
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
#define GREATER(a, b) ((a) > (b) || IS_NAN(a) ? (a) : (b))
#define LESS(a, b) ((a) < (b) || IS_NAN(a) ? (a) : (b))
#define GREATER_THERE(a, b) ((a) > (b) || IS_NAN(b) ? (a) : (b))
#define LESS_THERE(a, b) ((a) < (b) || IS_NAN(b) ? (a) : (b))
#define SUM(a, b) (SAMPLE)((a) + (b))
/* Run a statement with JOINED, which combines two samples: NaN makes NaN, or is skipped. */
#define FOR_OP(call, LOOP)                                                                          \
    switch ((call)->op) {                                                                           \
    case POOL_MAX: if ((call)->ignoring) LOOP(GREATER_THERE) else LOOP(GREATER) break;              \
    case POOL_MIN: if ((call)->ignoring) LOOP(LESS_THERE) else LOOP(LESS) break;                    \
    default: LOOP(SUM)                                                                              \
    }

/* Combine two rows sample by sample; *to* may be the first of them. */
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

/* Combine the samples of each window of a row. */
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

/* Return a row of the input itself, or *buffer* with its samples converted, and squared for a norm. */
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

/* Write a row of results: extrema, means or roots. */
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
    const ptrdiff_t samples = in->samples, step = call->step, room = samples + SPARE;
    const ptrdiff_t columns = out->samples / step;
    assert(in->rows > (out->rows - 1) * call->stride_y + (call->height - 1) * call->down);
    assert(samples / step > (columns - 1) * call->stride_x + (call->width - 1) * call->across);
    SAMPLE *memory = calloc((size_t)(3 * room) * sizeof(SAMPLE) + (size_t)out->samples * sizeof(ptrdiff_t), 1);
    if (!memory)
        return -1;
    ptrdiff_t *counts = (ptrdiff_t *)memory, first;
    SAMPLE *joined = (SAMPLE *)(counts + out->samples), *buffer = joined + room, *result = buffer + room;
    const SAMPLE nothing = call->op == POOL_MAX   ? (call->ignoring ? MISSING : LEAST)
                           : call->op == POOL_MIN ? (call->ignoring ? MISSING : MOST)
                                                  : 0;
    for (ptrdiff_t i = 0; i < out->samples; i++)
        counts[i] = taps_within(i / step * call->stride_x, call->width, call->across, call->column_first,
                                call->column_end, &first);
    for (ptrdiff_t plane = 0; plane < in->planes; plane++)
        for (ptrdiff_t y = 0; y < out->rows; y++) {
            const ptrdiff_t taps = taps_within(y * call->stride_y, call->height, call->down, call->row_first,
                                               call->row_end, &first);
            for (ptrdiff_t i = 0; taps < 1 && i < samples; i++)
                joined[i] = nothing;
            const SAMPLE *row = taps > 0 ? T(pooled_row)(call, plane, first, joined) : joined;
            for (ptrdiff_t i = 1; i < taps; i++, row = joined)
                T(join)(joined, row, T(pooled_row)(call, plane, first + i * call->down, buffer), samples, call);
            if (row != joined)
                memcpy(joined, row, (size_t)samples * sizeof(SAMPLE));
            for (ptrdiff_t i = 0; i < call->column_first * step; i++)
                joined[i] = nothing;
            for (ptrdiff_t i = call->column_end * step; i < samples; i++)
                joined[i] = nothing;
            if (call->stride_x > 1)
                T(across)(result, joined, columns, call);
            else {
                memcpy(result, joined, (size_t)out->samples * sizeof(SAMPLE));
                for (ptrdiff_t j = 1; j < call->width; j++)
                    T(join)(result, result, joined + j * call->across * step, out->samples, call);
            }
            T(write_pooled)(call, plane, y, result, counts, taps);
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
