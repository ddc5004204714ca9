/* What is made of derivatives: their magnitude, and their angle in degrees. */

static inline REAL R(root)(REAL value)
{
    return sizeof value == sizeof(float) ? (REAL)sqrtf((float)value) : (REAL)sqrt((double)value);
}

static inline REAL R(absolute)(REAL value)
{
    return value < 0 ? -value : value;
}

/* The coefficients of the arctangent, x + x³·(c₀ + c₁x² + …), for |x| ≤ tan 22.5°: those of S. Moshier's Cephes for
   float, off by 2e-7 of the result at most; for double an interpolation at Chebyshev's points, off by 2e-16. */
static inline REAL R(arctangent)(REAL x)
{
    const REAL z = x * x;
    REAL sum;
    if (sizeof x == sizeof(float))
        sum = (REAL)-3.33329491539e-1 + z * ((REAL)1.99777106478e-1 + z * ((REAL)-1.38776856032e-1 + z * (REAL)8.05374449538e-2));
    else {
        static const double terms[] = {-0.3333333333333333,   0.19999999999995516,  -0.14285714284665618,
                                       0.11111111015181799,   -0.09090904575110978, 0.07692183121358025,
                                       -0.06664510477059635,  0.058581405568675214, -0.05085406387820879,
                                       0.03923041625416805,   -0.019175377737384286};
        sum = 0;
        for (int i = (int)(sizeof terms / sizeof *terms) - 1; i >= 0; i--)
            sum = sum * z + (REAL)terms[i];
    }
    return x + x * z * sum;
}

/* Return atan2(gy, gx) in degrees, in (-180, 180], without branches: the angle to the nearer axis, or from the diagonal
   where that is nearer, and then turned into its octant. */
static inline REAL R(degrees)(REAL gx, REAL gy)
{
    const REAL x = R(absolute)(gx), y = R(absolute)(gy);
    const REAL high = x > y ? x : y, low = x > y ? y : x;
    const int diagonal = (low > 0) & (high <= low * (REAL)2.4142135623730951);  /* of infinities too */
    const REAL over = low == high ? 0 : low - high, under = low + high;
    const REAL part = diagonal ? over : low, whole = diagonal ? under : high;
    REAL angle = R(arctangent)(part / (whole == 0 ? 1 : whole)) * (REAL)57.295779513082320877;
    angle = diagonal ? angle + 45 : angle;
    angle = y > x ? 90 - angle : angle;
    angle = gx < 0 ? 180 - angle : angle;
    angle = gy < 0 ? -angle : angle;
    return angle == -180 ? 180 : angle;
}

static void R(angles)(REAL *restrict to, const REAL *restrict gx, const REAL *restrict gy, ptrdiff_t count)
{
    for (ptrdiff_t i = 0; i < count; i++)
        to[i] = R(degrees)(gx[i], gy[i]);
}

static void R(magnitudes)(REAL *restrict to, const REAL *restrict gx, const REAL *restrict gy, ptrdiff_t count, Norm norm)
{
    if (norm == L2)
        for (ptrdiff_t i = 0; i < count; i++)
            to[i] = R(root)(gx[i] * gx[i] + gy[i] * gy[i]);
    else if (norm == L1)
        for (ptrdiff_t i = 0; i < count; i++)
            to[i] = R(absolute)(gx[i]) + R(absolute)(gy[i]);
    else
        for (ptrdiff_t i = 0; i < count; i++) {
            const REAL x = R(absolute)(gx[i]), y = R(absolute)(gy[i]);
            to[i] = x > y || x != x ? x : y;
        }
}

/* Return where samples of a map lie, from *first*; *spare* if nobody asks for it. */
static inline REAL *R(place)(const Array *map, ptrdiff_t plane, ptrdiff_t y, ptrdiff_t first, REAL *spare)
{
    return map->data ? (REAL *)row_of(map, plane, y) + first : spare;
}

/* Write what is asked for of *count* pixels, from the sample *first* of a row; *spare* is room for as many. */
static void R(maps)(const GradientCall *call, ptrdiff_t plane, ptrdiff_t y, ptrdiff_t first, const REAL *gx,
                    const REAL *gy, REAL *restrict spare, ptrdiff_t count)
{
    REAL *x = R(place)(&call->gx, plane, y, first, NULL), *y_ = R(place)(&call->gy, plane, y, first, NULL);
    if (x && x != gx)
        memcpy(x, gx, (size_t)count * sizeof(REAL));
    if (y_ && y_ != gy)
        memcpy(y_, gy, (size_t)count * sizeof(REAL));
    if (call->magnitude.data || call->image.data) {
        REAL *found = R(place)(&call->magnitude, plane, y, first, spare);
        R(magnitudes)(found, gx, gy, count, call->norm);
        if (call->image.data)
            R(write_row)(row_of(&call->image, plane, y), call->image.type, first, found, count, 1);
    }
    if (call->angle.data)
        R(angles)((REAL *)row_of(&call->angle, plane, y) + first, gx, gy, count);
}

static int R(polar)(const PolarCall *call)
{
    for (ptrdiff_t plane = 0; plane < call->gx.planes; plane++)
        for (ptrdiff_t y = 0; y < call->gx.rows; y++) {
            const REAL *gx = row_of(&call->gx, plane, y), *gy = row_of(&call->gy, plane, y);
            if (call->magnitude.data)
                R(magnitudes)(row_of(&call->magnitude, plane, y), gx, gy, call->gx.samples, call->norm);
            if (call->angle.data)
                R(angles)(row_of(&call->angle, plane, y), gx, gy, call->gx.samples);
        }
    return 0;
}
