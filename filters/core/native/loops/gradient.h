/* Derivatives along x and y, and the requested maps, from the samples of an image in one pass.

   gx[y, x] = Σᵢ Σⱼ smooth[i] derivative[j] in[y + i, x + j]; gy is the same with i and j exchanged. The weights of
   *smooth* are symmetric, those of *derivative* antisymmetric: samples are added or subtracted in pairs, so that
   derivatives are exactly 0 in flat areas. The pass along y comes first, so that both share the rows, for a block of
   columns at a time, whose rows stay in the first-level cache. */

#define M(name) JOIN(name, MAP_REAL)
#define BLOCK (sizeof(REAL) == 2 ? 4096 : 1024) /* longer runs in 8 bits: gx and gy of 12 MP take 0.74 ns instead of 1.04 */

/* Write Σ smooth[i] (a[i] + a[n-1-i]) to *even*, and Σ derivative[i] (b[i] - b[m-1-i]) to *odd*; if *mapped*, these
   have the maps' type and no room at the end, so the last vector overlaps the previous one. */
static inline __attribute__((always_inline)) void
R(in_pairs)(void *even, const REAL *const *rows_a, const REAL *smooth, ptrdiff_t n, void *odd,
            const REAL *const *rows_b, const REAL *derivative, ptrdiff_t m, ptrdiff_t count, int mapped)
{
    /* Copies, as the compiler must assume that stores change the originals: saves 0.2 ns per pixel. */
    const REAL *a[MOST_WEIGHTS], *b[MOST_WEIGHTS];
    VECTOR s[MOST_WEIGHTS], d[MOST_WEIGHTS];
    for (ptrdiff_t i = 0; i < n; i++)
        a[i] = rows_a[i], s[i] = (VECTOR){0} + smooth[i];
    for (ptrdiff_t i = 0; i < m; i++)
        b[i] = rows_b[i], d[i] = (VECTOR){0} + derivative[i];
    for (ptrdiff_t first = 0; first < count; first += LANES) {
        const ptrdiff_t x = MAX(MIN(first, count - LANES), 0);
        VECTOR sum = {0}, difference = {0};
        for (ptrdiff_t i = 0; i < n / 2; i++)
            sum += s[i] * (R(load)(a[i] + x) + R(load)(a[n - 1 - i] + x));
        if (n % 2)
            sum += s[n / 2] * R(load)(a[n / 2] + x);
        for (ptrdiff_t i = 0; i < m / 2; i++)
            difference += d[m - 1 - i] * (R(load)(b[m - 1 - i] + x) - R(load)(b[i] + x));
        if (mapped) {
            R(store_mapped)((MAP_REAL *)even + x, sum);
            R(store_mapped)((MAP_REAL *)odd + x, difference);
        } else {
            R(store)((REAL *)even + x, sum);
            R(store)((REAL *)odd + x, difference);
        }
    }
}

/* The same, specialized for three weights each, as in most operators. */
static void R(sums_of_pairs)(void *even, const REAL *const *a, const REAL *smooth, ptrdiff_t n, void *odd,
                             const REAL *const *b, const REAL *derivative, ptrdiff_t m, ptrdiff_t count, int mapped)
{
#define PAIRS(n, m, mapped) R(in_pairs)(even, a, smooth, n, odd, b, derivative, m, count, mapped)
    if (n == 3 && m == 3)
        mapped ? PAIRS(3, 3, 1) : PAIRS(3, 3, 0);
    else
        mapped ? PAIRS(n, m, 1) : PAIRS(n, m, 0);
#undef PAIRS
}

/* Return the destination of derivatives: their map, if it is requested and a vector fits, else *spare*. */
static inline MAP_REAL *R(place)(const Array *map, ptrdiff_t plane, ptrdiff_t y, ptrdiff_t first, ptrdiff_t count,
                                 MAP_REAL *spare)
{
    return map->data && count >= LANES ? (MAP_REAL *)row_of(map, plane, y) + first : spare;
}

static int R(gradient)(const GradientCall *call)
{
    const Array *in = &call->in;
    const ptrdiff_t n = call->smooth_count, m = call->derivative_count, reach = MAX(n, m), across = call->across;
    assert(0 < n && 0 < m && reach <= MOST_WEIGHTS && (n - m) % 2 == 0);
    const ptrdiff_t samples = in->samples - (reach - 1) * across, seen = BLOCK + (reach - 1) * across + SPARE;
    const ptrdiff_t overlap = call->thin.data ? 2 : 0; /* of blocks, as thinning needs neighbours */
    if (samples <= overlap) /* whatever the distance of columns without results */
        return 0;
    REAL *memory = calloc((size_t)((reach + 2) * seen), sizeof(REAL));
    MAP_REAL *spare = calloc((size_t)(10 * seen), sizeof(MAP_REAL));
    if (!memory || !spare) {
        free(memory), free(spare);
        return -1;
    }
    REAL *sums = memory + reach * seen, *differences = sums + seen;
    MAP_REAL *gx = spare + 4 * seen, *gy = gx + 3 * seen;
    const int saturated = R(saturated)(call);
    REAL smooth[MOST_WEIGHTS], derivative[MOST_WEIGHTS];
    for (ptrdiff_t i = 0; i < n; i++)
        smooth[i] = (REAL)call->smooth[i];
    for (ptrdiff_t i = 0; i < m; i++)
        derivative[i] = (REAL)call->derivative[i];
    const REAL *a[MOST_WEIGHTS], *b[MOST_WEIGHTS];
    for (ptrdiff_t plane = 0; plane < in->planes; plane++)
        for (ptrdiff_t first = 0; first < samples - overlap; first += BLOCK - overlap) {
            const ptrdiff_t count = MIN(BLOCK, samples - first), columns = count + (reach - 1) * across;
            for (ptrdiff_t y = 0; y < in->rows; y++) {
                R(read_row)(memory + y % reach * seen, row_of(in, plane, y), in->type, first, columns);
                const ptrdiff_t top = y - reach + 1;
                if (top < 0)
                    continue;
                for (ptrdiff_t i = 0; i < n; i++)
                    a[i] = memory + (top + (reach - n) / 2 + i) % reach * seen;
                for (ptrdiff_t i = 0; i < m; i++)
                    b[i] = memory + (top + (reach - m) / 2 + i) % reach * seen;
                R(sums_of_pairs)(sums, a, smooth, n, differences, b, derivative, m, columns, 0);
                for (ptrdiff_t i = 0; i < n; i++)
                    a[i] = differences + ((reach - n) / 2 + i) * across;
                for (ptrdiff_t i = 0; i < m; i++)
                    b[i] = sums + ((reach - m) / 2 + i) * across;
                const ptrdiff_t row = overlap ? top % 3 * seen : 0;
                MAP_REAL *x = R(place)(&call->gx, plane, top, first, count, gx + row),
                         *y_ = R(place)(&call->gy, plane, top, first, count, gy + row);
                R(sums_of_pairs)(y_, a, smooth, n, x, b, derivative, m, count, !saturated);
                if (saturated)
                    R(write_saturated)(call, plane, top, first, (REAL *)x, (REAL *)y_, count);
                else if (overlap)
                    M(thin_rows)(call, plane, top, first, gx, gy, seen, spare, count);
                else
                    M(maps)(call, plane, top, first, x, y_, spare, count);
            }
        }
    free(memory), free(spare);
    return 0;
}

#undef M
#undef BLOCK
