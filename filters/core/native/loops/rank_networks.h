/* Medians of 3×3 and 5×5 by networks of minima and maxima, for samples of one TYPE.

   Each column of a window is sorted once and serves all windows that hold it; at 5×5 two columns side by side are merged
   once and serve four. What is left for each window is the part of Batcher's merges that the median needs, which the
   compiler finds: it drops a minimum or maximum that nobody reads. So 3×3 takes 18 operations and 5×5 takes 90, where
   networks for each window by itself take 30 and 174. The compiler makes vectors of the loops, as the samples of a row
   do not depend on each other. */

#define LESSER(a, b) ((a) < (b) ? (a) : (b))
#define GREATER(a, b) ((a) > (b) ? (a) : (b))
#define ORDER(a, b)                   \
    {                                 \
        const TYPE lesser = LESSER(a, b); \
        b = GREATER(a, b);            \
        a = lesser;                   \
    }

/* Sorted rows are kept for so many samples at a time, which stay in the first-level cache. */
#define BLOCK ((ptrdiff_t)(1536 / sizeof(TYPE)))
#define BLOCK_ROOM (BLOCK + 64)

static void T(median_3)(TYPE *restrict out, TYPE *const *in, ptrdiff_t count, ptrdiff_t step)
{
    TYPE memory[3][BLOCK_ROOM];
    TYPE *restrict low = memory[0], *restrict middle = memory[1], *restrict high = memory[2];
    const TYPE *a = in[0], *b = in[1], *c = in[2];
    for (ptrdiff_t x = 0; x < count + 2 * step; x++) {
        TYPE p = a[x], q = b[x], r = c[x];
        ORDER(p, q)
        ORDER(q, r)
        ORDER(p, q)
        low[x] = p, middle[x] = q, high[x] = r;
    }
    for (ptrdiff_t x = 0; x < count; x++) {
        TYPE p = GREATER(GREATER(low[x], low[x + step]), low[x + 2 * step]);
        TYPE r = LESSER(LESSER(high[x], high[x + step]), high[x + 2 * step]);
        TYPE q = middle[x], s = middle[x + step];
        ORDER(q, s)
        q = GREATER(q, LESSER(s, middle[x + 2 * step]));
        ORDER(p, r)
        out[x] = GREATER(p, LESSER(q, r)) + (TYPE)0; /* a zero has no sign */
    }
}

static void T(median_5)(TYPE *restrict out, TYPE *const *in, ptrdiff_t count, ptrdiff_t step)
{
    TYPE column[5][BLOCK_ROOM], pair[10][BLOCK_ROOM];
    for (ptrdiff_t x = 0; x < count + 4 * step; x++) {
        TYPE a = in[0][x], b = in[1][x], c = in[2][x], d = in[3][x], e = in[4][x];
        ORDER(a, b)
        ORDER(d, e)
        ORDER(c, e)
        ORDER(c, d)
        ORDER(b, e)
        ORDER(a, d)
        ORDER(a, c)
        ORDER(b, d)
        ORDER(b, c)
        column[0][x] = a, column[1][x] = b, column[2][x] = c, column[3][x] = d, column[4][x] = e;
    }
    for (ptrdiff_t x = 0; x < count + 2 * step; x++) {
#define PAIR(i) a##i = column[i][x], b##i = column[i][x + step]
        TYPE PAIR(0), PAIR(1), PAIR(2), PAIR(3), PAIR(4);
#undef PAIR
        ORDER(a0, b0)
        ORDER(a4, b4)
        ORDER(b0, a4)
        ORDER(a2, b2)
        ORDER(b0, a2)
        ORDER(a4, b2)
        ORDER(a1, b1)
        ORDER(a3, b3)
        ORDER(b1, a3)
        ORDER(b0, a1)
        ORDER(a2, b1)
        ORDER(a4, a3)
        ORDER(b2, b3)
        pair[0][x] = a0, pair[1][x] = b0, pair[2][x] = a1, pair[3][x] = a2, pair[4][x] = b1;
        pair[5][x] = a4, pair[6][x] = a3, pair[7][x] = b2, pair[8][x] = b3, pair[9][x] = b4;
    }
    for (ptrdiff_t x = 0; x < count; x++) {
#define PAIR(i) a##i = pair[i][x], b##i = pair[i][x + 2 * step]
        TYPE PAIR(0), PAIR(1), PAIR(2), PAIR(3), PAIR(4), PAIR(5), PAIR(6), PAIR(7), PAIR(8), PAIR(9);
#undef PAIR
        ORDER(a0, b0)
        ORDER(a8, b8)
        ORDER(b0, a8)
        ORDER(a4, b4)
        ORDER(b0, a4)
        ORDER(a8, b4)
        ORDER(a2, b2)
        ORDER(a6, b6)
        ORDER(b2, a6)
        ORDER(a4, b2)
        ORDER(a8, a6)
        ORDER(a1, b1)
        ORDER(a9, b9)
        ORDER(b1, a9)
        ORDER(a5, b5)
        ORDER(b1, a5)
        ORDER(a9, b5)
        ORDER(a3, b3)
        ORDER(a7, b7)
        ORDER(b3, a7)
        ORDER(a5, b3)
        ORDER(a9, a7)
        ORDER(b2, a5)
        ORDER(a8, b3)
        ORDER(a6, a9)
        /* Of four columns these have the ranks 7 to 12. If i of them and 6 - i of the fifth column are the least six, the
           greatest of those is the median; it is the least of what the six choices of i give. */
#define LAST(i, value) GREATER(value, column[i][x + 4 * step])
        const TYPE few = LESSER(LAST(4, b2), LAST(3, a5)), some = LESSER(LAST(2, a8), LAST(1, b3));
#undef LAST
        const TYPE many = LESSER(GREATER(a6, column[0][x + 4 * step]), a9);
        out[x] = LESSER(LESSER(few, some), many) + (TYPE)0;
    }
}

static void T(median)(const RankCall *call)
{
    const Array *in = &call->in, *out = &call->out;
    const ptrdiff_t size = call->height, step = call->step, most = BLOCK - (size - 1) * step;
    assert(most > 0 && size == call->width && (size == 3 || size == 5));
    for (ptrdiff_t plane = 0; plane < in->planes; plane++)
        for (ptrdiff_t x = 0; x < out->samples; x += most) {
            const ptrdiff_t count = MIN(most, out->samples - x);
            for (ptrdiff_t y = 0; y < out->rows; y++) {
                TYPE *rows[5];
                for (ptrdiff_t i = 0; i < size; i++)
                    rows[i] = (TYPE *)row_of(in, plane, y + i) + x;
                TYPE *to = (TYPE *)row_of(out, plane, y) + x;
                if (size == 3)
                    T(median_3)(to, rows, count, step);
                else
                    T(median_5)(to, rows, count, step);
            }
        }
}

#undef LESSER
#undef GREATER
#undef ORDER
#undef BLOCK
#undef BLOCK_ROOM
