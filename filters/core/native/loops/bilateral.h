/* The bilateral filter. For each block of columns a ring holds as many rows as the window, converted to planes of REAL.
   The lanes of a vector are adjacent results, which use the taps of the window in the same order.

   out(p) = in(p) + Σ w(p, q) (in(q) - in(p)) / Σ w(p, q),   w(p, q) = exp(exponent(q - p) - scale · |in(q) - in(p)|²)

   Summing differences instead of samples keeps flat areas exactly flat. If samples have opacities, a weight is
   multiplied by that of q. A channel missing in p or q adds nothing to the distance; one missing in q has no weight,
   and one missing in p counts as 0, and stays missing if all weights are 0. */

typedef struct {
    const REAL *middle, **near; /* the samples of the first result, and of its neighbour at each tap */
    const REAL *exponents;
    ptrdiff_t taps, pitch; /* from a channel to the next */
    REAL scale, *results;
} R(Bilateral);

/* Compute a row of results. If *weighed*, the channels are followed by 1 or 0 for each, whether it is present, and by
   the opacity. Inlining for a constant number of channels keeps sums in registers: 3 channels take half of the time. */
static inline void R(bilateral_row)(const R(Bilateral) *row, ptrdiff_t count, ptrdiff_t channels, int weighed,
                                    int normal, VECTOR *moves, VECTOR *sums)
{
    const ptrdiff_t pitch = row->pitch, there = channels * pitch, opacity = 2 * there;
    for (ptrdiff_t x = 0; x < count; x += LANES) {
        const REAL *p = row->middle + x;
        for (ptrdiff_t c = 0; c < channels; c++) {
            moves[c] = (VECTOR){0};
            sums[c] = weighed ? R(load)(p + there + c * pitch) * R(load)(p + opacity) : (VECTOR){0} + 1;
        }
        for (ptrdiff_t i = 0; i < row->taps; i++) {
            const REAL *q = row->near[i] + x;
            VECTOR distance = {0};
            for (ptrdiff_t c = 0; c < channels; c++) {
                VECTOR d = R(load)(q + c * pitch) - R(load)(p + c * pitch);
                if (weighed)
                    d *= R(load)(q + there + c * pitch) * R(load)(p + there + c * pitch);
                distance += d * d;
            }
            VECTOR weight = JOIN(exp2, REAL)(row->exponents[i] - distance * row->scale, normal);
            if (weighed)
                weight *= R(load)(q + opacity);
            for (ptrdiff_t c = 0; c < channels; c++) {
                const VECTOR d = R(load)(q + c * pitch) - R(load)(p + c * pitch);
                const VECTOR own = weighed ? weight * R(load)(q + there + c * pitch) : weight;
                moves[c] += own * d;
                if (weighed || c == 0)
                    sums[c] += own;
            }
        }
        for (ptrdiff_t c = 0; c < channels; c++) {
            const VECTOR value = R(load)(p + c * pitch), sum = sums[weighed ? c : 0];
            VECTOR result = value + moves[c] / sum;
            if (weighed) /* all weights are 0: unchanged, or missing */
                result = R(select)(sum == 0, value / R(load)(p + there + c * pitch), result);
            R(store)(row->results + c * pitch + x, result);
        }
    }
}

/* Convert row y of a block to planes, and mark missing samples. */
static void R(bilateral_read)(const BilateralCall *call, ptrdiff_t y, ptrdiff_t left, ptrdiff_t count,
                              ptrdiff_t channels, ptrdiff_t pitch, REAL *to, REAL *spare, int weighed)
{
    R(read_pixels)(to, pitch, &call->in, call->step, y, left, count, spare);
    if (!weighed)
        return;
    for (ptrdiff_t i = 0; i < channels * pitch; i++) {
        const int missing = call->ignoring && to[i] != to[i];
        to[channels * pitch + i] = (REAL)!missing;
        to[i] = missing ? 0 : to[i];
    }
    REAL *opacity = to + 2 * channels * pitch;
    if (call->opacity.data)
        R(read_row)(opacity, row_of(&call->opacity, 0, y), call->opacity.type, left, count);
    else
        for (ptrdiff_t x = 0; x < count; x++)
            opacity[x] = 1;
}

static int R(bilateral)(const BilateralCall *call)
{
    const Array *in = &call->in, *out = &call->out;
    const ptrdiff_t height = call->height, width = call->width, step = call->step, channels = in->planes * step;
    const int weighed = call->opacity.data || call->ignoring;
    const ptrdiff_t columns = out->samples / step, planes = weighed ? 2 * channels + 1 : channels;
    assert(in->rows == out->rows + height - 1 && in->samples == out->samples + (width - 1) * step);
    /* The ring stays in the second-level cache. */
    const ptrdiff_t fitting = NARROW_RING_BYTES / (ptrdiff_t)sizeof(REAL) / (height * planes) - width;
    const ptrdiff_t block = MIN(MAX(fitting, 256), columns), pitch = block + width - 1 + SPARE, slot = planes * pitch;
    const ptrdiff_t reals = (height + 1) * slot + channels * pitch + height * width;
    const size_t pointers = (size_t)(height * width) * sizeof(REAL *);
    char *memory = calloc(1, pointers + (size_t)(2 * channels + 1) * sizeof(VECTOR) + (size_t)reals * sizeof(REAL));
    if (!memory)
        return -1;
    VECTOR *vectors = R(aligned)(memory + pointers);
    REAL *ring = (REAL *)(vectors + 2 * channels), *spare = ring + height * slot, *results = spare + slot,
         *exponents = results + channels * pitch;
    R(Bilateral) row = {.near = (const REAL **)memory, .exponents = exponents, .pitch = pitch,
                        .scale = (REAL)(call->scale * LOG2_E), .results = results};
    double least = 0;
    for (ptrdiff_t i = 0; i < height * width; i++)
        if (call->exponents[i] > -INFINITY)
            least = MIN(least, call->exponents[i]);
    const int normal = in->type == U8 && least - call->scale * 255 * 255 > -80; /* all weights of gray levels are normal */
    for (ptrdiff_t left = 0; left < columns; left += block) {
        const ptrdiff_t count = MIN(block, columns - left);
        for (ptrdiff_t y = 0; y < in->rows; y++) {
            R(bilateral_read)(call, y, left, count + width - 1, channels, pitch, ring + y % height * slot, spare,
                              weighed);
            const ptrdiff_t first = y - height + 1;
            if (first < 0)
                continue;
            row.middle = ring + (first + height / 2) % height * slot + width / 2;
            row.taps = 0;
            for (ptrdiff_t i = 0; i < height * width; i++)
                if (call->exponents[i] > -INFINITY && i != height * width / 2) {
                    exponents[row.taps] = (REAL)(call->exponents[i] * LOG2_E);
                    row.near[row.taps++] = ring + (first + i / width) % height * slot + i % width;
                }
            if (weighed || (channels != 1 && channels != 3))
                R(bilateral_row)(&row, count, channels, weighed, 0, vectors, vectors + channels);
            else if (channels == 3)
                R(bilateral_row)(&row, count, 3, 0, 0, (VECTOR[3]){{0}}, (VECTOR[3]){{0}});
            else if (normal)
                R(bilateral_row)(&row, count, 1, 0, 1, (VECTOR[1]){{0}}, (VECTOR[1]){{0}});
            else
                R(bilateral_row)(&row, count, 1, 0, 0, (VECTOR[1]){{0}}, (VECTOR[1]){{0}});
            R(write_pixels)(out, step, first, left, count, results, pitch, spare);
        }
    }
    free(memory);
    return 0;
}
