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

static inline vu32 load_u32(const uint32_t *from)
{
    vu32 v;
    memcpy(&v, from, sizeof v);
    return v;
}

static inline void store_u32(uint32_t *to, vu32 v)
{
    memcpy(to, &v, sizeof v);
}

/* Write the sums of the columns from each one to the last, modulo 2³²: first of pairs, of pairs of pairs, and so on until
   a vector of sums adds to another one; a sample at a time takes three times as long. Behind *count* all is zero. */
static void sum_to_the_end(uint32_t *sums, const uint32_t *columns, ptrdiff_t across, ptrdiff_t count)
{
    for (ptrdiff_t x = 0; x < count; x += FLOAT_LANES)
        store_u32(sums + x, load_u32(columns + x) + load_u32(columns + x + across));
    for (ptrdiff_t reach = 2; reach < FLOAT_LANES; reach *= 2)
        for (ptrdiff_t x = 0; x < count; x += FLOAT_LANES)
            store_u32(sums + x, load_u32(sums + x) + load_u32(sums + x + reach * across));
    vu32 later = {0};
    const ptrdiff_t last = (count - 1) / FLOAT_LANES * FLOAT_LANES;
    if (across == 1)
        for (ptrdiff_t x = last; x >= 0; x -= FLOAT_LANES)
            store_u32(sums + x, later += load_u32(sums + x));
    else
    for (ptrdiff_t x = last; x >= 0; x -= FLOAT_LANES)
        store_u32(sums + x, load_u32(sums + x) + load_u32(sums + x + FLOAT_LANES * across));
}

/* Quotients rounded half up: that of the reciprocal in float is off by less than 1, which the remainder tells. */
#define DIVIDE(name, Sample)                                                                                    \
    static void name(Sample *restrict to, const uint32_t *restrict from, const uint32_t *restrict to_, uint32_t divisor, \
                     ptrdiff_t count)                                                                           \
    {                                                                                                           \
        const float reciprocal = 1 / (float)divisor;                                                            \
        const int32_t size = (int32_t)divisor;                                                                  \
        for (ptrdiff_t x = 0; x < count; x++) {                                                                 \
            const uint32_t sum = from[x] - to_[x] + divisor / 2;                                                \
            const int32_t near = (int32_t)((float)(int32_t)sum * reciprocal);                                   \
            const int32_t rest = (int32_t)(sum - (uint32_t)near * divisor);                                     \
            to[x] = (Sample)(near + (rest >= size) - (rest < 0));                                               \
        }                                                                                                       \
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
    const ptrdiff_t lanes = VECTOR_BYTES / 2;
    for (ptrdiff_t x = 0; x < count; x += 2 * lanes) {
        vu16 a = {0}, b = {0}, more;
        a += half, b += half;
        for (ptrdiff_t j = 0; j < width; j++) {
            memcpy(&more, columns + x + j * across, sizeof more);
            a += more;
            memcpy(&more, columns + x + j * across + lanes, sizeof more);
            b += more;
        }
        memcpy(sums + x, &a, sizeof a);
        memcpy(sums + x + lanes, &b, sizeof b);
    }
    for (ptrdiff_t x = 0; x < count; x++)
        to[x] = (uint8_t)((uint16_t)(((uint32_t)sums[x] * factor) >> 16) >> shift);
}

static int running_means(const BoxCall *call)
{
    const Array *in = &call->in, *out = &call->out;
    const ptrdiff_t height = call->height, width = call->width, across = call->across;
    const uint32_t divisor = (uint32_t)call->divisor;
    const int is_small = in->type == U8 && divisor > 1 && divisor <= SMALL_BOX && width <= SMALL_WIDTH;
    const ptrdiff_t pitch = in->samples + FLOAT_LANES * across + 2 * SPARE;
    uint32_t *columns = calloc((size_t)(2 * pitch), sizeof *columns), *sums = columns + pitch;
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
            sum_to_the_end(sums, columns, across, in->samples);
            if (out->type == U8)
                divide_to_u8(to, sums, sums + width * across, divisor, out->samples);
            else
                divide_to_u16(to, sums, sums + width * across, divisor, out->samples);
        }
    }
    free(columns);
    return 0;
}
