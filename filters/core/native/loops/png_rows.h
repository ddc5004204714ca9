#include "../png_filters.h"

/* The row filters of PNG, section 9 of its specification: each byte minus its prediction from its neighbours,

   out[y, 1 + i] = in[y, i] - predicted(a, b, c),  a = in[y, i - step], b = in[y - 1, i], c = in[y - 1, i - step],

   after a byte with the filter's type; neighbours outside the image are 0. */

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
