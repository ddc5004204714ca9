/* Non-maximum suppression: the magnitude where it is a maximum along the gradient, and 0 elsewhere.

   The neighbours along the gradient are interpolated on the rim of the surrounding 3×3 pixels, between a side and a
   corner. Neighbours that differ by less than EQUAL are equal, as rounding errors on a plateau are not part of its
   shape. */

#define EQUAL 1e-5
#define RUN 64

static void R(maxima)(REAL *restrict to, const REAL *restrict above, const REAL *restrict row,
                      const REAL *restrict below, const REAL *restrict gx, const REAL *restrict gy, ptrdiff_t count,
                      REAL least)
{
    for (ptrdiff_t i = 0; i < count; i++) {
        const REAL x = R(absolute)(gx[i]), y = R(absolute)(gy[i]), middle = row[i];
        const REAL n = above[i], s = below[i], w = row[i - 1], e = row[i + 1];
        const REAL nw = above[i - 1], ne = above[i + 1], sw = below[i - 1], se = below[i + 1];
        const int left = gx[i] < 0, up = gy[i] < 0, steep = y > x;
        const REAL part = (steep ? x : y) / (steep ? y : x);
        const REAL beside = steep ? (up ? n : s) : (left ? w : e), behind = steep ? (up ? s : n) : (left ? e : w);
        const REAL corner = up ? (left ? nw : ne) : (left ? sw : se), opposite = up ? (left ? se : sw) : (left ? ne : nw);
        const REAL next = beside + (corner - beside) * part, last = behind + (opposite - behind) * part;
        const int kept = (middle > least) & (middle * (REAL)(1 - EQUAL) > next) & (middle * (REAL)(1 + EQUAL) >= last);
        to[i] = kept ? middle : 0;
    }
}

/* Write a thinned row, as magnitudes or as classes, from *first*; *found* has room for it. */
static void R(thinned_row)(void *to, SampleType type, ptrdiff_t first, const REAL *above, const REAL *row,
                           const REAL *below, const REAL *gx, const REAL *gy, REAL *found, ptrdiff_t count, REAL low,
                           REAL high)
{
    for (ptrdiff_t x = 0; x < count; x += RUN) {
        const ptrdiff_t size = MIN(RUN, count - x);
        int any = 0; /* most of a picture is below the threshold: takes a third of the time */
        for (ptrdiff_t i = x; i < x + size; i++)
            any |= row[i] > low;
        if (any)
            R(maxima)(found + x, above + x, row + x, below + x, gx + x, gy + x, size, low);
        else
            memset(found + x, 0, (size_t)size * sizeof(REAL));
    }
    if (type == U8) {
        uint8_t *classes = (uint8_t *)to + first;
        for (ptrdiff_t i = 0; i < count; i++)
            classes[i] = (uint8_t)((found[i] > 0) + (found[i] > high));
    } else {
        REAL *magnitudes = (REAL *)to + first;
        for (ptrdiff_t i = 0; i < count; i++)
            magnitudes[i] = gx[i] == gx[i] && gy[i] == gy[i] ? found[i] : (REAL)NAN;
    }
}

/* Write the magnitudes of a row; missing ones do not count as neighbours. */
static void R(strengths)(REAL *restrict to, const REAL *gx, const REAL *gy, ptrdiff_t count, Norm norm)
{
    R(magnitudes)(to, gx, gy, count, norm);
    for (ptrdiff_t i = 0; i < count; i++)
        to[i] = to[i] == to[i] ? to[i] : 0;
}

static int R(thin)(const ThinCall *call)
{
    const Array *out = &call->out;
    const ptrdiff_t padded = out->samples + 2, pitch = padded + SPARE;
    assert(call->gx.rows == out->rows + 2 && call->gx.samples == padded && call->gy.samples == padded);
    REAL *memory = malloc((size_t)(4 * pitch) * sizeof(REAL));
    if (!memory)
        return -1;
    for (ptrdiff_t plane = 0; plane < out->planes; plane++)
        for (ptrdiff_t y = 0; y < call->gx.rows; y++) {
            REAL *last = memory + y % 3 * pitch;
            R(strengths)(last, row_of(&call->gx, plane, y), row_of(&call->gy, plane, y), padded, call->norm);
            if (y >= 2)
                R(thinned_row)(row_of(out, plane, y - 2), out->type, 0, memory + (y - 2) % 3 * pitch + 1,
                               memory + (y - 1) % 3 * pitch + 1, last + 1,
                               (const REAL *)row_of(&call->gx, plane, y - 1) + 1,
                               (const REAL *)row_of(&call->gy, plane, y - 1) + 1, memory + 3 * pitch, out->samples,
                               (REAL)call->low, (REAL)call->high);
        }
    free(memory);
    return 0;
}

/* Thin derivatives row by row as they arrive, storing three rows: this avoids writing them to memory, 3 ns per pixel.
   */
static void R(thin_rows)(const GradientCall *call, ptrdiff_t plane, ptrdiff_t y, ptrdiff_t first, const REAL *gx,
                         const REAL *gy, ptrdiff_t pitch, REAL *kept, ptrdiff_t count)
{
    const Array *out = &call->thin;
    REAL *last = kept + y % 3 * pitch;
    R(strengths)(last, gx + y % 3 * pitch, gy + y % 3 * pitch, count, call->norm);
    if ((y == 0 && call->begins) || (y == out->rows + 1 && call->ends))
        memset(last, 0, (size_t)count * sizeof(REAL));
    if (first == 0)
        last[0] = 0;
    if (first + count == out->samples + 2)
        last[count - 1] = 0;
    if (y >= 2)
        R(thinned_row)(row_of(out, plane, y - 2), out->type, first, kept + (y - 2) % 3 * pitch + 1,
                       kept + (y - 1) % 3 * pitch + 1, last + 1, gx + (y - 1) % 3 * pitch + 1,
                       gy + (y - 1) % 3 * pitch + 1, kept + 3 * pitch, count - 2, (REAL)call->low, (REAL)call->high);
}

#undef EQUAL
#undef RUN
