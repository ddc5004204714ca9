/* Brightness and contrast of several images, each by its own factors; and sums of their lumas, for means. */

#define SAMPLES_OF_BLOCK 384

/* Products are rounded before they are added, so that results equal the obvious form's. */
static int contrast(const ContrastCall *call)
{
    double values[SAMPLES_OF_BLOCK] = {0};
    for (ptrdiff_t plane = 0; plane < call->in.planes; plane++) {
        const double brightness = call->factors[3 * plane], factor = call->factors[3 * plane + 1],
                     mean = call->factors[3 * plane + 2];
        for (ptrdiff_t y = 0; y < call->in.rows; y++)
            for (ptrdiff_t first = 0; first < call->in.samples; first += SAMPLES_OF_BLOCK) {
                const ptrdiff_t count = MIN(SAMPLES_OF_BLOCK, call->in.samples - first);
                read_row_double(values, row_of(&call->in, plane, y), call->in.type, first, count);
                for (ptrdiff_t i = 0; i < SAMPLES_OF_BLOCK; i += DOUBLE_LANES) {
                    vdouble v;
                    memcpy(&v, values + i, sizeof v);
                    v *= brightness;
                    ROUND_PRODUCT(v);
                    v = (v - mean) * factor;
                    ROUND_PRODUCT(v);
                    v += mean;
                    memcpy(values + i, &v, sizeof v);
                }
                write_row_double(row_of(&call->out, plane, y), call->out.type, first, values, count, 1);
            }
    }
    return 0;
}

#undef SAMPLES_OF_BLOCK

/* Up to this many pixels are summed in SUMS interleaved sums; more are split in halves whose sums are added, as in
   NumPy. */
#define PIXELS 128
#define SUMS 8

static double sum_of_lumas(const LumaSumsCall *call, ptrdiff_t plane, ptrdiff_t y, ptrdiff_t first, ptrdiff_t count)
{
    if (count > PIXELS) {
        const ptrdiff_t half = count / 2 / SUMS * SUMS;
        return sum_of_lumas(call, plane, y, first, half) + sum_of_lumas(call, plane, y, first + half, count - half);
    }
    const ptrdiff_t step = call->step;
    const double red = call->weights[0], green = call->weights[1], blue = call->weights[2], divisor = call->divisor;
    double values[3 * PIXELS], of_colours[PIXELS], sums[SUMS] = {0};
    read_row_double(values, row_of(&call->in, plane, y), call->in.type, first * step, count * step);
    for (ptrdiff_t i = 0; i < count * step; i++)
        values[i] *= call->brightness[plane];
    if (step == 3)
        for (ptrdiff_t x = 0; x < count; x++)
            of_colours[x] = (values[3 * x] * red + values[3 * x + 1] * green + values[3 * x + 2] * blue) / divisor;
    const double *lumas = step == 3 ? of_colours : values;
    const ptrdiff_t whole = count / SUMS * SUMS;
    for (ptrdiff_t x = 0; x < whole; x += SUMS)
        for (ptrdiff_t i = 0; i < SUMS; i++)
            sums[i] += lumas[x + i];
    double sum = ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
    for (ptrdiff_t x = whole; x < count; x++)
        sum += lumas[x];
    return sum;
}

static int luma_sums(const LumaSumsCall *call)
{
    for (ptrdiff_t plane = 0; plane < call->in.planes; plane++)
        for (ptrdiff_t y = 0; y < call->in.rows; y++)
            *(double *)row_of(&call->out, plane, y) =
                sum_of_lumas(call, plane, y, 0, call->in.samples / call->step);
    return 0;
}

#undef PIXELS
#undef SUMS
