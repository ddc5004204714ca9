/* The magnitude of derivatives, and their angle in degrees. */

static inline REAL R(root)(REAL value)
{
    return sizeof value == sizeof(float) ? (REAL)sqrtf((float)value) : (REAL)sqrt((double)value);
}

static inline REAL R(absolute)(REAL value)
{
    return value < 0 ? -value : value;
}

/* Return the arctangent in degrees of x from 0 to 1: x·(c₀ + c₁x² + …), minimax polynomials whose relative error is 1e-7
   for float and 2e-16 for double. Folding at 22.5° would halve the terms, but take as many steps as it saves. */
static inline REAL R(arctangent)(REAL x)
{
    static const double terms[] = {
        57.2957795130823114, -19.0985931710203952,  11.4591559017464543,  -8.18511131627518252, 6.3661966107492223,
        -5.20868947021930234, 4.40717834857347716,  -3.8182916449234682,  3.36242669251311069,  -2.9823397786891065,
        2.62038204949374915, -2.21461905667380192,  1.72510407890886427,  -1.17652848451266361, 0.664400530152687212,
        -0.292068213256239763, 0.0923933064190867288, -0.0185364773205063347, 0.0017605812517107175};
    static const float few[] = {57.2957738410741285f,  -19.0978239285600237f, 11.4418088994737385f,  -8.03256981448670716f,
                                5.68046688990615162f, -3.40831103371487856f, 1.38955340274746799f, -0.268902711224694216f};
    const REAL z = x * x;
    REAL sum = 0;
    if (sizeof x == sizeof(float))
        for (int i = 7; i >= 0; i--)
            sum = sum * z + (REAL)few[i];
    else
        UNROLLED for (int i = 18; i >= 0; i--)
            sum = sum * z + (REAL)terms[i];
    return x * sum;
}

/* Return atan2(gy, gx) in degrees, in (-180, 180], without branches: the angle to the nearer axis, moved to its octant.
   */
static inline REAL R(degrees)(REAL gx, REAL gy)
{
    const REAL x = R(absolute)(gx), y = R(absolute)(gy);
    const REAL high = x > y ? x : y, low = x > y ? y : x;
    REAL angle = R(arctangent)(low / (high == 0 ? 1 : high));
    angle = ((low == high) & (high > 0)) ? 45 : angle; /* for infinities, too */
    angle = y > x ? 90 - angle : angle;
    angle = gx < 0 ? 180 - angle : angle;
    angle = gy < 0 ? -angle : angle;
    return (angle == -180 ? 180 : angle) + 0; /* -0 becomes 0 */
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

/* Write the requested maps of *count* pixels, from the sample *first* of a row; *spare* has room for as many. */
static void R(maps)(const GradientCall *call, ptrdiff_t plane, ptrdiff_t y, ptrdiff_t first, const REAL *gx,
                    const REAL *gy, REAL *restrict spare, ptrdiff_t count)
{
#define PLACE(map) ((REAL *)row_of(&call->map, plane, y) + first)
    if (call->gx.data && gx != PLACE(gx))
        memcpy(PLACE(gx), gx, (size_t)count * sizeof(REAL));
    if (call->gy.data && gy != PLACE(gy))
        memcpy(PLACE(gy), gy, (size_t)count * sizeof(REAL));
    if (call->magnitude.data || call->image.data) {
        REAL *found = call->magnitude.data ? PLACE(magnitude) : spare;
        R(magnitudes)(found, gx, gy, count, call->norm);
        if (call->image.data)
            R(write_row)(row_of(&call->image, plane, y), call->image.type, first, found, count, 1);
    }
    if (call->angle.data)
        R(angles)(PLACE(angle), gx, gy, count);
#undef PLACE
}

/* Further definitions for gradient.h: sums are stored unchanged, without saturation. */
static inline void R(store_mapped)(REAL *to, VECTOR v)
{
    R(store)(to, v);
}

static int R(saturated)(const GradientCall *call)
{
    (void)call;
    return 0;
}

static void R(write_saturated)(const GradientCall *call, ptrdiff_t plane, ptrdiff_t y, ptrdiff_t first, const REAL *gx,
                               const REAL *gy, ptrdiff_t count)
{
    (void)call, (void)plane, (void)y, (void)first, (void)gx, (void)gy, (void)count;
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
