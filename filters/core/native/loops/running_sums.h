/* Means over a box of samples of 8 and 16 bits, in whole numbers and so exact, in a time that does not grow with the box:
   below a row of column sums one row is added and one taken off; along it one column is.

   out[y, x] = ⌊(Σᵢ Σⱼ in[y + i, x + j·across] + ⌊divisor / 2⌋) / divisor⌋ */

/* Add a row to the column sums, and take another off, unless it is NULL. */
#define MOVE_DOWN(name, Sum, Sample)                                                                       \
    static void name(Sum *restrict columns, const Sample *restrict added, const Sample *restrict gone, ptrdiff_t count) \
    {                                                                                                      \
        if (gone)                                                                                          \
            for (ptrdiff_t x = 0; x < count; x++)                                                          \
                columns[x] = (Sum)(columns[x] + added[x] - gone[x]);                                       \
        else                                                                                               \
            for (ptrdiff_t x = 0; x < count; x++)                                                          \
                columns[x] = (Sum)(columns[x] + added[x]);                                                 \
    }
MOVE_DOWN(move_u8_in_u16, uint16_t, uint8_t)
MOVE_DOWN(move_u8_in_u32, uint32_t, uint8_t)
MOVE_DOWN(move_u16_in_u32, uint32_t, uint16_t)
#undef MOVE_DOWN

/* The sums along a row: one sample after the other, a cycle each, in all types of arithmetic that a window fits. */
static void move_along(uint32_t *restrict sums, const uint32_t *restrict columns, ptrdiff_t width, ptrdiff_t across,
                       ptrdiff_t count)
{
    for (ptrdiff_t channel = 0; channel < across; channel++) {
        uint32_t sum = 0;
        for (ptrdiff_t j = 0; j < width - 1; j++)
            sum += columns[channel + j * across];
        const uint32_t *ahead = columns + (width - 1) * across;
        for (ptrdiff_t x = channel; x < count; x += across) {
            sum += ahead[x];
            sums[x] = sum;
            sum -= columns[x];
        }
    }
}

/* Quotients rounded half up: that of the reciprocal in float is off by less than 1, which the remainder tells. */
#define DIVIDE(name, Sample)                                                                         \
    static void name(Sample *restrict to, const uint32_t *restrict sums, uint32_t divisor, ptrdiff_t count) \
    {                                                                                                \
        const float reciprocal = 1 / (float)divisor;                                                 \
        const int32_t size = (int32_t)divisor;                                                       \
        for (ptrdiff_t x = 0; x < count; x++) {                                                      \
            const uint32_t sum = sums[x] + divisor / 2;                                              \
            const int32_t near = (int32_t)((float)(int32_t)sum * reciprocal);                        \
            const int32_t rest = (int32_t)(sum - (uint32_t)near * divisor);                          \
            to[x] = (Sample)(near + (rest >= size) - (rest < 0));                                    \
        }                                                                                            \
    }
DIVIDE(divide_to_u8, uint8_t)
DIVIDE(divide_to_u16, uint16_t)
#undef DIVIDE

/* The greatest box of 8 bits whose quotients are exact in 16 bits, and the greatest width of it. */
#define SMALL_BOX 128
#define SMALL_WIDTH 16

/* The same for small boxes of 8 bits, all in 16: the quotient is the high half of a product.

   sum · ⌈2^(16 + k) / divisor⌉ / 2^(16 + k), where 2^k < divisor ≤ 2^(k + 1), is off by less than 1 / divisor. */
static void small_mean(uint8_t *restrict to, const uint16_t *restrict columns, ptrdiff_t width, ptrdiff_t across,
                       uint16_t *restrict sums, uint32_t divisor, ptrdiff_t count)
{
    int shift = 0;
    while (2u << shift < divisor)
        shift++;
    const uint16_t factor = (uint16_t)(((65536u << shift) + divisor - 1) / divisor), half = (uint16_t)(divisor / 2);
    for (ptrdiff_t x = 0; x < count; x++)
        sums[x] = half;
    for (ptrdiff_t j = 0; j < width; j++)
        for (ptrdiff_t x = 0; x < count; x++)
            sums[x] += columns[x + j * across];
    for (ptrdiff_t x = 0; x < count; x++)
        to[x] = (uint8_t)((uint16_t)(((uint32_t)sums[x] * factor) >> 16) >> shift);
}

static int running_means(const BoxCall *call)
{
    const Array *in = &call->in, *out = &call->out;
    const ptrdiff_t height = call->height, width = call->width, across = call->across;
    const uint32_t divisor = (uint32_t)call->divisor;
    const int is_small = in->type == U8 && divisor > 1 && divisor <= SMALL_BOX && width <= SMALL_WIDTH;
    uint32_t *columns = malloc((size_t)(in->samples + out->samples + 2) * sizeof *columns), *sums = columns + in->samples;
    if (!columns)
        return -1;
    for (ptrdiff_t plane = 0; plane < in->planes; plane++) {
        memset(columns, 0, (size_t)in->samples * sizeof *columns);
        for (ptrdiff_t y = 0; y < in->rows; y++) {
            const void *added = row_of(in, plane, y), *gone = y < height ? NULL : row_of(in, plane, y - height);
            if (is_small)
                move_u8_in_u16((uint16_t *)columns, added, gone, in->samples);
            else if (in->type == U8)
                move_u8_in_u32(columns, added, gone, in->samples);
            else
                move_u16_in_u32(columns, added, gone, in->samples);
            if (y + 1 < height)
                continue;
            void *to = row_of(out, plane, y + 1 - height);
            if (is_small) {
                small_mean(to, (uint16_t *)columns, width, across, (uint16_t *)sums, divisor, out->samples);
                continue;
            }
            move_along(sums, columns, width, across, out->samples);
            if (out->type == U8)
                divide_to_u8(to, sums, divisor, out->samples);
            else
                divide_to_u16(to, sums, divisor, out->samples);
        }
    }
    free(columns);
    return 0;
}
