/* Non-local means: the mean of the search window's pixels q, weighted by the difference of their patches from that of
   p.

   out(p) = Σ w(p, q) in(q) / Σ w(p, q),   w(p, q) = exp(min(spared - factor · Σ |in(p + t) - in(q + t)|², 0))

   where t runs over the patch. A block of pixels that fits the second-level cache is converted to planes of REAL. Then,
   for each of half of the window's offsets, the squared differences from the shifted block are summed over boxes, row
   by row, and each weight adds to the means of both its pixels. So the cost of a patch is proportional to its side, and
   each pixel's sums follow the order of the offsets, whatever the block. Exact sums of whole numbers are running sums
   down the columns; other sums would drift, and spread NaN.

   If samples have weights (*own*, 0 if missing), squares are weighted by both, and their sum is divided by the total
   weight common to both patches instead of the number of samples. */

typedef struct {
    ptrdiff_t left, right, top, bottom; /* of the results in the block */
    ptrdiff_t pitch, plane;             /* from a row and from a channel to the next */
    ptrdiff_t patch, ring;              /* the patch's radius; from a row of the rings to the next */
    int running;
    REAL factor, spared, samples;
    REAL *values, *own, *totals, *sums; /* sums are per channel only where own is */
    REAL *squares, *commons;            /* rings of rows */
    REAL *square_columns, *common_columns, *weights;
} R(Block);

/* Sum the rows of a ring whose last is row y, in their order. */
static inline void R(sum_ring)(REAL *restrict to, const REAL *ring, const R(Block) *block, ptrdiff_t y, ptrdiff_t count)
{
    const ptrdiff_t side = 2 * block->patch + 1;
    for (ptrdiff_t x = 0; x < count; x += LANES) {
        VECTOR sum = {0};
        for (ptrdiff_t i = 1; i <= side; i++)
            sum += R(load)(ring + (y + i) % side * block->ring + x);
        R(store)(to + x, sum);
    }
}

static inline VECTOR R(sum_across)(const REAL *from, ptrdiff_t count)
{
    VECTOR sum = {0};
    for (ptrdiff_t i = 0; i < count; i++)
        sum += R(load)(from + i);
    return sum;
}

/* Add *count* weighted pixels at *from* to the means at *to*, both relative to the start of the planes. */
static inline void R(add_weighted)(const R(Block) *block, ptrdiff_t to, ptrdiff_t from, ptrdiff_t first, ptrdiff_t count,
                                   ptrdiff_t channels, int weighed)
{
    for (ptrdiff_t x = first; x < first + count; x += LANES) {
        const VECTOR weight = R(load)(block->weights + x);
        for (ptrdiff_t c = 0; c < channels; c++) {
            const ptrdiff_t here = c * block->plane + to + x, there = c * block->plane + from + x;
            const VECTOR own = weighed ? weight * R(load)(block->own + there) : weight;
            R(store)(block->totals + here, R(load)(block->totals + here) + own * R(load)(block->values + there));
            if (weighed || c == 0)
                R(store)(block->sums + here, R(load)(block->sums + here) + own);
        }
    }
}

/* Add what one offset and its opposite contribute. */
static inline void R(nonlocal_offset)(const R(Block) *block, ptrdiff_t dx, ptrdiff_t dy, ptrdiff_t channels, int weighed)
{
    const ptrdiff_t patch = block->patch, side = 2 * patch + 1, plane = block->plane, pitch = block->pitch;
    /* The pairs with at least one pixel among the results, and the squares around them. */
    const ptrdiff_t left = block->left - MAX(dx, 0), count = block->right - MIN(dx, 0) - left, wide = count + 2 * patch;
    const ptrdiff_t shift = dy * pitch + dx, results = block->right - block->left;
    memset(block->squares, 0, (size_t)(side * block->ring) * sizeof(REAL));
    memset(block->square_columns, 0, (size_t)block->ring * sizeof(REAL));
    for (ptrdiff_t y = block->top - dy - patch; y < block->bottom + patch; y++) {
        const ptrdiff_t start = y * pitch + left - patch;
        REAL *squares = block->squares + y % side * block->ring, *commons = block->commons + y % side * block->ring;
        for (ptrdiff_t x = 0; x < wide; x += LANES) {
            VECTOR square = {0}, common = {0};
            for (ptrdiff_t c = 0; c < channels; c++) {
                const ptrdiff_t p = c * plane + start + x, q = p + shift;
                const VECTOR d = R(load)(block->values + p) - R(load)(block->values + q);
                if (weighed) {
                    const VECTOR both = R(load)(block->own + p) * R(load)(block->own + q);
                    common += both;
                    square += d * d * both;
                } else
                    square += d * d;
            }
            if (block->running) {
                REAL *column = block->square_columns + x;
                R(store)(column, R(load)(column) + (square - R(load)(squares + x)));
            }
            R(store)(squares + x, square);
            if (weighed)
                R(store)(commons + x, common);
        }
        const ptrdiff_t middle = y - patch;
        if (middle < block->top - dy)
            continue;
        if (!block->running)
            R(sum_ring)(block->square_columns, block->squares, block, y, wide);
        if (weighed)
            R(sum_ring)(block->common_columns, block->commons, block, y, wide);
        for (ptrdiff_t x = 0; x < count; x += LANES) {
            VECTOR distance = R(sum_across)(block->square_columns + x, side), common = {0};
            if (weighed) {
                common = R(sum_across)(block->common_columns + x, side);
                distance = R(select)(common > 0, distance * (block->samples / common), common);
            }
            VECTOR exponent = block->spared - distance * block->factor;
            exponent = R(select)(exponent > 0, (VECTOR){0}, exponent);
            VECTOR weight = JOIN(exp2, REAL)(exponent, 0);
            if (weighed)
                weight = R(select)(common > 0, weight, common);
            R(store)(block->weights + x, weight);
        }
        const ptrdiff_t p = middle * pitch + left, q = p + shift;
        if (middle >= block->top)
            R(add_weighted)(block, p, q, block->left - left, results, channels, weighed);
        if (middle + dy < block->bottom)
            R(add_weighted)(block, q, p, block->left - left - dx, results, channels, weighed);
    }
}

/* Convert the rows of a block to planes; initialize its means with the pixel itself. */
static void R(nonlocal_begin)(const NonlocalMeansCall *call, const R(Block) *block, ptrdiff_t channels, ptrdiff_t first,
                              ptrdiff_t rows, ptrdiff_t left, ptrdiff_t count, int weighed)
{
    for (ptrdiff_t y = 0; y < rows; y++) {
        REAL *values = block->values + y * block->pitch, *own = block->own + y * block->pitch;
        R(read_pixels)(values, block->plane, &call->in, call->step, first + y, left, count, block->totals);
        if (weighed && call->opacity.data)
            R(read_row)(own, row_of(&call->opacity, 0, first + y), call->opacity.type, left, count);
        for (ptrdiff_t c = channels - 1; weighed && c >= 0; c--)
            for (ptrdiff_t x = c * block->plane, i = 0; i < count; i++, x++) {
                const int missing = call->ignoring && values[x] != values[x];
                own[x] = missing ? 0 : call->opacity.data ? own[i] : 1;
                values[x] = missing ? 0 : values[x];
            }
    }
    for (ptrdiff_t i = 0; i < channels * block->plane; i++) {
        block->totals[i] = weighed ? block->values[i] * block->own[i] : block->values[i];
        if (weighed || i < block->plane)
            block->sums[i] = weighed ? block->own[i] : 1;
    }
}

/* Write the means of a block. If all weights are 0 the result is missing if the sample is, else 0. */
static void R(nonlocal_end)(const NonlocalMeansCall *call, const R(Block) *block, ptrdiff_t channels, ptrdiff_t first,
                            ptrdiff_t left, int weighed)
{
    const ptrdiff_t count = block->right - block->left;
    for (ptrdiff_t y = block->top; y < block->bottom; y++) {
        const ptrdiff_t start = y * block->pitch + block->left;
        REAL *totals = block->totals + start, *values = block->values + start;
        if (weighed)
            R(read_pixels)(values, block->plane, &call->in, call->step, first + y, left + block->left, count,
                           block->squares);
        for (ptrdiff_t c = 0; c < channels; c++)
            for (ptrdiff_t x = c * block->plane, i = 0; i < count; i++, x++) {
                const REAL sum = block->sums[start + (weighed ? x : i)];
                totals[x] = sum == 0 ? values[x] * 0 : totals[x] / sum;
            }
        R(write_pixels)(&call->out, call->step, first + y - block->top, left, count, totals, block->plane, values);
    }
}

static int R(nonlocal_means)(const NonlocalMeansCall *call)
{
    const Array *in = &call->in, *out = &call->out;
    const ptrdiff_t step = call->step, channels = in->planes * step, columns = out->samples / step;
    const ptrdiff_t side = 2 * call->patch + 1, x = call->x + call->patch, y = call->y + call->patch;
    const ptrdiff_t samples = side * side * channels;
    assert(in->rows == out->rows + 2 * y && in->samples == out->samples + 2 * x * step);
    const int weighed = call->opacity.data || call->ignoring;
    const ptrdiff_t planes = weighed ? 4 * channels : 2 * channels + 1;
    const ptrdiff_t width = MIN(MAX(BLOCK_WIDTH, 4 * x), columns), pitch = width + 2 * x + SPARE;
    const ptrdiff_t fitting = BLOCK_BYTES / (ptrdiff_t)sizeof(REAL) / (planes * pitch) - 2 * y;
    const ptrdiff_t height = MIN(MAX(fitting, 2 * y + 16), out->rows), plane = (height + 2 * y) * pitch;
    const ptrdiff_t ring = pitch * MAX(channels, 1);
    REAL *memory = calloc((size_t)(planes * plane + (2 * side + 3) * ring), sizeof(REAL));
    if (!memory)
        return -1;
    R(Block) block = {.left = x, .top = y, .pitch = pitch, .plane = plane, .patch = call->patch, .ring = pitch,
                      .factor = (REAL)(call->factor / (double)samples * LOG2_E),
                      .spared = (REAL)(call->spared * LOG2_E), .samples = (REAL)samples};
    /* In float a column's sums are exact if they are whole numbers below 2²⁴; in double all sums of 16-bit squares are.
       */
    block.running = !weighed && (in->type == U16 || (in->type == U8 && side * channels * 255 * 255 < 1 << 24));
    block.values = memory;
    block.totals = block.values + channels * plane;
    block.sums = block.totals + channels * plane;
    block.own = weighed ? block.sums + channels * plane : block.values;
    block.squares = memory + planes * plane;
    block.commons = block.squares + side * pitch;
    block.square_columns = block.commons + side * pitch;
    block.common_columns = block.square_columns + pitch;
    block.weights = block.common_columns + pitch;
    for (ptrdiff_t top = 0; top < out->rows; top += height)
        for (ptrdiff_t left = 0; left < columns; left += width) {
            block.right = x + MIN(width, columns - left);
            block.bottom = y + MIN(height, out->rows - top);
            R(nonlocal_begin)(call, &block, channels, top, block.bottom + y, left, block.right + x, weighed);
            for (ptrdiff_t dy = 0; dy <= call->y; dy++)
                for (ptrdiff_t dx = dy ? -call->x : 1; dx <= call->x; dx++)
                    if (weighed)
                        R(nonlocal_offset)(&block, dx, dy, channels, 1);
                    else if (channels == 1)
                        R(nonlocal_offset)(&block, dx, dy, 1, 0);
                    else if (channels == 3)
                        R(nonlocal_offset)(&block, dx, dy, 3, 0);
                    else
                        R(nonlocal_offset)(&block, dx, dy, channels, 0);
            R(nonlocal_end)(call, &block, channels, top, left, weighed);
        }
    free(memory);
    return 0;
}
