/* Local curves: each tile has its own, and a pixel interpolates those of the four surrounding tile centres. In colour
   the luma follows the curves, and colours keep their differences from it.

   The curves of two rows of tiles are interpolated once per row of pixels, so a pixel needs only two. */

#define PIXELS 64 /* of a block; may extend beyond the end of a row */

typedef struct {
    int32_t *left, *right; /* the offsets of the curves of a column's tiles */
    REAL *share;           /* weight of the right one */
} R(Columns);

/* Map the *values* of a block by the curves. */
static inline void R(follow)(REAL *restrict to, const REAL *restrict values, const REAL *restrict curves,
                             R(Columns) columns, const LocalCurvesCall *call)
{
    const REAL low = (REAL)call->low, scale = (REAL)call->scale, last = (REAL)(call->curves.samples - 1);
    int32_t left[PIXELS];
    REAL part[PIXELS], beyond[PIXELS];
    for (ptrdiff_t i = 0; i < PIXELS; i++) {
        const REAL place = (values[i] - low) * scale;
        REAL inside = place > 0 ? place : 0; /* for NaN, too */
        inside = inside < last ? inside : last;
        const REAL most = last - 1 < inside ? last - 1 : inside;
        left[i] = (int32_t)most;
        part[i] = inside - (REAL)left[i];
        beyond[i] = (place - inside) / scale;
    }
    for (ptrdiff_t i = 0; i < PIXELS; i++) {
        const REAL *one = curves + columns.left[i] + left[i], *other = curves + columns.right[i] + left[i];
        const REAL from = one[0] + part[i] * (one[1] - one[0]), up_to = other[0] + part[i] * (other[1] - other[0]);
        to[i] = from + columns.share[i] * (up_to - from) + beyond[i];
    }
}

/* Return the curves of one row of pixels, in *room* if they are interpolated between two rows of tiles. */
static const REAL *R(row_curves)(const LocalCurvesCall *call, ptrdiff_t y, REAL *restrict room)
{
    const Array *curves = &call->curves;
    const double last = (double)(curves->planes - 1), place = call->first_row + call->down * (double)y;
    const double inside = place > 0 ? MIN(place, last) : 0;
    const ptrdiff_t above = (ptrdiff_t)inside;
    const REAL part = (REAL)(inside - (double)above);
    const REAL *upper = row_of(curves, above, 0);
    if (part == 0)
        return upper;
    const REAL *lower = row_of(curves, above + 1, 0);
    for (ptrdiff_t i = 0; i < curves->rows * curves->samples; i++)
        room[i] = upper[i] + part * (lower[i] - upper[i]);
    return room;
}

static void R(follow_rows)(const LocalCurvesCall *call, R(Columns) columns, REAL *restrict room)
{
    const ptrdiff_t step = call->step, width = call->in.samples / step;
    const REAL red = (REAL)call->weights[0], green = (REAL)call->weights[1], blue = (REAL)call->weights[2],
               divisor = (REAL)call->divisor;
    /* Each number of 8 bits has its own entry. */
    const int whole = call->in.type == U8 && step == 1 && call->curves.samples == 256 && call->low == 0 && call->scale == 1;
    REAL pixels[3 * PIXELS] = {0}, values[PIXELS] = {0}, found[PIXELS];
    for (ptrdiff_t plane = 0; plane < call->in.planes; plane++)
        for (ptrdiff_t y = 0; y < call->in.rows; y++) {
            const REAL *curves = R(row_curves)(call, y, room);
            void *to = row_of(&call->out, plane, y);
            const void *from = row_of(&call->in, plane, y);
            for (ptrdiff_t first = 0; first < width; first += PIXELS) {
                const ptrdiff_t count = MIN(PIXELS, width - first);
                const R(Columns) own = {columns.left + first, columns.right + first, columns.share + first};
                if (whole) {
                    const uint8_t *samples = (const uint8_t *)from + first;
                    for (ptrdiff_t i = 0; i < count; i++) {
                        const REAL one = curves[own.left[i] + samples[i]], other = curves[own.right[i] + samples[i]];
                        found[i] = one + own.share[i] * (other - one);
                    }
                } else if (step == 1) {
                    R(read_row)(values, from, call->in.type, first, count);
                    R(follow)(found, values, curves, own, call);
                } else {
                    R(read_row)(pixels, from, call->in.type, 3 * first, 3 * count);
                    for (ptrdiff_t i = 0; i < PIXELS; i++)
                        values[i] = (pixels[3 * i] * red + pixels[3 * i + 1] * green + pixels[3 * i + 2] * blue) / divisor;
                    R(follow)(found, values, curves, own, call);
                    for (ptrdiff_t i = 0; i < PIXELS; i++)
                        for (int channel = 0; channel < 3; channel++)
                            pixels[3 * i + channel] += found[i] - values[i];
                }
                R(write_row)(to, call->out.type, step * first, step == 1 ? found : pixels, step * count, 1);
            }
        }
}

static int R(local_curves)(const LocalCurvesCall *call)
{
    const Array *curves = &call->curves;
    const ptrdiff_t width = call->in.samples / call->step;
    const size_t room = (size_t)((width + PIXELS - 1) / PIXELS * PIXELS);
    R(Columns) columns = {calloc(room, sizeof(int32_t)), calloc(room, sizeof(int32_t)), calloc(room, sizeof(REAL))};
    REAL *joined = malloc((size_t)(curves->rows * curves->samples) * sizeof(REAL));
    const int enough = columns.left && columns.right && columns.share && joined;
    if (enough) {
        const double last = (double)(curves->rows - 1);
        for (ptrdiff_t x = 0; x < width; x++) {
            const double place = call->first_column + call->across * (double)x, inside = place > 0 ? MIN(place, last) : 0;
            const ptrdiff_t tile = (ptrdiff_t)inside;
            columns.left[x] = (int32_t)(tile * curves->samples);
            columns.right[x] = (int32_t)(MIN(tile + 1, curves->rows - 1) * curves->samples);
            columns.share[x] = (REAL)(inside - (double)tile);
        }
        R(follow_rows)(call, columns, joined);
    }
    free(columns.left);
    free(columns.right);
    free(columns.share);
    free(joined);
    return enough ? 0 : -1;
}

#undef PIXELS
