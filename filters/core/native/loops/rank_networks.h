/* Medians of 3×3 and 5×5 by networks of minima and maxima, for samples of one TYPE, a VECTOR at a time.

   Parts shared by windows are sorted once: for 3×3 three neighbours in a row, for six rows of windows at a time, at 18
   operations per window; for 5×5 each column, and pairs of adjacent columns, which serve four windows. For each window
   only the part of Batcher's merges that the median needs remains, as the compiler drops unused minima and maxima: 5×5
   takes 90 operations, where separate networks take 174. */

/* Samples of a row to process at a time, so that they stay in the first-level cache. */
#define BLOCK ((ptrdiff_t)(1984 / sizeof(TYPE)))
#define LANES ((ptrdiff_t)(sizeof(VECTOR) / sizeof(TYPE)))
#define TALL 6 /* for 12 MP two rows at once take 0.145 ns per sample, six 0.09 */
typedef TYPE T(Row)[BLOCK];

static inline VECTOR T(lesser)(VECTOR a, VECTOR b)
{
#ifdef __clang__
    return __builtin_elementwise_min(a, b);
#else
    VECTOR lesser;
#pragma GCC unroll 1 /* gcc knows the loop as an instruction, unless it unrolls it first */
    for (ptrdiff_t i = 0; i < LANES; i++)
        lesser[i] = a[i] < b[i] ? a[i] : b[i];
    return lesser;
#endif
}

static inline VECTOR T(greater)(VECTOR a, VECTOR b)
{
#ifdef __clang__
    return __builtin_elementwise_max(a, b);
#else
    VECTOR greater;
#pragma GCC unroll 1
    for (ptrdiff_t i = 0; i < LANES; i++)
        greater[i] = a[i] > b[i] ? a[i] : b[i];
    return greater;
#endif
}

static inline VECTOR T(at)(const TYPE *from)
{
    VECTOR v;
    memcpy(&v, from, sizeof v);
    return v;
}

#define LESSER T(lesser)
#define GREATER T(greater)
#define AT T(at)
#define PUT(to, v) memcpy(to, &v, sizeof v)
#define ORDER(a, b)                         \
    {                                       \
        const VECTOR lesser = LESSER(a, b); \
        b = GREATER(a, b);                  \
        a = lesser;                         \
    }
/* The last vector of a row overlaps the previous one. */
#define IN_VECTORS(count, loop, ...)                \
    {                                               \
        ptrdiff_t next = 0;                         \
        for (; next + LANES <= (count); next += LANES) \
            loop(__VA_ARGS__, next);                \
        if (next < (count))                         \
            loop(__VA_ARGS__, MAX(0, (count) - LANES)); \
    }

/* Write medians of 3×3 in TALL rows. If there are fewer, the last row fills several slots, and its own median comes
   last. */
static inline void T(medians_3)(TYPE *const *out, const TYPE *const *in, ptrdiff_t step, ptrdiff_t x)
{
    VECTOR low[TALL + 2], middle[TALL + 2], high[TALL + 2];
#pragma GCC unroll 8
    for (int i = 0; i < TALL + 2; i++) {
        VECTOR a = AT(in[i] + x), b = AT(in[i] + x + step), c = AT(in[i] + x + 2 * step);
        ORDER(a, b) ORDER(b, c) ORDER(a, b)
        low[i] = a, middle[i] = b, high[i] = c;
    }
#pragma GCC unroll 8
    for (int row = TALL - 1; row >= 0; row--) {
        const int outer = row + row % 2 * 2, i = row - row % 2 + 1; /* next to the two rows that two windows share */
        VECTOR a = GREATER(GREATER(low[i], low[i + 1]), low[outer]);
        VECTOR c = LESSER(LESSER(high[i], high[i + 1]), high[outer]);
        const VECTOR upper = GREATER(middle[i], middle[i + 1]);
        const VECTOR b = GREATER(LESSER(middle[i], middle[i + 1]), LESSER(upper, middle[outer]));
        ORDER(a, c)
        a = GREATER(a, LESSER(b, c)) + (TYPE)0; /* drops the sign of zero */
        PUT(out[row] + x, a);
    }
}

static inline void T(columns_5)(T(Row) *column, const TYPE *const *in, ptrdiff_t x)
{
    VECTOR a = AT(in[0] + x), b = AT(in[1] + x), c = AT(in[2] + x), d = AT(in[3] + x), e = AT(in[4] + x);
    ORDER(a, b) ORDER(d, e) ORDER(c, e) ORDER(c, d) ORDER(b, e)
    ORDER(a, d) ORDER(a, c) ORDER(b, d) ORDER(b, c)
    PUT(column[0] + x, a), PUT(column[1] + x, b), PUT(column[2] + x, c), PUT(column[3] + x, d);
    PUT(column[4] + x, e);
}

static inline void T(pairs_5)(T(Row) *pair, const T(Row) *column, ptrdiff_t step, ptrdiff_t x)
{
#define SIDE_BY_SIDE(i) a##i = AT(column[i] + x), b##i = AT(column[i] + x + step)
    VECTOR SIDE_BY_SIDE(0), SIDE_BY_SIDE(1), SIDE_BY_SIDE(2), SIDE_BY_SIDE(3), SIDE_BY_SIDE(4);
#undef SIDE_BY_SIDE
    ORDER(a0, b0) ORDER(a4, b4) ORDER(b0, a4) ORDER(a2, b2) ORDER(b0, a2)
    ORDER(a4, b2) ORDER(a1, b1) ORDER(a3, b3) ORDER(b1, a3) ORDER(b0, a1)
    ORDER(a2, b1) ORDER(a4, a3) ORDER(b2, b3)
    PUT(pair[0] + x, a0), PUT(pair[1] + x, b0), PUT(pair[2] + x, a1), PUT(pair[3] + x, a2), PUT(pair[4] + x, b1);
    PUT(pair[5] + x, a4), PUT(pair[6] + x, a3), PUT(pair[7] + x, b2), PUT(pair[8] + x, b3), PUT(pair[9] + x, b4);
}

static inline void T(medians_5)(TYPE *out, const T(Row) *pair, const T(Row) *column, ptrdiff_t step, ptrdiff_t x)
{
#define SIDE_BY_SIDE(i) a##i = AT(pair[i] + x), b##i = AT(pair[i] + x + 2 * step)
    VECTOR SIDE_BY_SIDE(0), SIDE_BY_SIDE(1), SIDE_BY_SIDE(2), SIDE_BY_SIDE(3), SIDE_BY_SIDE(4);
    VECTOR SIDE_BY_SIDE(5), SIDE_BY_SIDE(6), SIDE_BY_SIDE(7), SIDE_BY_SIDE(8), SIDE_BY_SIDE(9);
#undef SIDE_BY_SIDE
    ORDER(a0, b0) ORDER(a8, b8) ORDER(b0, a8) ORDER(a4, b4) ORDER(b0, a4)
    ORDER(a8, b4) ORDER(a2, b2) ORDER(a6, b6) ORDER(b2, a6) ORDER(a4, b2)
    ORDER(a8, a6) ORDER(a1, b1) ORDER(a9, b9) ORDER(b1, a9) ORDER(a5, b5)
    ORDER(b1, a5) ORDER(a9, b5) ORDER(a3, b3) ORDER(a7, b7) ORDER(b3, a7)
    ORDER(a5, b3) ORDER(a9, a7) ORDER(b2, a5) ORDER(a8, b3) ORDER(a6, a9)
    /* These have the ranks 7 to 12 of four columns. If i of them and 6 - i of the fifth column are the least six, the
       greatest of those is the median: the minimum over all i. */
#define LAST(i, value) GREATER(value, AT(column[i] + x + 4 * step))
    b2 = LESSER(LESSER(LAST(4, b2), LAST(3, a5)), LESSER(LAST(2, a8), LAST(1, b3)));
    b2 = LESSER(b2, LESSER(LAST(0, a6), a9)) + (TYPE)0;
#undef LAST
    PUT(out + x, b2);
}

static void T(median)(const RankCall *call)
{
    const Array *in = &call->in, *out = &call->out;
    const ptrdiff_t size = call->height, step = call->step, wider = (size - 1) * step;
    /* Whole rows if nothing is kept of them: prefetching then works, which takes a third of the time. */
    const ptrdiff_t most = size == 3 ? MAX(out->samples, 1) : block_of(out->samples, BLOCK - wider);
    assert(size == call->width && (size == 3 || size == 5) && (size == 3 || BLOCK - wider >= LANES));
    const ptrdiff_t at_once = size == 3 ? MIN(TALL, out->rows) : 1;
    const int narrow = out->samples < LANES;
    T(Row) given[TALL + 2] = {{0}}; /* rows that are narrower than a vector */
    T(Row) column[5] __attribute__((aligned(64))), pair[10] __attribute__((aligned(64)));
    TYPE medians[TALL][LANES];
    for (ptrdiff_t plane = 0; plane < in->planes; plane++)
        for (ptrdiff_t at = 0; at < out->samples; at += most) {
            /* A last block narrower than a vector overlaps the previous one. */
            const ptrdiff_t left = MIN(at, MAX(0, out->samples - LANES));
            const ptrdiff_t count = MIN(most, out->samples - left), wide = count + wider;
            for (ptrdiff_t next = 0; next < out->rows; next += at_once) {
                const ptrdiff_t y = MIN(next, out->rows - at_once);
                const TYPE *rows[TALL + 2];
                TYPE *to[TALL];
                for (ptrdiff_t i = 0; i < TALL + 2; i++) {
                    rows[i] = (const TYPE *)row_of(in, plane, y + MIN(i, size + at_once - 2)) + left;
                    if (narrow)
                        rows[i] = memcpy(given[i], rows[i], (size_t)wide * sizeof(TYPE));
                }
                for (ptrdiff_t i = 0; i < TALL; i++) {
                    const ptrdiff_t row = MIN(i, at_once - 1);
                    to[i] = narrow ? medians[row] : (TYPE *)row_of(out, plane, y + row) + left;
                }
                if (size == 3)
                    IN_VECTORS(count, T(medians_3), to, rows, step)
                else {
                    IN_VECTORS(wide, T(columns_5), column, rows)
                    IN_VECTORS(count + 2 * step, T(pairs_5), pair, column, step)
                    IN_VECTORS(count, T(medians_5), to[0], pair, column, step)
                }
                for (ptrdiff_t i = 0; narrow && i < at_once; i++)
                    memcpy((TYPE *)row_of(out, plane, y + i) + left, medians[i], (size_t)count * sizeof(TYPE));
            }
        }
}

#undef LESSER
#undef GREATER
#undef ORDER
#undef AT
#undef PUT
#undef BLOCK
#undef TALL
#undef LANES
#undef IN_VECTORS
