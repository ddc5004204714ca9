/* The row filters of PNG, section 9 of its specification: each byte less what its neighbours predict of it,

   out[y, 1 + i] = in[y, i] - predicted(a, b, c),  a = in[y, i - step], b = in[y - 1, i], c = in[y - 1, i - step],

   behind a byte that says how; neighbours outside of the image are 0. */

enum { FILTER_NONE, FILTER_SUB, FILTER_UP, FILTER_AVERAGE, FILTER_PAETH };

static inline uint8_t predicted(int filter, uint8_t a, uint8_t b, uint8_t c)
{
    /* The nearest of a, b and c to a + b - c, in this order. Where c lies between a and b, its distance is the
       difference of theirs, else their sum: so all of it is done in bytes. */
    const uint8_t from_a = MAX(b, c) - MIN(b, c), from_b = MAX(a, c) - MIN(a, c);
    const uint8_t from_c = MAX(from_a, from_b) - MIN(from_a, from_b), nearer = from_a <= from_b ? a : b;
    switch (filter) {
    case FILTER_SUB: return a;
    case FILTER_UP: return b;
    case FILTER_AVERAGE: return (uint8_t)((a & b) + ((a ^ b) >> 1));
    case FILTER_PAETH: return (MIN(a, b) < c) & (c < MAX(a, b)) & (from_c < MIN(from_a, from_b)) ? c : nearer;
    default: return 0;
    }
}

static int png_rows(const PngRowsCall *call)
{
    const Array *in = &call->in, *out = &call->out;
    const ptrdiff_t bytes = in->samples, step = call->step, above = in->rows - out->rows;
    assert((above == 0 || above == 1) && out->samples == bytes + 1 && 1 <= step && step <= bytes);
    uint8_t *nothing = calloc((size_t)bytes, 1);
    if (!nothing)
        return -1;
    const uint8_t *b = above ? row_of(in, 0, 0) : nothing;
    for (ptrdiff_t y = 0; y < out->rows; y++) {
        const uint8_t *restrict x = row_of(in, 0, y + above);
        uint8_t *restrict to = row_of(out, 0, y);
        *to++ = (uint8_t)call->filter;
#define CASE(filter)                                                                        \
    case filter:                                                                            \
        for (ptrdiff_t i = 0; i < step; i++)                                                \
            to[i] = (uint8_t)(x[i] - predicted(filter, 0, b[i], 0));                        \
        for (ptrdiff_t i = step; i < bytes; i++)                                            \
            to[i] = (uint8_t)(x[i] - predicted(filter, x[i - step], b[i], b[i - step]));    \
        break;
        switch (call->filter) {
            CASE(FILTER_NONE)
            CASE(FILTER_SUB)
            CASE(FILTER_UP)
            CASE(FILTER_AVERAGE)
            CASE(FILTER_PAETH)
        }
#undef CASE
        b = x;
    }
    free(nothing);
    return 0;
}
