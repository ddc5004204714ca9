/* Non-maximum suppression: the magnitude where it is a maximum along the gradient, and 0 elsewhere.

   The neighbours along the gradient lie on the rim of the 3×3 pixels around, between that beside and that at the corner, and are
   interpolated. Equal neighbours differ by less than EQUAL: what rounding leaves of a plateau is none of its shape. */

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

static int R(thin)(const ThinCall *call)
{
    const Array *out = &call->out;
    const ptrdiff_t count = out->samples, padded = count + 2, pitch = padded + SPARE;
    assert(call->gx.rows == out->rows + 2 && call->gx.samples == padded && call->gy.samples == padded);
    REAL *memory = malloc((size_t)(4 * pitch) * sizeof(REAL));
    if (!memory)
        return -1;
    REAL *found = memory + 3 * pitch;
    const REAL low = (REAL)call->low, high = (REAL)call->high;
    for (ptrdiff_t plane = 0; plane < out->planes; plane++)
        for (ptrdiff_t y = 0; y < call->gx.rows; y++) {
            REAL *strengths = memory + y % 3 * pitch;
            R(magnitudes)(strengths, row_of(&call->gx, plane, y), row_of(&call->gy, plane, y), padded, call->norm);
            for (ptrdiff_t i = 0; i < padded; i++)
                strengths[i] = strengths[i] == strengths[i] ? strengths[i] : 0; /* what is missing is no neighbour */
            if (y < 2)
                continue;
            const REAL *above = memory + (y - 2) % 3 * pitch + 1, *row = memory + (y - 1) % 3 * pitch + 1,
                       *below = strengths + 1;
            const REAL *gx = (const REAL *)row_of(&call->gx, plane, y - 1) + 1,
                       *gy = (const REAL *)row_of(&call->gy, plane, y - 1) + 1;
            for (ptrdiff_t first = 0; first < count; first += RUN) {
                const ptrdiff_t size = MIN(RUN, count - first);
                int any = 0; /* most of a picture is below the threshold: a third of the time */
                for (ptrdiff_t i = first; i < first + size; i++)
                    any |= row[i] > low;
                if (any)
                    R(maxima)(found + first, above + first, row + first, below + first, gx + first, gy + first, size, low);
                else
                    memset(found + first, 0, (size_t)size * sizeof(REAL));
            }
            if (out->type == U8) {
                uint8_t *classes = row_of(out, plane, y - 2);
                for (ptrdiff_t i = 0; i < count; i++)
                    classes[i] = (uint8_t)((found[i] > 0) + (found[i] > high));
            } else {
                REAL *magnitudes = row_of(out, plane, y - 2);
                for (ptrdiff_t i = 0; i < count; i++)
                    magnitudes[i] = gx[i] == gx[i] && gy[i] == gy[i] ? found[i] : (REAL)NAN;
            }
        }
    free(memory);
    return 0;
}

#undef EQUAL
#undef RUN
